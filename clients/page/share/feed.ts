import { apply, type Frame } from './apply.ts'
import type { Shared, State } from './types.ts'

const types = ['reset', 'message', 'message.snapshot', 'message.delta']

/** Shows a shared chat and follows it. The stream comes first: what it says while the chat is fetched is applied after. */
export function follow(token: string, show: (state: State) => void): void {
  const path = `/shared/${encodeURIComponent(token)}`
  let chat: Shared | null = null
  let live: 'off' | 'on' | 'full' | 'away' = 'off'
  let fetches = 0
  let fetching = false
  let meanwhile: Frame[] = []
  let events: EventSource | null = null
  let later: ReturnType<typeof setTimeout> | undefined

  const shown = () => chat && show({ is: 'shown', chat, live })

  const fetchChat = async (): Promise<void> => {
    const number = ++fetches
    let answer
    fetching = true
    try {
      answer = await fetch(path, { credentials: 'omit', cache: 'no-store' })
      if (number !== fetches)
        return
      if (answer.status === 404) {
        stop()
        return show({ is: 'gone' })
      }
      if (answer.status === 429) {
        const seconds = Number(answer.headers.get('Retry-After')) || 30
        setTimeout(() => void fetchChat(), seconds * 1_000)
        return chat ? undefined : show({ is: 'full', seconds })
      }
      if (!answer.ok)
        throw new TypeError(`HTTP ${answer.status}`)
      const first = chat === null
      chat = await answer.json() as Shared
      if (number !== fetches)
        return
      fetching = false
      for (const frame of meanwhile.splice(0))
        chat = apply(chat, frame)
      shown()
      if (first && chat.live)
        listen()
    } catch {
      if (number !== fetches)
        return
      setTimeout(() => void fetchChat(), 3_000)
      if (!chat)
        show({ is: 'away' })
    }
  }

  const stop = (): void => {
    chat = null
    meanwhile = []
    events?.close()
    clearTimeout(later)
  }

  const listen = (): void => {
    const stream = events = new EventSource(`${path}/events`)
    const on = (event: MessageEvent<string>) => {
      if (!chat)
        return
      const frame = JSON.parse(event.data) as Frame
      live = 'on'
      if (frame.type === 'reset') {
        meanwhile = []
        void fetchChat()
        return
      }
      if (fetching) { // Its places may be other ones than those of what is shown.
        meanwhile.push(frame)
        return
      }
      chat = apply(chat, frame)
      shown()
    }
    for (const type of types)
      stream.addEventListener(type, on)
    stream.onerror = () => {
      if (!chat)
        return
      meanwhile = []
      // A browser tries a line that broke again by itself. An answer that is no stream ends it: gone, or too many watch.
      live = stream.readyState === EventSource.CLOSED ? 'full' : 'away'
      shown()
      if (stream.readyState !== EventSource.CLOSED)
        return
      void fetchChat()
      later = setTimeout(listen, 20_000)
    }
  }

  void fetchChat()
}
