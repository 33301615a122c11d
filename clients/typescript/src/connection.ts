import { CoteError, pause, unreached, type Http } from './http.js'
import type { Session } from './session.js'
import type { Frame } from './types.js'

export type Transport = 'socket' | 'sse' | 'poll'
type Sockets = new (url: string, protocols?: string[]) => WebSocket

export interface Life {
  /** The position to go on from; it resolves when there is one. */
  cursor(): Promise<string>
  take(frame: Frame): void
  /** The server refuses the cursor. */
  lost(): void
  status(status: 'connecting' | 'live' | 'offline', error?: CoteError): void
}

/** What ended a connection: a close code of a socket, or 1006. */
class Ended extends Error {
  constructor(readonly code: number, readonly retryAfter = 0) {
    super(`The connection has ended with ${code}.`)
  }
}

const isHidden = () => globalThis.document?.visibilityState === 'hidden'

/** What a page that nobody looks at is sent holds no push back. */
const away = () => isHidden() ? '&active=false' : ''

/** The live stream of a login: one connection at a time, which comes back until it is closed. */
export class Connection {
  readonly #transports: Transport[]
  #at = 0
  #over = new AbortController()
  /** Ends the transport that is under way. */
  #cut = () => {}
  /** Says whether somebody looks, where that is another thing than what was said last. */
  #say = () => {}
  #waiter?: AbortController
  #isLive = false
  #began = 0
  #heard = 0

  constructor(
    private readonly http: Http, private readonly session: Session, private readonly life: Life,
    private readonly sockets: Sockets | undefined, transport: Transport | 'auto' = 'auto') {
    const all: Transport[] = sockets ? ['socket', 'sse', 'poll'] : ['sse', 'poll']
    this.#transports = transport === 'auto' ? all : [transport]
  }

  get transport(): Transport {
    return this.#transports[this.#at]!
  }

  close(): void {
    this.#over.abort()
    this.#cut()
    this.wake()
  }

  /** Do not wait any longer: there may be a network again. */
  wake(): void {
    this.#waiter?.abort()
  }

  /** The page was hidden, or is shown again. */
  look(): void {
    this.#say()
  }

