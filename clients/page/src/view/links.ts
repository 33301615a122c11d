const schemes = new Set(['http:', 'https:', 'mailto:'])

/** The address if a link may go there: absolute, and of the web or of mail. Null for all else. */
export function safeAddress(address: string): string | null {
  let url
  try {
    url = new URL(address)
  } catch {
    return null
  }
  // Who reads "https://bank.example@evil.example" takes the name before the @ for the host.
  if (!schemes.has(url.protocol) || url.username || url.password)
    return null
  return url.href
}

/** What a reader is told of where a link goes. */
export function hostOf(address: string): string {
  const url = new URL(address)
  return url.protocol === 'mailto:' ? url.pathname : url.host
}
