import { useEffect, useState } from 'preact/hooks'
import { Close } from './icons.tsx'

interface Toast {
  id: number
  text: string
  bad: boolean
}

let next = 1
let toasts: Toast[] = []
let changed: (() => void) | undefined

function show(text: string, bad: boolean) {
  const toast = { id: next++, text, bad }
  toasts = [...toasts.filter((t) => t.text !== text).slice(-2), toast]
  changed?.()
  setTimeout(() => drop(toast.id), bad ? 10_000 : 4_000)
}

function drop(id: number) {
  toasts = toasts.filter((t) => t.id !== id)
  changed?.()
}

/** Tells that something is done. */
export const tell = (text: string) => show(text, false)

const capital = (text: string) => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

/** What went wrong, as a sentence. */
export const sentence = (error: unknown): string => {
  const fields = (error as { fields?: { msg: string }[] } | undefined)?.fields
  if (fields?.length) return fields.map((f) => capital(f.msg.replace(/^Value error, /, ''))).join(' ')
  if (error && typeof error === 'object' && 'detail' in error && typeof error.detail === 'string' && error.detail)
    return error.detail.endsWith('.') ? error.detail : `${error.detail}.`
  return error instanceof Error && error.message ? error.message : 'That did not work.'
}

/** Tells what went wrong; an action that was given up is no error. */
export const fail = (error: unknown) => {
  if (error instanceof DOMException && error.name === 'AbortError') return
  show(sentence(error), true)
}

export function Toasts() {
  const [, again] = useState(0)
  useEffect(() => {
    changed = () => again((n) => n + 1)
    return () => {
      changed = undefined
    }
  }, [])
  return (
    <div class="toasts">
      {toasts.map((t) => (
        <div key={t.id} class={`toast${t.bad ? ' toast-bad' : ''}`} role={t.bad ? 'alert' : 'status'}>
          <span>{t.text}</span>
          <button type="button" class="icon-button small" aria-label="Dismiss" onClick={() => drop(t.id)}>
            <Close />
          </button>
        </div>
      ))}
    </div>
  )
}
