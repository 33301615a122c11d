import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { comparable, held, take, withoutChanged, type Step, type Vector } from '../test/play.js'
import { Replica } from '../src/replica.js'
import type { Chat, Frame, Message, Sync } from '../src/types.js'

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => process.exit(1))

const unlimited = Object.fromEntries(['Login', 'Registration', 'Messages', 'Switches', 'Requests']
  .map(x => [`Cote__RateLimits__${x}PerMinute`, '1000000']))

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}

/** The server, in a folder of its own, which can be killed and started again. */
export class Server {
  #process?: ChildProcess

  constructor(private readonly program: string, private readonly folder: string, readonly url: string) {
    // Whatever happens, it does not outlive the script.
    process.once('exit', () => this.#process?.kill('SIGKILL'))
  }

  async start(settings: Record<string, string> = {}): Promise<void> {
    this.#process = spawn(this.program, [], {
      env: { ...process.env, ASPNETCORE_URLS: this.url, Cote__Data__Directory: this.folder,
        ...unlimited, ...settings },
      stdio: 'ignore',
    })
    for (let isReady = false; !isReady;)
      isReady = await fetch(`${this.url}/health/ready`).then(x => x.ok,
        () => new Promise(resolve => setTimeout(() => resolve(false), 100)))
  }

  async kill(): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null)
      return
    const ended = new Promise(resolve => this.#process!.once('exit', resolve))
    this.#process!.kill('SIGKILL')
    await ended
  }
}

/**
 * A scenario as it happens: what is asked of the server, the frames that it sends, and what a client has to fetch on
 * the way. What it must lead to is read from the server at the end.
 */
export class Recording {
  readonly replica = new Replica()
  readonly steps: Step[] = []
  readonly opened: string[] = []
  #token = ''
  #frames: Frame[] = []
  #arrived = () => {}
  #stream = new AbortController()
  #failure?: unknown
  /** Frames are not applied but kept until it is false again: then a fetch comes in between. */
  delaysFetches = false

  private constructor(readonly server: Server, readonly name: string, readonly about: string) {}

