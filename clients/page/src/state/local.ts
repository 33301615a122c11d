// What belongs to this device alone: the theme, drafts, what was seen. A browser may refuse to keep it.

export function read<T>(key: string): T | undefined {
  try {
    const value = localStorage.getItem(`page.${key}`)
    return value === null ? undefined : (JSON.parse(value) as T)
  } catch {
    return undefined
  }
}

export function write(key: string, value: unknown) {
  try {
    if (value === undefined) localStorage.removeItem(`page.${key}`)
    else localStorage.setItem(`page.${key}`, JSON.stringify(value))
  } catch {
    // Without room the page goes on; the value is lost with it.
  }
}

/** Forgets what a person typed and saw, as they log out. */
export function forget() {
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith('page.') && key !== 'page.theme' && key !== 'page.known') localStorage.removeItem(key)
  } catch {
    // There is nothing to forget where nothing can be kept.
  }
}