  /** The device was asleep, or changed its network: what was not heard of lately is not trusted. */
  doubt(): void {
    if (this.#isLive && Date.now() - this.#heard > 35_000)
      this.#cut()
    this.wake()
  }

  async run(): Promise<void> {
    for (let [failures, unopened, short] = [0, 0, 0]; !this.#over.signal.aborted;) {
      let end: Ended
      this.#isLive = false
      this.life.status('connecting')
      try {
        const cursor = await this.life.cursor()
        if (this.#over.signal.aborted)
          return
        this.#began = 0
        await this[this.transport](cursor)
        end = new Ended(1006)
      } catch (error) {
        end = error instanceof Ended ? error : this.#meaning(error)
      }
      if (this.#over.signal.aborted)
        return
      const hadBegun = this.#isLive
      ;[this.#isLive, unopened, failures] = hadBegun ? [false, 0, 0] : [false, unopened + 1, failures + 1]
      if (hadBegun && Date.now() - this.#began > 60_000)
        this.#at = 0
      short = hadBegun && Date.now() - this.#began < 2000 ? short + 1 : hadBegun ? 0 : short
      if (end.code === 0) // nothing answers at all: that says nothing about sockets
        this.#at = 0
      else if (unopened >= 2 && ![1008, 4011, 429].includes(end.code))
        [this.#at, unopened] = [(this.#at + 1) % this.#transports.length, 0]
      if (!await this.#goOn(end))
        return
      await this.#wait(end, Math.max(failures, short - 2))
    }
  }

  // Close codes, as docs/realtime.md has them. False: not again.
  async #goOn(end: Ended): Promise<boolean> {
    const { code } = end
    const error = new CoteError(code, `closed_${code}`, `The server has ended the connection with ${code}.`)
    const token = this.session.token()
    if (code === 4500)
      this.life.lost()
    else if (code === 4503) {
      if (!await this.session.adopt(token).catch(() => false))
        await this.session.end().catch(() => {})
    } else if (code === 1009 || code >= 4500 && code < 4600) {
      this.life.status('offline', error)
      return false
    } else if (code === 1008 || code === 4011)
      await this.session.renew(token ?? '').catch(() => {})
    if (this.#over.signal.aborted) // with its login, and there may be another one by now
      return false
    this.life.status('offline')
    return !!this.session.token()
  }

  // Full jitter: thousands of clients must not come back in the same instant.
  #wait(end: Ended, failures: number): Promise<void> {
    const most = Math.min(30_000, 500 * 2 ** Math.min(end.code === 4013 ? failures + 3 : failures, 10))
    this.#waiter = new AbortController()
    return pause(Math.max(end.retryAfter * 1000, 50) + Math.random() * most, this.#waiter.signal)
  }

  #meaning(error: unknown): Ended {
    if (!(error instanceof CoteError))
      return new Ended(1006)
    const code = error.code === 'network' ? 0 : error.status === 401 ? 1008 : error.status === 422 ? 4500
      : error.status === 429 ? 429 : 1006
    return new Ended(code, error.retryAfter)
  }

  #take(frame: Frame): void {
    if (this.#over.signal.aborted)
      return
    this.#heard = Date.now()
    if (frame.type === 'ready')
      this.#ready()
    else if (frame.type !== 'ping' && frame.type !== 'pong' && frame.type !== 'error')
      this.life.take(frame)
  }

  #ready(): void {
    this.#isLive = true
    this.#began = Date.now()
    this.life.status('live')
  }

  private socket(cursor: string): Promise<void> {
    const base = this.http.base || location.origin
    const url = `${base.replace(/^http/, 'ws')}/ws?cursor=${cursor}${away()}`
    return new Promise((_, reject) => {
      const socket = new this.sockets!(url, ['cote.v1', `cote.bearer.${this.session.token()}`])
      let wasHidden = isHidden()
      this.#say = () => {
        if (socket.readyState !== 1 || wasHidden === isHidden())
          return
        wasHidden = isHidden()
        socket.send(JSON.stringify({ type: 'active', data: { is_active: !wasHidden } }))
      }
      let patience = 15_000
      let watch: ReturnType<typeof setTimeout>
      const end = (code: number) => {
        clearTimeout(watch)
        this.#say = () => {}
        socket.onclose = socket.onmessage = null // and not `onerror`: `ws` raises it for a close before the opening
        socket.close()
        reject(new Ended(code))
      }
      this.#cut = () => end(1006)
      const listen = () => {
        clearTimeout(watch)
        watch = setTimeout(() => end(1006), patience)
      }
      socket.onmessage = event => {
        const frame = JSON.parse(event.data as string) as Frame
        if (frame.type === 'ready')
          patience = 2 * frame.data.heartbeat_ms
        listen()
        this.#take(frame)
        this.#say()
      }
      socket.onerror = () => {} // what it means comes with its close
      socket.onclose = event => end(event.code || 1006)
      listen()
    })
  }

  private async sse(cursor: string): Promise<void> {
    const silent = new AbortController()
    const { signal } = silent
    this.#cut = () => silent.abort()
    let watch: ReturnType<typeof setTimeout> | undefined
    try {
      const reply = await this.http.send('GET', `/events?cursor=${cursor}${away()}`, {
        headers: { Accept: 'text/event-stream' }, signal, isStream: true, timeout: 15_000,
      })
      const listen = (patience: number) => {
        clearTimeout(watch)
        watch = setTimeout(() => silent.abort(), patience)
      }
      if (!/event-stream/.test(reply.headers.get('content-type') ?? ''))
        throw unreached()
      listen(10_000) // the first byte comes at once: else something on the way holds it back
      const reader = reply.body!.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader()
      signal.addEventListener('abort', () => void reader.cancel().catch(() => {}))
      let rest = ''
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        listen(30_000)
        this.#heard = Date.now()
        const lines = (rest + next.value).split('\n')
        rest = lines.pop()!
        for (const line of lines)
          if (line.startsWith('data:'))
            this.#take(JSON.parse(line.slice(5)) as Frame)
      }
    } catch (error) {
      throw silent.signal.aborted ? new Ended(1006) : error
    } finally {
      clearTimeout(watch)
    }
  }

  private async poll(cursor: string): Promise<void> {
    const cut = new AbortController()
    this.#cut = () => cut.abort()
    for (let wait = 0; !cut.signal.aborted; wait = 25) {
      const { events } = await this.http.json<{ events: Frame[] }>(
        'GET', `/events?cursor=${cursor}&wait=${wait}${away()}`, undefined,
        { signal: cut.signal, timeout: (wait + 15) * 1000, tries: 1 })
      this.#heard = Date.now()
      if (!this.#isLive)
        this.#ready()
      for (const frame of events)
        this.#take(frame)
      cursor = await this.life.cursor()
    }
  }
}
