import { closed, CoteError, type Http } from './http.js'
import type { Locks } from './session.js'
import type { Storage } from './storage.js'

/** A write with an id of its own: however often it is sent, it happens once. */
export interface Entry {
  id: string
  chat_id: string
  path: string
  body: Record<string, unknown>
  state: 'waiting' | 'failed'
  error?: { status: number; code: string; detail: string }
}

interface Waiter {
  resolve(answer: unknown): void
  reject(error: unknown): void
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
  #waiters = new Map<string, Waiter>()
  #busy = new Set<string>()
  #delays = new Map<string, { failures: number; timer?: ReturnType<typeof setTimeout> }>()
  #saving: Promise<void> = Promise.resolve()
  #isOpen = false

  constructor(
    private readonly http: Http, private readonly storage: Storage, private readonly locks: Locks | undefined) {}

  async load(): Promise<void> {
    const stored = await this.#stored()
    this.entries = [...stored, ...this.entries.filter(x => !stored.some(y => y.id === x.id))]
    this.onChange()
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
    for (const waiter of this.#waiters.values())
      waiter.reject(closed())
    this.#waiters.clear()
  }

  async clear(): Promise<void> {
    this.entries = []
    this.onChange()
    await this.#save(() => [])
  }

  /** Resolves with the server's answer, rejects where it refuses. */
  add<T>(entry: Omit<Entry, 'state'>): Promise<T> {
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
    try {
      const answer = await this.http.json('POST', entry.path, entry.body, { timeout: 30_000 })
      this.#delays.delete(entry.chat_id)
      this.onAnswer(entry, answer)
      this.#waiters.get(entry.id)?.resolve(answer)
      this.#remove(entry.id)
    } catch (error) {
      if (!(error instanceof CoteError) || !this.#isOpen || !this.entries.some(x => x.id === entry.id))
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
    }
  }

  #wait<T>(id: string): Promise<T> {
    const answer = new Promise<T>((resolve, reject) =>
      this.#waiters.set(id, { resolve: resolve as (answer: unknown) => void, reject }))
    answer.catch(() => {}) // who does not wait for it sees it in the state
    return answer
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
    const act = async () => this.storage.set('outbox', JSON.stringify(change(await this.#stored())))
    return this.#saving = this.#saving
      .then(async () => void await (this.locks ? this.locks.request('cote-outbox', act) : act()))
      .catch(() => {}) // a full storage stops no message
  }

  async #stored(): Promise<Entry[]> {
    const text = await this.storage.get('outbox')
    return text ? JSON.parse(text) as Entry[] : []
  }
}