  /** A new user with an empty state, a first sync, and a stream. */
  static async begin(server: Server, name: string, about: string): Promise<Recording> {
    const recording = new Recording(server, name, about)
    const username = `vector-${name}-${Date.now() % 1e6}`
    const password = 'correct horse battery'
    await recording.ask('POST', '/users/', { username, email: `${username}@example.com`, password })
    const login = await fetch(`${server.url}/token`, {
      method: 'POST', body: new URLSearchParams({ username, password }),
    })
    recording.#token = (await login.json() as { access_token: string }).access_token
    await recording.fetchWanted()
    await recording.connect()
    return recording
  }

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.server.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...this.#token && { Authorization: `Bearer ${this.#token}` } },
      ...body !== undefined && { body: JSON.stringify(body) },
    })
    if (!answer.ok)
      throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return await answer.json() as T
  }

  chat(fields: object): Promise<Chat> {
    return this.ask('POST', '/chats/', fields)
  }

  send(chat: Chat, content: string, more: object = {}): Promise<Message> {
    return this.ask('POST', `/chats/${chat.id}/messages/`, { content, ...more })
  }

  async connect(cursor = this.replica.cursor): Promise<void> {
    this.#stream = new AbortController()
    const answer = await fetch(`${this.server.url}/events?cursor=${cursor}`, {
      headers: { Accept: 'text/event-stream', Authorization: `Bearer ${this.#token}` }, signal: this.#stream.signal,
    })
    void this.#read(answer).catch(error => this.#failure = error)
  }

  /** Until the server has deleted events since the cursor. */
  async untilDeleted(): Promise<void> {
    const poll = `/events?cursor=${this.replica.cursor}&wait=0`
    while (!(await this.ask<{ events: Frame[] }>('GET', poll)).events.some(x => x.type === 'reset'))
      await new Promise(resolve => setTimeout(resolve, 50))
  }

  cut(): void {
    this.#stream.abort()
    this.#frames = []
  }

  async #read(answer: Response): Promise<void> {
    let rest = ''
    const texts = answer.body!.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    for await (const text of texts as unknown as AsyncIterable<string>) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines.filter(x => x.startsWith('data:')))
        this.#frames.push(JSON.parse(line.slice(5)) as Frame)
      this.#arrived()
    }
  }

  /** The next frame that a replica takes, applied, with the fetches that it asks for. */
  async next(): Promise<Frame> {
    for (; ;) {
      while (this.#frames.length === 0)
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(this.#failure ?? new Error(`${this.name}: no frame came`)), 30_000)
          this.#arrived = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      const frame = this.#frames.shift()!
      if (frame.type === 'ready' || frame.type === 'typing' || frame.type === 'ping')
        continue
      this.take({ frame })
      if (!this.delaysFetches)
        await this.fetchWanted()
      return frame
    }
  }

  async until(is: (frame: Frame) => boolean): Promise<Frame> {
    for (; ;) {
      const frame = await this.next()
      if (is(frame))
        return frame
    }
  }

  /** Until a reply has ended, or waits. */
  reply(id: string): Promise<Frame> {
    return this.until(x => x.type === 'message' && x.data.id === id
      || x.type === 'message.waiting' && x.data.message_id === id && x.data.calls.length > 0)
  }

  async open(chat: Chat): Promise<void> {
    this.opened.push(chat.id)
    this.take({ open: chat.id })
    await this.fetchWanted()
  }

  take(step: Step): void {
    this.steps.push(step)
    take(this.replica, step)
  }

  async fetchWanted(): Promise<void> {
    for (let wants = this.replica.wanted(); wants.length; wants = this.replica.wanted()) {
      this.take({ want: wants })
      for (const want of wants)
        await this.fetch(want)
    }
  }

  async fetch(want: (typeof this.replica extends { wanted(): (infer W)[] } ? W : never)): Promise<void> {
    if (want === 'sync')
      this.take({ sync: await this.ask<Sync>('GET', '/sync') })
    else if ('chat' in want)
      this.take({ chat: await this.ask<Chat>('GET', `/chats/${want.chat}`) })
    else {
      const { chat_id, after } = want
      const query = after === null ? '' : `?after=${after}`
      const items = await this.ask<Message[]>('GET', `/chats/${chat_id}/messages/${query}`)
      this.take({ messages: { chat_id, after, items } })
    }
  }

  /** Everything has come: what the server answers now is what must be held. */
  async end(): Promise<Vector> {
    let sync = await this.ask<Sync>('GET', '/sync')
    for (let isDone = false; !isDone;) {
      while (this.replica.cursor !== sync.cursor)
        await this.next()
      // `delivered` is recorded a little later.
      await new Promise(resolve => setTimeout(resolve, 6000))
      const again = await this.ask<Sync>('GET', '/sync')
      isDone = again.cursor === sync.cursor
      sync = again
    }
    this.cut()
    const messages: { [id: string]: Message[] } = {}
    for (const id of this.opened.filter(x => sync.chats.some(y => y.id === x)))
      messages[id] = (await this.ask<Message[]>('GET', `/chats/${id}/messages/`)).map(comparable)
    const vector = {
      name: this.name, about: this.about, steps: this.steps,
      expect: { cursor: sync.cursor, chats: sync.chats.map(withoutChanged), messages },
    }
    assert.deepEqual(held(this.replica, Object.keys(messages)), vector.expect)
    return vector
  }
}

export function write(folder: string, vector: Vector): void {
  const steps = vector.steps.map(x => `  ${JSON.stringify(x)}`).join(',\n')
  const head = `{"name":${JSON.stringify(vector.name)},"about":${JSON.stringify(vector.about)},"steps":[\n`
  writeFileSync(`${folder}/${vector.name}.json`, `${head}${steps}\n],"expect":${JSON.stringify(vector.expect)}}\n`)
}
