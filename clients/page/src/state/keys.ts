import { useEffect } from 'preact/hooks'

const mac = /Mac|iPhone|iPad/.test(navigator.platform)

/** The keys of the page; the window that `?` opens lists them. */
export const shortcuts: [keys: string[], what: string][] = [
  [['Enter'], 'Send the message'],
  [['Shift', 'Enter'], 'A new line in the message'],
  [['↑'], 'Edit the last question, in an empty message field'],
  [['Esc'], 'Stop the reply, or close what is open'],
  [[mac ? '⌘' : 'Ctrl', 'K'], 'Search'],
  [[mac ? '⌘' : 'Ctrl', 'Shift', 'O'], 'New chat'],
  [['Alt', '↑'], 'The chat above'],
  [['Alt', '↓'], 'The chat below'],
  [[mac ? '⌘' : 'Ctrl', 'Shift', 'C'], 'Copy the last reply'],
  [['/'], 'Go to the message field'],
  [['?'], 'Show these keys'],
]

const names = (e: KeyboardEvent) =>
  [
    (e.ctrlKey || e.metaKey) && 'Mod',
    e.altKey && 'Alt',
    e.shiftKey && e.key.length > 1 && 'Shift',
    e.shiftKey && (e.ctrlKey || e.metaKey) && e.key.length === 1 && 'Shift',
    e.key.length === 1 ? e.key.toLowerCase() : e.key,
  ]
    .filter(Boolean)
    .join('+')

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/**
 * Hears keys of the whole page. Plain letters and signs count only where nobody types, and nothing does under a
 * window.
 */
export function useKeys(keys: Record<string, () => void | boolean>) {
  useEffect(() => {
    const heard = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.isComposing) return
      const name = names(e)
      const action = keys[name]
      if (!action || document.querySelector('dialog[open]')) return
      if (!name.includes('+') && name !== 'Escape' && typing(e.target)) return
      if (action() !== false) e.preventDefault()
    }
    addEventListener('keydown', heard)
    return () => removeEventListener('keydown', heard)
  })
}
