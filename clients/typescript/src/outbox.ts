import { closed, CoteError, deferred, loggedOut, type Deferred, type Http } from './http.js'
import type { Locks } from './session.js'
import { keep, parsed, type Storage } from './storage.js'

/** A write with an id of its own: however often it is sent, it happens once. */
export interface Entry {
  id: string
  chat_id: string
  path: string
  body: Record<string, unknown>
  state: 'waiting' | 'failed'
  error?: { status: number; code: string; detail: string }
}

/** Whether it is a message, and not a chat or a regeneration. */
export function isSend(entry: Entry): boolean {
  return typeof entry.body.content === 'string'
}

/** Writes that are kept until the server has answered them, one after the other in each chat. */
export class Outbox {
  entries: Entry[] = []
  onChange = () => {}
  onAnswer = (_entry: Entry, _answer: unknown) => {}
  #waiters = new Map<string, Deferred<unknown>>()
  #busy = new Set<string>()
  #delays = new Map<string, { failures: number; timer?: ReturnType<typeof setTimeout> }>()
  #saving: Promise<void> = Promise.resolve()
  #isOpen = false
  /** Of whom the entries are. */
  #user_id?: string
  /** Whether the login has ended, and no other has begun. */
  isOver = false

  constructor(
    private readonly http: Http, private readonly storage: Storage, private readonly locks: Locks | undefined) {}

  async load(user_id: string): Promise<void> {
    [this.#user_id, this.isOver] = [user_id, false]
    const stored = await this.#stored(user_id).catch((): Entry[] => [])
    if (this.#user_id !== user_id) // the login has ended meanwhile
      return
    const made = this.entries.filter(x => !stored.some(y => y.id === x.id))
    this.entries = [...stored, ...made]
    this.onChange()
    if (made.length)
      void this.#save(now => [...now.filter(x => !made.some(y => y.id === x.id)), ...made])
  }

  /** From now on it sends; before that it keeps. */
  start(): void {
    this.#isOpen = true
    this.wake()
  }

  close(): void {
    this.#isOpen = false
    for (const { timer } of this.#delays.values())
      clearTimeout(timer)
    this.#delays.clear()
    this.#giveUp(closed())
  }

  /** The login is over: what it has stored waits for the next one. */
  end(): void {
    this.close()
    ;[this.#user_id, this.isOver, this.entries] = [undefined, true, []]
  }

  async clear(): Promise<void> {
    this.entries = []
    this.#giveUp(loggedOut())
    this.onChange()
    await this.#save(() => [])
  }

  #giveUp(error: CoteError): void {
    for (const waiter of this.#waiters.values())
      waiter.reject(error)
    this.#waiters.clear()
  }

  /** Resolves with the server's answer, rejects where it refuses. */
  add<T>(entry: Omit<Entry, 'state'>): Promise<T> {
    if (this.isOver)
      return Promise.reject(loggedOut())
    if (this.entries.some(x => x.id === entry.id))
      return this.retry(entry.id)
    const whole: Entry = { ...entry, state: 'waiting' }
    this.entries = [...this.entries, whole]
    this.onChange()
    const answer = this.#wait<T>(entry.id)
    void this.#save(stored => [...stored.filter(x => x.id !== whole.id), whole]).then(() => this.#run(entry.chat_id))
    return answer
  }

  retry<T>(id: string): Promise<T> {
    const entry = this.entries.find(x => x.id === id)
    if (!entry)
      return Promise.reject(new CoteError(404, 'message_not_found', 'Nothing with this id waits to be sent.'))
    const answer = this.#wait<T>(id)
    if (entry.state === 'failed')
      this.#change({ ...entry, state: 'waiting', error: undefined })
    void this.#run(entry.chat_id)
    return answer
  }

  dismiss(id: string): void {
    this.#waiters.get(id)?.reject(new CoteError(0, 'dismissed', 'The message was dismissed before it was sent.'))
    this.#remove(id)
  }

  /** There may be a network again, or a login. */
  wake(): void {
    for (const { timer } of this.#delays.values())
      clearTimeout(timer)
    this.#delays.clear()
    for (const chat_id of new Set(this.entries.map(x => x.chat_id)))
      void this.#run(chat_id)
  }

  async #run(chat_id: string): Promise<void> {
    if (this.#busy.has(chat_id))
      return
    this.#busy.add(chat_id)
    try {
      for (let entry; this.#isOpen && !this.#delays.get(chat_id)?.timer && this.http.bearer?.token()
        && (entry = this.entries.find(x => x.chat_id === chat_id && x.state === 'waiting'));)
        await this.#send(entry)
    } finally {
      this.#busy.delete(chat_id)
    }
  }

  async #send(entry: Entry): Promise<void> {
    const delay = this.#delays.get(entry.chat_id) ?? { failures: 0 }
    let answer: unknown
    try {
      answer = await this.http.json('POST', entry.path, entry.body, { timeout: 30_000 })
    } catch (caught) {
      const error = caught instanceof CoteError ? caught : new CoteError(0, 'network', String(caught))
      if (error.code === 'closed' || !this.#isOpen || !this.entries.some(x => x.id === entry.id))
        return
      if (error.isPassing || error.status === 401) {
        const most = Math.min(30_000, 500 * 2 ** Math.min(delay.failures++, 10))
        delay.timer = setTimeout(() => {
          delay.timer = undefined
          void this.#run(entry.chat_id)
        }, (error.retryAfter ?? 0) * 1000 + Math.random() * most)
        this.#delays.set(entry.chat_id, delay)
      } else if (error.fields?.some(x => x.loc.at(-1) === 'parent_id') && entry.body.parent_id) {
        const { parent_id: _, ...body } = entry.body // it was deleted meanwhile: then at the end of the chat
        this.#change({ ...entry, body })
      } else {
        this.#waiters.get(entry.id)?.reject(error)
        this.#waiters.delete(entry.id)
        if (isSend(entry)) // a message stays until somebody has seen what became of it
          this.#change({ ...entry, state: 'failed', error: { ...error, detail: error.detail } })
        else
          this.#remove(entry.id)
      }
      return
    }
    this.#delays.delete(entry.chat_id)
    if (!this.entries.some(x => x.id === entry.id))
      return
    this.#waiters.get(entry.id)?.resolve(answer)
    this.#remove(entry.id)
    this.onAnswer(entry, answer)
  }

  #wait<T>(id: string): Promise<T> {
    const waiter = this.#waiters.get(id) ?? deferred()
    this.#waiters.set(id, waiter)
    return waiter.done as Promise<T>
  }

  #change(entry: Entry): void {
    this.entries = this.entries.map(x => x.id === entry.id ? entry : x)
    this.onChange()
    void this.#save(stored => stored.map(x => x.id === entry.id ? entry : x))
  }

  #remove(id: string): void {
    this.#waiters.delete(id)
    this.entries = this.entries.filter(x => x.id !== id)
    this.onChange()
    void this.#save(stored => stored.filter(x => x.id !== id))
  }

  // Tabs share the list: each changes its own entry in what stands there.
  #save(change: (stored: Entry[]) => Entry[]): Promise<void> {
    const id = this.#user_id
    if (id === undefined)
      return this.#saving
    const act = async () => keep(this.storage, `outbox:${id}`, change(await this.#stored(id)), id)
    return this.#saving = this.#saving
      .then(async () => void await (this.locks ? this.locks.request('cote-outbox', act) : act()))
      .catch(() => {}) // a full storage stops no message
  }

  async #stored(user_id: string): Promise<Entry[]> {
    return parsed<Entry[]>(await this.storage.get(`outbox:${user_id}`)) ?? []
  }
}
