import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Item {
  label: string
  icon?: ComponentChildren
  note?: string
  danger?: boolean
  checked?: boolean
  disabled?: boolean
  onSelect: () => void
}

/** A button that opens a list of actions: arrows move, Enter chooses, Escape closes. */
export function Menu({
  label,
  button,
  items,
  className,
  align,
  disabled,
  showLabel,
}: {
  label: string
  button: ComponentChildren
  items: (Item | null | false | undefined)[]
  className?: string
  align?: 'left' | 'right'
  disabled?: boolean
  showLabel?: boolean
}) {
  const [open, setOpen] = useState(false)
  const trigger = useRef<HTMLButtonElement>(null)
  const close = () => {
    setOpen(false)
    trigger.current?.focus()
  }
  return (
    <span class="menu-anchor">
      <button
        ref={trigger}
        type="button"
        class={className ?? 'icon-button'}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={showLabel ? undefined : label}
        title={showLabel ? undefined : label}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <List
          label={label}
          items={items.filter((i): i is Item => !!i)}
          anchor={trigger.current!}
          align={align}
          onClose={close}
          onLeave={() => setOpen(false)}
        />
      )}
    </span>
  )
}

function List({
  label,
  items,
  anchor,
  align,
  onClose,
  onLeave,
}: {
  label: string
  items: Item[]
  anchor: HTMLElement
  align?: 'left' | 'right'
  onClose: () => void
  onLeave: () => void
}) {
  const ref = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    // In the top layer nothing around the button cuts the list.
    ref.current!.showPopover()
    place(ref.current!, anchor, align)
  }, [])
  useEffect(() => {
    const list = ref.current!
    const checked = list.querySelector<HTMLElement>('[aria-checked=true]')
    ;(checked ?? list.querySelector<HTMLElement>('button'))?.focus()
    const outside = (e: Event) => {
      if (!list.contains(e.target as Node) && !anchor.contains(e.target as Node)) onLeave()
    }
    const scrolled = (e: Event) => {
      if (!list.contains(e.target as Node)) onLeave()
    }
    document.addEventListener('pointerdown', outside)
    window.addEventListener('resize', onLeave)
    document.addEventListener('scroll', scrolled, true)
    return () => {
      document.removeEventListener('pointerdown', outside)
      window.removeEventListener('resize', onLeave)
      document.removeEventListener('scroll', scrolled, true)
    }
  }, [])
  const onKeyDown = (e: KeyboardEvent) => {
    const buttons = [...ref.current!.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[e.key]
    if (e.key === 'Escape' || e.key === 'Tab') {
      e.stopPropagation()
      if (e.key === 'Escape') e.preventDefault()
      onClose()
    } else if (to !== undefined) {
      e.preventDefault()
      buttons[to % buttons.length]?.focus()
    }
  }
  return (
    <div ref={ref} class="menu" popover="manual" role="menu" aria-label={label} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          class={`menu-item${item.danger ? ' danger' : ''}`}
          disabled={item.disabled}
          role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.checked}
          onClick={() => {
            onClose()
            item.onSelect()
          }}
        >
          {item.icon}
          <span class="menu-label">
            {item.label}
            {item.note && <small>{item.note}</small>}
          </span>
          {item.checked && <span class="menu-check">✓</span>}
        </button>
      ))}
    </div>
  )
}

/** Puts the list below its button, or above it where there is no room, and never over the edge of the window. */
function place(list: HTMLElement, anchor: HTMLElement, align: 'left' | 'right' = 'left') {
  const box = anchor.getBoundingClientRect()
  const below = window.innerHeight - box.bottom
  const isBelow = below > list.offsetHeight + 14 || below > box.top
  list.style.maxHeight = `${Math.min(460, (isBelow ? below : box.top) - 14)}px`
  const { offsetWidth: width, offsetHeight: height } = list
  const top = isBelow ? box.bottom + 6 : box.top - height - 6
  const left = align === 'right' ? box.right - width : box.left
  list.style.top = `${Math.max(8, Math.min(top, window.innerHeight - height - 8))}px`
  list.style.left = `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`
}
