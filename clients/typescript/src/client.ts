import { Connection } from './connection.js'
import { closed, CoteError, deferred, Http, loggedOut, read, type Deferred } from './http.js'
import { isSend, Outbox, type Entry } from './outbox.js'
import { Replica, type Saved, type Want } from './replica.js'
import { Session } from './session.js'
import { memoryStorage, parsed } from './storage.js'
import type {
  Chat, Client, Draft, Frame, Message, NewUser, Options, Pending, RequestOptions, State, Sync, User,
} from './types.js'
import { upload } from './upload.js'

/** A client of one server, for one user at a time. It does nothing before it is asked. */
export function createClient(options: Options): Client {
  return new CoteClient(options)
}

class CoteClient implements Client {
  readonly #http: Http
  readonly #storage
  readonly #session: Session
  readonly #outbox: Outbox
  #replica = new Replica()
  #connection?: Connection
  #isStarted = false
  #loaded?: Promise<void>
  #listeners = new Set<() => void>()
  #state?: State
  #status: State['status'] = 'logged-out'
  #error?: CoteError
  #isNoted = false
  #typing = new Map<string, ReturnType<typeof setTimeout>>()
  #opening = new Map<string, Deferred<void>>()
  #fetchingMore = new Set<string>()
  #syncing?: Promise<void>
  #fetches = 0
  #refetch?: { timer?: ReturnType<typeof setTimeout>; failures: number }
  #saving?: ReturnType<typeof setTimeout>
  #savedUnits = 0
  #first: (() => void)[] = []

  constructor(private readonly options: Options) {
    const { url, fetch = (...call) => globalThis.fetch(...call), storage = memoryStorage() } = options
    const locks = options.locks === null ? undefined : options.locks ?? globalThis.navigator?.locks
    this.#storage = storage
    this.#http = new Http(url.replace(/\/+$/, ''), fetch)
    this.#session = new Session(this.#http, storage, locks)
    this.#http.bearer = this.#session
    this.#session.onEnd = () => this.#ended()
    this.#outbox = new Outbox(this.#http, storage, locks)
    this.#outbox.onChange = () => this.#changed()
    this.#outbox.onAnswer = (entry, answer) => this.#answered(entry, answer)
  }

  // --- login

  async register(user: NewUser | string, email?: string, password?: string): Promise<User> {
    const body = typeof user === 'string' ? { username: user, email: email!, password: password! } : user
    let isCut = false
    for (let tries = 4; ; tries--)
      try {
        await this.#http.plain('POST', '/users/', { body })
        break
      } catch (error) {
        const { code } = error as CoteError
        if (isCut && code === 'username_taken')
          break // by the try whose answer was lost: else the login fails
        if (code !== 'network' || tries <= 1)
          throw error
        isCut = true
      }
    return this.login(body.username, body.password)
  }

  async login(username: string, password: string): Promise<User> {
    this.#revive()
    await this.#session.login(username, password, this.options.device)
    await this.#loading(this.#load())
    this.#goLive()
    return this.#session.user!
  }

