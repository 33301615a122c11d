import { useEffect, useState } from 'preact/hooks'

/**
 * What the address after # names: `#/`, `#/c/<id>`, `#/c/<id>/m/<message>`, `#/settings/<tab>`,
 * `#/import-share/<token>`.
 */
export interface Route {
  page: 'new' | 'chat' | 'settings' | 'import-share'
  id?: string
  message?: string
}

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function read(): Route {
  const [page, id, kind, message] = location.hash.replace(/^#\/?/, '').split('/').map(decoded)
  if (page === 'c' && id) return { page: 'chat', id, message: kind === 'm' ? message : undefined }
  if (page === 'settings') return { page: 'settings', id: id || 'account' }
  if (page === 'import-share' && id) return { page: 'import-share', id }
  return { page: 'new' }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read)
  useEffect(() => {
    const changed = () => setRoute(read())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return route
}

export const go = (path: string) => {
  location.hash = path
}

/** Goes to another place without a step back to this one. */
export const replace = (path: string) => location.replace(`#${path}`)

export const currentChat = () => (read().page === 'chat' ? read().id : undefined)
