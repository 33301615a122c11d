/** An answer that is no success, or none at all. */
export class CoteError extends Error {
  override readonly name = 'CoteError'

  constructor(
    /** The HTTP status, or the close code of a socket; 0 where nothing came. */
    readonly status: number,
    /** The stable code of the server, `network` where nothing came, `closed` after `close()`. */
    readonly code: string,
    /** A sentence for people. */
    readonly detail: string,
    /** Of a 422, each wrong field. */
    readonly fields?: { loc: (string | number)[]; msg: string }[],
    /** Seconds after which the server would answer. */
    readonly retryAfter?: number,
  ) {
    super(detail)
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.code === 'network' || this.status >= 500
      || [408, 425].includes(this.status) || this.status === 429 && this.code !== 'budget_exceeded'
  }
}

export interface Call {
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Milliseconds until it counts as cut; of a stream, until it begins. */
  timeout?: number
  isStream?: boolean
  /** It goes on when the login ends, which it may be about: its answer is the caller's alone. */
  outlives?: boolean
  /** It is sent although the page is left. */
  keepalive?: boolean
  /** How often it is sent where nothing comes. */
  tries?: number
}

/** Who has the tokens: `renew` answers another one than the one that was refused, or throws. */
export interface Bearer {
  token(): string | undefined
  renew(refused: string): Promise<string>
}

/** An answer with a good status: its text, or of a stream its body. */
export interface Reply {
  status: number
  headers: Headers
  text: string
  body: ReadableStream<Uint8Array> | null
}

/** Requests to one server. */
export class Http {
  bearer?: Bearer
  /** Aborted by `close()` and by the end of a login. */
  closing = new AbortController()
  #closed = new AbortController()

  constructor(readonly base: string, private readonly fetch: typeof globalThis.fetch) {}

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  async json<T>(method: string, path: string, body?: unknown, call: Call = {}): Promise<T> {
    return read(await this.send(method, path, { tries: method === 'GET' ? 3 : 1, ...call, body }))
  }

  /** Ends the requests of a login, but for those that outlive it. */
  abort(): void {
    this.closing.abort()
    this.closing = new AbortController()
  }

  /** Ends all requests. */
  close(): void {
    this.closing.abort()
    this.#closed.abort()
  }

  /** Takes requests again after `close()`. */
  revive(): void {
    if (this.isClosed)
      [this.closing, this.#closed] = [new AbortController(), new AbortController()]
  }

  /** All pages of a list from one path on; with `once`, the first of them. */
  async pages<T>(path: string, once = false): Promise<{ items: T[]; next: string | undefined }> {
    const items: T[] = []
    for (let next: string | undefined = path; ;) {
      const reply = await this.send('GET', next, { tries: 3 })
      items.push(...read<T[]>(reply))
      next = /<([^>]*)>; *rel="next"/.exec(reply.headers.get('link') ?? '')?.[1]
      if (!next || once)
        return { items, next }
    }
  }

  /** With the token of the login, which is renewed where it is refused. */
  async send(method: string, path: string, call: Call = {}): Promise<Reply> {
    const token = this.bearer?.token()
    const login = this.closing.signal
    const closing = call.outlives ? this.#closed.signal : login
    try {
      return await this.plain(method, path, call, token, closing)
    } catch (error) {
      if (!(error instanceof CoteError) || error.status !== 401 || !token || !this.bearer || login.aborted)
        throw error
      return await this.plain(method, path, call, await this.bearer.renew(token), closing)
    }
  }

  async plain(
    method: string, path: string, call: Call = {}, token?: string, closing = this.closing.signal): Promise<Reply> {
    for (let left = call.tries ?? 1; ;)
      try {
        return await this.#once(method, path, call, token, closing)
      } catch (error) {
        if (!(error instanceof CoteError) || error.code !== 'network' || --left <= 0)
          throw error
        await pause(100 + Math.random() * 300, closing, call.signal)
      }
  }

  async #once(
    method: string, path: string, call: Call, token: string | undefined, closing: AbortSignal): Promise<Reply> {
    if (closing.aborted)
      throw closed()
    const { body, timeout = 60_000 } = call
    const isRaw = [undefined, Blob, URLSearchParams, FormData].some(x => x ? body instanceof x : body === undefined)
    const cut = new AbortController()
    const timer = setTimeout(() => cut.abort(), timeout)
    const free = onAbort(() => cut.abort(), closing, call.signal)
    try {
      const answer = await this.fetch(this.base + path, {
        method,
        headers: {
          ...!isRaw && { 'Content-Type': 'application/json' },
          ...token && { Authorization: `Bearer ${token}` },
          ...call.headers,
        },
        body: (isRaw ? body : JSON.stringify(body)) as BodyInit,
        signal: cut.signal,
        ...call.keepalive && { keepalive: true },
      })
      const isStream = answer.ok && !!call.isStream
      const text = isStream ? '' : await answer.text()
      if (!answer.ok)
        throw problem(answer, text)
      return { status: answer.status, headers: answer.headers, text, body: isStream ? answer.body : null }
    } catch (error) {
      if (error instanceof CoteError)
        throw error
      if (call.signal?.aborted)
        throw call.signal.reason ?? error
      throw closing.aborted ? closed() : unreached()
    } finally {
      clearTimeout(timer)
      free()
    }
  }
}

