import { createClient, indexedDBStorage, type Chat, type State } from 'cote-client'
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks'

// What is saved as a file stays the text that came: as JSON it would be read whole and written anew.
const fetchFile: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init)
  if (!answer.ok || !/^[^?]*\/export(\?|$)/.test(String(input))) return answer
  const headers = new Headers(answer.headers)
  headers.set('Content-Type', 'text/plain; charset=utf-8')
  return new Response(answer.body, { status: answer.status, headers })
}

/** The one client of this page: all that is shown comes from its state, all that is done goes through it. */
export const client = createClient({ url: location.origin, storage: indexedDBStorage(), fetch: fetchFile })

const listeners = new Set<() => void>()
let due = false

// A reply changes the state hundreds of times a second; the page shows it once a frame. A hidden page has no frames.
client.subscribe(() => {
  if (due) return
  due = true
  const tell = () => {
    due = false
    for (const listener of [...listeners]) listener()
  }
  if (document.hidden) setTimeout(tell, 200)
  else requestAnimationFrame(tell)
})

/** Calls `listener` after changes of the state, at most once a frame. */
export function watch(listener: () => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** A value of the client's state; the component renders again where it is another one. */
export function useClient<T>(select: (state: State) => T): T {
  const [, again] = useReducer((n: number) => n + 1, 0)
  const value = select(client.getState())
  const last = useRef({ select, value })
  last.current = { select, value }
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(last.current.select(client.getState()), last.current.value)) again(0)
    }
    check()
    return watch(check)
  }, [])
  return value
}

export const useChat = (id: string | undefined): Chat | undefined =>
  useClient((s) => (id ? s.chats.find((c) => c.id === id) : undefined))
