import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Close } from './icons.tsx'

/**
 * A modal window. Escape closes it, and a press beside it where nothing was typed; the focus goes back to where it was.
 */
export function Dialog({
  title,
  onClose,
  children,
  wide,
  plain,
}: {
  title: string
  onClose: () => void
  children: ComponentChildren
  wide?: boolean
  plain?: boolean
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  const typed = useRef(false)
  useEffect(() => {
    const before = document.activeElement
    const dialog = ref.current!
    dialog.showModal()
    // The first thing to fill in, or to answer; on a phone its keyboard would cover the window.
    if (matchMedia('(hover: hover)').matches)
      dialog
        .querySelector<HTMLElement>('.dialog-body :is(input, select, textarea, button, a):not(:disabled)')
        ?.focus()
    return () => {
      dialog.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class={`dialog${wide ? ' dialog-wide' : ''}${plain ? ' dialog-plain' : ''}`}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault()
        onClose()
      }}
      onInput={() => {
        typed.current = true
      }}
      onMouseDown={(e) => {
        if (e.target === ref.current && !typed.current) onClose()
      }}
    >
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Close />
          </button>
        </header>
        <div class="dialog-body">{children}</div>
      </div>
    </dialog>
  )
}

/** Asks before something is lost. */
export function Confirm({
  title,
  text,
  action,
  onConfirm,
  onClose,
}: {
  title: string
  text: string
  action: string
  onConfirm: () => void
  onClose: () => void
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            onConfirm()
            onClose()
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  )
}