/** The JSON of an answer. Whatever else has a good status comes from something on the way, such as a login page. */
export function read<T>(reply: Reply): T {
  if (reply.status === 204)
    return undefined as T
  try {
    if (/json/.test(reply.headers.get('content-type') ?? ''))
      return JSON.parse(reply.text) as T
  } catch { /* it was cut */ }
  throw unreached()
}

export interface Deferred<T> {
  done: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/** A promise that is settled from outside. Who does not wait for it sees what became of it in the state. */
export function deferred<T>(): Deferred<T> {
  let ends!: Omit<Deferred<T>, 'done'>
  const done = new Promise<T>((resolve, reject) => ends = { resolve, reject })
  done.catch(() => {})
  return { ...ends, done }
}

/** Waits, but not beyond an abort. */
export async function pause(milliseconds: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
  const { done, resolve } = deferred<void>()
  const timer = setTimeout(resolve, milliseconds)
  const free = onAbort(resolve, ...signals)
  await done
  clearTimeout(timer)
  free()
}

// Signals live long, and many wait for the same one: each has one listener, and what it calls is taken back.
const acts = new WeakMap<AbortSignal, Set<() => void>>()

function onAbort(act: () => void, ...signals: (AbortSignal | undefined)[]): () => void {
  for (const signal of signals.filter(x => !!x)) {
    const known = acts.get(signal) ?? new Set()
    if (signal.aborted)
      act()
    else if (!acts.has(signal))
      signal.addEventListener('abort', () => known.forEach(x => x()))
    acts.set(signal, known.add(act))
  }
  return () => signals.forEach(x => x && acts.get(x)?.delete(act))
}

export function unreached(): CoteError {
  return new CoteError(0, 'network', 'The server cannot be reached.')
}

export function loggedOut(): CoteError {
  return new CoteError(401, 'not_authenticated', 'You are not logged in.')
}

export function closed(): CoteError {
  return new CoteError(0, 'closed', 'The client was closed.')
}

/** An error of the server, whose `detail` is a sentence in every case. */
export function problem(answer: Response, text: string): CoteError {
  let body: { detail?: unknown; code?: string } = {}
  try {
    body = JSON.parse(text)
  } catch { /* a proxy answers pages */ }
  const fields = Array.isArray(body.detail) ? body.detail as { loc: (string | number)[]; msg: string }[] : undefined
  const detail = fields ? fields.map(x => `${x.loc.slice(1).join('.') || x.loc.join('.')}: ${x.msg}`).join('; ')
    : typeof body.detail === 'string' ? body.detail : `The server answered ${answer.status}.`
  const wait = Number(answer.headers.get('retry-after') ?? NaN)
  return new CoteError(answer.status, body.code ?? `http_${answer.status}`, detail, fields,
    Number.isFinite(wait) ? wait : undefined)
}
