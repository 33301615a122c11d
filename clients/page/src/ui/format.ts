const day = 86_400_000
const startOfDay = (time: number) => new Date(time).setHours(0, 0, 0, 0)
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const numbers = new Intl.NumberFormat()

/** The section of the chat list that a time belongs to. */
export function period(time: string) {
  if (!time) return 'Today'
  // A day of the clock's change has 23 or 25 hours.
  const days = Math.round((startOfDay(Date.now()) - startOfDay(Date.parse(time))) / day)
  if (days <= 0) return 'Today'
  if (days <= 1) return 'Yesterday'
  if (days <= 7) return 'Last 7 days'
  if (days <= 30) return 'Last 30 days'
  return 'Older'
}

/** A time as short as it can be said: the clock today, the date before. */
export function short(time: string) {
  const at = Date.parse(time)
  return startOfDay(at) === startOfDay(Date.now()) ? clock.format(at) : date.format(at)
}

export const full = (time: string) => long.format(Date.parse(time))

export const number = (value: number) => numbers.format(value)

export const money = (value: number) => `$${value < 1 ? value.toFixed(4) : value.toFixed(2)}`

/** Seconds as people say them: 0.8 s, 12 s, 2 min 5 s. */
export function span(ms: number) {
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

export function bytes(size: number) {
  if (size < 1000) return `${size} B`
  if (size < 1_000_000) return `${Math.round(size / 1000)} KB`
  return `${(size / 1_000_000).toFixed(1)} MB`
}

/** Minutes and seconds of a recording. */
export const minutes = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

/** The host of an address, without www. */
export function host(url: string) {
  try {
    return new URL(url).host.replace(/^www\./, '')
  } catch {
    return ''
  }
}
