import { read, write } from './local.ts'

export type Theme = 'system' | 'light' | 'dark'

export const theme = () => read<Theme>('theme') ?? 'system'

/** Takes the choice, or what the device prefers where there is none. */
export function setTheme(choice: Theme) {
  write('theme', choice === 'system' ? undefined : choice)
  show()
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)')

export function show() {
  const dark = theme() === 'dark' || (theme() === 'system' && prefersDark.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    meta.media = ''
    meta.content = dark ? '#171614' : '#fdfcfa'
  }
}

prefersDark.addEventListener('change', show)