  async logout(): Promise<void> {
    const user = this.#session.user
    const token = this.#session.token()
    // The device forgets before the server is told: the tab may be closed at once, or the line be dead.
    await Promise.all([
      this.#outbox.clear(), this.#session.end(), user && this.#storage.remove(`state:${user.id}`)])
    if (token)
      await this.#http.plain('POST', '/logout', { timeout: 5000, keepalive: true }, token).catch(() => {})
  }

  async start(): Promise<void> {
    this.#revive()
    this.#isStarted = true
    await (this.#loaded ?? this.#loading(this.#session.load().then(() => this.#load())))
    if (this.#http.isClosed || !this.#session.token())
      return
    const first = this.#replica.cursor ? undefined : new Promise<void>(resolve => this.#first.push(resolve))
    this.#goLive()
    await first
  }

  close(): void {
    this.#isStarted = false
    this.#stopLive()
    this.#http.close()
    this.#outbox.close()
    clearTimeout(this.#refetch?.timer)
    this.#refetch = undefined
    void this.#save()
    this.#giveUp(closed())
    this.#reachFirst()
    globalThis.removeEventListener?.('online', this.#wake)
    globalThis.document?.removeEventListener('visibilitychange', this.#wake)
    globalThis.removeEventListener?.('pagehide', this.#keep)
  }

  #revive(): void {
    this.#http.revive()
  }

  #loading(load: Promise<void>): Promise<void> {
    load.catch(() => this.#loaded = undefined)
    return this.#loaded = load
  }

  // What is stored belongs to one user, and waits for that one. A state that cannot be read is none.
  async #load(): Promise<void> {
    const user = this.#session.user
    if (!user)
      return
    await this.#outbox.load(user.id)
    if (!this.#replica.cursor)
      try {
        const saved = parsed<Saved & { version: number }>(await this.#storage.get(`state:${user.id}`))
        if (saved?.version === 2 && this.#session.user === user) {
          const replica = new Replica()
          for (const id of this.#opening.keys())
            replica.open(id)
          replica.load(saved)
          this.#replica = replica
        }
      } catch { /* then it is fetched */ }
    this.#changed()
  }

  #goLive(): void {
    if (this.#http.isClosed) // while the login was read or made
      return
    this.#outbox.start()
    if (!this.#isStarted || this.#connection)
      return
    this.#error = undefined
    const { WebSocket: sockets = globalThis.WebSocket, transport } = this.options
    const connection = new Connection(this.#http, this.#session, {
      cursor: () => this.#cursor(),
      take: frame => this.#take(frame),
      lost: () => this.#replica.needSync(),
      status: (status, error) => this.#became(status, error),
    }, sockets, transport)
    this.#connection = connection
    void connection.run().catch(report).finally(() => {
      if (this.#connection === connection)
        this.#connection = undefined
    })
    globalThis.addEventListener?.('online', this.#wake)
    globalThis.document?.addEventListener('visibilitychange', this.#wake)
    globalThis.addEventListener?.('pagehide', this.#keep)
  }

  #stopLive(): void {
    this.#connection?.close()
    this.#connection = undefined
    for (const timer of this.#typing.values())
      clearTimeout(timer)
    this.#typing.clear()
  }

  #wake = () => {
    this.#connection?.doubt()
    this.#connection?.look()
    this.#outbox.wake()
  }

  #keep = () => void this.#save()

  #became(status: State['status'], error?: CoteError): void {
    if (status === 'live') {
      this.#outbox.wake()
      clearTimeout(this.#refetch?.timer)
      this.#refetch = undefined
    }
    if (status !== 'connecting')
      this.#reachFirst()
    this.#error = error ?? this.#error
    if (this.#session.token() && !(status === 'connecting' && this.#status === 'offline'))
      this.#status = status
    this.#changed()
  }

  #ended(): void {
    this.#http.abort()
    this.#stopLive()
    clearTimeout(this.#refetch?.timer)
    this.#refetch = undefined
    this.#replica = new Replica()
    this.#session.user = null
    this.#loaded = undefined
    this.#status = 'logged-out'
    this.#outbox.end()
    this.#giveUp(loggedOut())
    this.#reachFirst()
    this.#changed()
  }

  #giveUp(error: CoteError): void {
    for (const { reject } of this.#opening.values())
      reject(error)
    this.#opening.clear()
  }

  #reachFirst(): void {
    for (const resolve of this.#first.splice(0))
      resolve()
  }

  // --- state

  // Bound to this client: a UI passes them on.
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly getState = (): State => this.#state ??= this.#build()

  #build(): State {
    const replica = this.#replica
    const state: State = {
      status: this.#status, user: this.#session.user, chats: replica.chats,
      messages: {}, pending: {}, typing: {}, loading: {}, more: {},
    }
    for (const id of replica.held) {
      state.messages[id] = replica.messages(id)
      state.more[id] = replica.hasMore(id)
    }
    for (const id of [...this.#opening.keys(), ...this.#fetchingMore])
      state.loading[id] = this.#fetchingMore.has(id) || replica.isLoading(id)
    for (const id of this.#typing.keys())
      state.typing[id] = true
    const made: Chat[] = []
    for (const entry of this.#outbox.entries)
      if (isSend(entry)) {
        if (!state.messages[entry.chat_id]?.some(x => x.id === entry.id))
          (state.pending[entry.chat_id] ??= []).push(pendingOf(entry))
      } else if (entry.path === '/chats/' && !replica.chat(entry.id))
        made.unshift(provisional(entry))
    if (made.length)
      state.chats = [...made, ...state.chats]
    if (this.#error)
      state.error = this.#error
    return state
  }

  // One call of the listeners for all changes of a moment.
  #changed(): void {
    this.#state = undefined
    if (this.#isNoted)
      return
    this.#isNoted = true
    queueMicrotask(() => {
      this.#isNoted = false
      this.#pump()
      for (const [id, { resolve, reject }] of this.#opening)
        if (this.#replica.messagesAreHeld(id) || !this.#replica.place(id)) {
          this.#opening.delete(id)
          if (this.#replica.place(id))
            resolve()
          else
            reject(new CoteError(404, 'chat_not_found', 'Chat not found'))
        }
      for (const listener of [...this.#listeners])
        try {
          listener()
        } catch (error) {
          report(error)
        }
    })
  }

  #take(frame: Frame): void {
    if (frame.type === 'typing') {
      const { chat_id, sender, is_typing } = frame.data
      if (sender !== 'ai')
        return
      clearTimeout(this.#typing.get(chat_id))
      this.#typing.delete(chat_id)
      if (is_typing)
        this.#typing.set(chat_id, setTimeout(() => {
          this.#typing.delete(chat_id)
          this.#changed()
        }, 8000))
    } else {
      this.#replica.apply(frame)
      if ('cursor' in frame)
        this.#saveSoon()
    }
    this.#changed()
  }

  // --- what the replica wants

  async #cursor(): Promise<string> {
    while (this.#replica.needsSync) {
      if (!this.#isStarted || !this.#session.token())
        throw closed()
      this.#pump(true)
      await this.#syncing
    }
    return this.#replica.cursor!
  }

  // After a failure all wait for the timer, but for a connection, which has its own.
  #pump(isForced = false): void {
    if (!this.#isStarted || !this.#session.token())
      return
    for (const want of this.#replica.wanted()) {
      if (this.#refetch?.timer && !isForced || this.#fetches >= 4 && want !== 'sync')
        continue
      this.#replica.begin(want)
      this.#fetches++
      const fetching = this.#fetch(this.#replica, want).finally(() => {
        this.#fetches--
        this.#changed()
      })
      fetching.catch(() => {})
      if (want === 'sync')
        this.#syncing = fetching
    }
  }

  async #fetch(replica: Replica, want: Want): Promise<void> {
    try {
      if (want === 'sync')
        replica.sync(await this.#http.json<Sync>('GET', '/sync'))
      else if ('chat' in want)
        replica.row(await this.#http.json<Chat>('GET', `/chats/${want.chat}`))
      else {
        const { chat_id, after } = want
        const { items, next } = await this.#http.pages<Message>(
          `/chats/${chat_id}/messages/${after === null ? '' : `?after=${after}`}`, after === null)
        replica.fetched(chat_id, after, items, !!next)
      }
      this.#saveSoon()
      if (this.#refetch)
        this.#refetch.failures = 0
    } catch (error) {
      const { status } = error as CoteError
      const isGone = status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status)
      replica.failed(want, isGone)
      if (replica === this.#replica && (want === 'sync' || !isGone))
        this.#fetchAgain(error)
      else if (replica === this.#replica && want !== 'sync' && 'chat_id' in want) {
        this.#opening.get(want.chat_id)?.reject(error)
        this.#opening.delete(want.chat_id)
      }
      throw error
    }
  }

  #fetchAgain(error: unknown): void {
    const refetch = this.#refetch ??= { failures: 0 }
    if (refetch.timer || this.#http.isClosed)
      return
    const wait = ((error as CoteError).retryAfter ?? 0) * 1000
    refetch.timer = setTimeout(() => {
      refetch.timer = undefined
      this.#pump()
    }, wait + Math.random() * Math.min(30_000, 500 * 2 ** Math.min(refetch.failures++, 10)))
  }

  // A state and its cursor are one value: the larger, the more seldom.
  #saveSoon(): void {
    this.#saving ??= setTimeout(() => void this.#save(), 500 + this.#savedUnits / 1000)
  }

  async #save(): Promise<void> {
    clearTimeout(this.#saving)
    this.#saving = undefined
    const user = this.#session.user
    if (!user || !this.#session.token() || !this.#replica.cursor || this.#replica.needsSync)
      return
    const text = JSON.stringify({ version: 2, ...this.#replica.save(this.#replica.held.slice(-20), 100) })
    this.#savedUnits = text.length
    try {
      await this.#storage.set(`state:${user.id}`, text)
    } catch { /* a full storage costs the start without a network, nothing else */ }
  }

  // --- chats

  async createChat(chat: Parameters<Client['createChat']>[0]): Promise<Chat> {
    const id = low(chat.id) ?? uuid()
    return this.#outbox.add<Chat>({ id, chat_id: id, path: '/chats/', body: { ...chat, id } })
  }

  async updateChat(chat_id: string, patch: Parameters<Client['updateChat']>[1]): Promise<Chat> {
    return this.#put(await this.#write<Chat>('PATCH', at(chat_id), patch))
  }

  async deleteChat(chat_id: string): Promise<void> {
    await this.#delete(at(chat_id))
    for (const entry of this.#outbox.entries.filter(x => x.chat_id === low(chat_id)))
      this.#outbox.dismiss(entry.id)
  }

  async archiveAll(): Promise<void> {
    await this.#write('POST', '/chats/archive')
  }

  async fork(chat_id: string, from: { message_id?: string; title?: string } = {}): Promise<Chat> {
    return this.#put(await this.#write<Chat>('POST', `${at(chat_id)}/fork`, { ...from, id: uuid() }))
  }

  open(chat_id: string): Promise<void> {
    if (this.#outbox.isOver)
      return Promise.reject(loggedOut())
    chat_id = low(chat_id)
    this.#replica.open(chat_id)
    this.#changed()
    if (this.#replica.messagesAreHeld(chat_id))
      return Promise.resolve()
    const opening = this.#opening.get(chat_id) ?? deferred()
    this.#opening.set(chat_id, opening)
    return opening.done
  }

  async more(chat_id: string): Promise<boolean> {
    chat_id = low(chat_id)
    this.#fetchingMore.add(chat_id)
    this.#changed()
    try {
      for (let place; (place = this.#replica.place(chat_id))?.floor;) {
        const before = { floor: place.floor, edition: place.edition }
        const { items, next } = await this.#http.pages<Message>(
          `${at(chat_id)}/messages/?before=${before.floor + 1}`, true)
        if (this.#replica.older(chat_id, before, items, !!next))
          return true
      }
      return false
    } finally {
      this.#fetchingMore.delete(chat_id)
      this.#changed()
    }
  }

  // --- messages

  send(chat_id: string, draft: Draft): Promise<Message> {
    chat_id = low(chat_id)
    const id = low(draft.id) ?? uuid()
    const parent_id = low(draft.parent_id) ?? (draft.version_of ? undefined : this.#shownLast(chat_id))
    const body = { ...draft, id, ...parent_id && { parent_id } }
    return this.#outbox.add<Message>({ id, chat_id, path: `${at(chat_id)}/messages/`, body })
  }

  // The message that the person sees last, so that the question lands there. What is typed without a network, or
  // behind another message, follows whatever is the last one then.
  #shownLast(chat_id: string): string | undefined {
    if (this.#status !== 'live' || !this.#replica.isCurrent(chat_id)
      || this.#outbox.entries.some(x => x.chat_id === chat_id))
      return undefined
    const last = this.#replica.messages(chat_id).at(-1)
    const leaf = this.#replica.chat(chat_id)?.leaf_id
    return last?.reply_id && last.reply_id === leaf ? leaf : last?.id
  }

  retrySend(_chat_id: string, id: string): Promise<Message> {
    return this.#outbox.retry(low(id))
  }

  dismiss(_chat_id: string, id: string): void {
    this.#outbox.dismiss(low(id))
  }

  edit(chat_id: string, message_id: string, draft: Draft): Promise<Message> {
    return this.send(chat_id, { ...draft, version_of: message_id })
  }

  regenerate(chat_id: string, message_id: string, options: Parameters<Client['regenerate']>[2] = {}): Promise<Message> {
    const id = low(options.id) ?? uuid()
    const path = `${at(chat_id, message_id)}/regenerate`
    return this.#outbox.add<Message>({ id, chat_id: low(chat_id), path, body: { ...options, id } })
  }

  siblings(chat_id: string, message_id: string): Promise<Message[]> {
    return this.#http.json('GET', `${at(chat_id, message_id)}/siblings`)
  }

  switchTo(chat_id: string, message_id: string): Promise<Chat> {
    return this.#write('PUT', `${at(chat_id)}/leaf`, { message_id: low(message_id) })
  }

  async stop(chat_id: string): Promise<number> {
    return (await this.#write<{ stopped: number }>('POST', `${at(chat_id)}/stop`)).stopped
  }

  async read(chat_id: string, message_id: string): Promise<void> {
    await this.#write('PUT', `${at(chat_id, message_id)}/read`)
  }

  rate(chat_id: string, message_id: string, feedback: { rating: 1 | -1 | null; text?: string }): Promise<Message> {
    return this.#write('PUT', `${at(chat_id, message_id)}/feedback`, feedback)
  }

  async deleteMessage(chat_id: string, message_id: string): Promise<void> {
    await this.#delete(at(chat_id, message_id))
  }

  answer(chat_id: string, message_id: string, call_id: string, answer: object): Promise<Message> {
    return this.#write('POST', `${at(chat_id, message_id)}/tool_calls/${call_id}`, answer)
  }

  async claim(chat_id: string, message_id: string, call_id: string, client_id: string): Promise<void> {
    await this.#write('POST', `${at(chat_id, message_id)}/tool_calls/${call_id}/claim`, { client_id })
  }

  message(chat_id: string, message_id: string, { parts = 'light' } = {}): Promise<Message> {
    return this.#http.json('GET', `${at(chat_id, message_id)}?parts=${parts}`)
  }

  // --- the rest

  upload(file: Blob, options?: Parameters<Client['upload']>[1]): ReturnType<Client['upload']> {
    return upload(this.#http, file, options)
  }

  async request<T>(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    const isGet = method.toUpperCase() === 'GET'
    const reply = await this.#http.send(method.toUpperCase(), path, {
      tries: isGet ? 3 : 1, ...options, body, outlives: true,
    })
    return /json/.test(reply.headers.get('content-type') ?? '') ? read<T>(reply) : reply.text as T
  }

  // Each of them is the same when it is done twice.
  #write<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#http.json<T>(method, path, body, { tries: 4 })
  }

  async #delete(path: string): Promise<void> {
    await this.#write('DELETE', path).catch(error => {
      if ((error as CoteError).status !== 404)
        throw error
    })
  }

  #put(chat: Chat): Chat {
    this.#replica.put({ chat })
    this.#changed()
    return chat
  }

  #answered(entry: Entry, answer: unknown): void {
    if (entry.path === '/chats/')
      this.#put(answer as Chat)
    else if (isSend(entry)) {
      this.#replica.put({ message: answer as Message })
      this.#changed()
    }
  }
}

function pendingOf({ id, body, state, error }: Entry): Pending {
  const { content, media_urls } = body as { content: string; media_urls?: string[] }
  return {
    id, content, media_urls: media_urls ?? [], state,
    ...error && { error: new CoteError(error.status, error.code, error.detail) },
  }
}

// A chat that the server does not know yet.
function provisional({ id, body }: Entry): Chat {
  return {
    title: '', created_at: '', last_message_time: '', last_message_content: '', is_pinned: false, last_seq: 0,
    changed: 0, activity: 0, model: null, system_prompt: null, temperature: null, max_tokens: null, ...body, id,
  } as Chat
}

// The server answers ids in lower case.
function low<T extends string | null | undefined>(id: T): T {
  return id?.toLowerCase() as T
}

function at(chat_id: string, message_id?: string): string {
  return `/chats/${low(chat_id)}${message_id === undefined ? '' : `/messages/${low(message_id)}`}`
}

// A listener that fails is not this client's fault, and stops nothing.
function report(error: unknown): void {
  if (typeof reportError === 'function')
    reportError(error)
  else
    console.error(error)
}

function uuid(): string {
  if ('randomUUID' in crypto) // not on a page without TLS
    return crypto.randomUUID()
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16))
  const hex = [...bytes].map(x => x.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
