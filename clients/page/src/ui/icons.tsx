import type { ComponentChildren } from 'preact'

/** One icon of 20 by 20, drawn with the colour of the text around it; it says nothing to a screen reader. */
function icon(children: ComponentChildren, name: string) {
  const Icon = () => (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  )
  return Icon
}

export const Plus = icon(<path d="M10 4.5v11M4.5 10h11" />, 'plus')
export const Pencil = icon(<path d="M12.6 4.4l3 3L7 16H4v-3z M11 6l3 3" />, 'pencil')
export const Compose = icon(
  <>
    <path d="M16 10.5V15a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 15V5.5A1.5 1.5 0 0 1 5 4h4.5" />
    <path d="M15.2 3.3l1.5 1.5-6.2 6.2-2.2.7.7-2.2z" />
  </>,
  'compose',
)
export const Search = icon(
  <>
    <circle cx="9" cy="9" r="5" />
    <path d="M12.8 12.8L16.5 16.5" />
  </>,
  'search',
)
export const Menu = icon(<path d="M3.5 6.5h13M3.5 13.5h9" />, 'menu')
export const Close = icon(<path d="M5.5 5.5l9 9M14.5 5.5l-9 9" />, 'close')
export const Check = icon(<path d="M4.5 10.5l3.5 3.5 7.5-8" />, 'check')
export const Copy = icon(
  <>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2" />
    <path d="M13 4.5A1.5 1.5 0 0 0 11.5 3.5h-6a2 2 0 0 0-2 2v6A1.5 1.5 0 0 0 4.5 13" />
  </>,
  'copy',
)
export const Trash = icon(
  <>
    <path d="M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.6 10a1 1 0 0 0 1 1h5.8a1 1 0 0 0 1-1l.6-10" />
    <path d="M8.5 9v4.5M11.5 9v4.5" />
  </>,
  'trash',
)
export const Archive = icon(
  <>
    <rect x="3.5" y="4" width="13" height="3.5" rx="1" />
    <path d="M4.5 7.5V15a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V7.5M8.5 10.5h3" />
  </>,
  'archive',
)
export const Pin = icon(<path d="M7.5 3.5h5l-.5 4.5 2.5 2.5v1h-9v-1L8 8z M10 11.5V17" />, 'pin')
export const Dots = icon(
  <g fill="currentColor" stroke="none">
    <circle cx="5" cy="10" r="1.4" />
    <circle cx="10" cy="10" r="1.4" />
    <circle cx="15" cy="10" r="1.4" />
  </g>,
  'dots',
)
export const Up = icon(<path d="M10 16V4.5M5 9.5l5-5 5 5" />, 'up')
export const Down = icon(<path d="M10 4v11.5M5 10.5l5 5 5-5" />, 'down')
export const Square = icon(
  <rect x="5.5" y="5.5" width="9" height="9" rx="2" fill="currentColor" stroke="none" />,
  'square',
)
export const Left = icon(<path d="M12 5l-5 5 5 5" />, 'left')
export const Right = icon(<path d="M8 5l5 5-5 5" />, 'right')
export const Chevron = icon(<path d="M6 8l4 4 4-4" />, 'chevron')
export const ThumbUp = icon(
  <path d="M6.5 9v7.5H4.5a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1zm0 0l3-5.5a1.7 1.7 0 0 1 1.7 1.9L10.8 8h3.9
    a1.5 1.5 0 0 1 1.5 1.8l-1 5.2a1.8 1.8 0 0 1-1.8 1.5H6.5" />,
  'thumb',
)
export const ThumbDown = icon(
  <path d="M13.5 11V3.5h2a1 1 0 0 1 1 1V10a1 1 0 0 1-1 1zm0 0l-3 5.5a1.7 1.7 0 0 1-1.7-1.9L9.2 12H5.3
    a1.5 1.5 0 0 1-1.5-1.8l1-5.2a1.8 1.8 0 0 1 1.8-1.5h6.9" />,
  'thumb',
)
export const Refresh = icon(<path d="M16 10a6 6 0 1 1-1.8-4.3M16 3.5v3h-3" />, 'refresh')
export const Clip = icon(
  <path d="M15.5 9.5l-5.3 5.3a3.4 3.4 0 0 1-4.8-4.8l5.6-5.6a2.3 2.3 0 0 1 3.2 3.2l-5.5 5.5a1.1 1.1 0 0 1-1.6-1.6
    l5-5" />,
  'clip',
)
export const Camera = icon(
  <>
    <path d="M3.5 7.5a1 1 0 0 1 1-1h2L8 4.5h4l1.5 2h2a1 1 0 0 1 1 1V15a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1z" />
    <circle cx="10" cy="11" r="2.6" />
  </>,
  'camera',
)
export const Mic = icon(
  <>
    <rect x="7.5" y="3" width="5" height="8.5" rx="2.5" />
    <path d="M4.8 9.5a5.2 5.2 0 0 0 10.4 0M10 14.7V17" />
  </>,
  'mic',
)
export const File = icon(
  <>
    <path d="M5.5 3.5h5.5l4 4V15.5a1 1 0 0 1-1 1h-8.5a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1z" />
    <path d="M11 3.5v4h4" />
  </>,
  'file',
)
export const Gear = icon(
  <>
    <circle cx="10" cy="10" r="2.4" />
    <path d="M10 3v2M10 15v2M3 10h2M15 10h2M5.05 5.05l1.4 1.4M13.55 13.55l1.4 1.4M5.05 14.95l1.4-1.4M13.55 6.45
      l1.4-1.4" />
  </>,
  'gear',
)
export const Sliders = icon(
  <>
    <path d="M3.5 6.5h7M14.5 6.5h2M3.5 13.5h2M9.5 13.5h7" />
    <circle cx="12.5" cy="6.5" r="2" />
    <circle cx="7.5" cy="13.5" r="2" />
  </>,
  'sliders',
)
export const Share = icon(
  <path d="M10 12V3.5M6.5 6.5L10 3l3.5 3.5M4.5 10.5v5a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-5" />,
  'share',
)
export const Export = icon(
  <path d="M10 3.5V12M6.5 9L10 12.5 13.5 9M4.5 13v2.5a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V13" />,
  'export',
)
export const Branch = icon(
  <>
    <circle cx="6" cy="5" r="1.7" />
    <circle cx="6" cy="15" r="1.7" />
    <circle cx="14" cy="7" r="1.7" />
    <path d="M6 6.7v6.6M14 8.7c0 3-8 1.8-8 4.6" />
  </>,
  'branch',
)
export const Thought = icon(
  <path d="M10 3.5l1.6 4.1 4.1 1.6-4.1 1.6L10 15l-1.6-4.2-4.1-1.6 4.1-1.6z M15.5 13.5v3M14 15h3" />,
  'thought',
)
export const Tool = icon(
  <path d="M12.8 3.6a3.8 3.8 0 0 0-4.6 5L3.6 13.2a1.7 1.7 0 0 0 2.4 2.4l4.6-4.6a3.8 3.8 0 0 0 5-4.6
    l-2.3 2.3-2.1-.7-.7-2.1z" />,
  'tool',
)
export const Warning = icon(<path d="M10 3.5l7 12.5H3zM10 8.5v3.5M10 14v.1" />, 'warning')
export const Clock = icon(
  <>
    <circle cx="10" cy="10" r="6.5" />
    <path d="M10 6.5V10l2.5 1.5" />
  </>,
  'clock',
)
export const Cloud = icon(
  <path d="M3.5 3.5l13 13M7 6.2A4.5 4.5 0 0 1 14.3 9a3.2 3.2 0 0 1 1.7 5.5M12.5 15.5H6.3a3.3 3.3 0 0 1-.6-6.5" />,
  'cloud',
)
export const Person = icon(
  <>
    <circle cx="10" cy="7" r="3" />
    <path d="M4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5" />
  </>,
  'person',
)
export const Keyboard = icon(
  <>
    <rect x="2.5" y="5" width="15" height="10" rx="2" />
    <path d="M6 8.5h.01M9 8.5h.01M12 8.5h.01M14.5 8.5h.01M7 11.8h6" />
  </>,
  'keyboard',
)
export const Logout = icon(
  <path d="M8 3.5H5a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h3M12.5 6.5L16 10l-3.5 3.5M16 10H8" />,
  'logout',
)
export const Link = icon(
  <path d="M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7
    a3 3 0 0 0 4.3 4.3l1-1" />,
  'link',
)
export const Ghost = icon(
  <path d="M4.5 16.5V9a5.5 5.5 0 0 1 11 0v7.5l-1.9-1.4-1.8 1.4-1.8-1.4-1.8 1.4-1.8-1.4zM8 8.5v.01M12 8.5v.01" />,
  'ghost',
)
export const Dove = () => (
  <svg class="dove" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
    <path
      class="dove-house"
      d="M5 27V14.5C5 8.7 9.9 4 16 4s11 4.7 11 10.5V27a1.5 1.5 0 0 1-1.5 1.5h-19A1.5 1.5 0 0 1 5 27z"
    />
    <path class="dove-door" d="M10.5 23v-7.6a5.5 5.5 0 0 1 11 0V23z" />
    <circle class="dove-eye" cx="16" cy="15.8" r="2.2" />
  </svg>
)
