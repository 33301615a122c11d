import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { once } from 'node:events'
import { createClient, CoteError, memoryStorage, type Client, type Message, type Options } from '../src/index.js'
import { isOpen } from '../src/replies.js'
import { freePort, Server } from './recording.js'

// node out/scripts/walk.js <program of the server> [rounds] [seed]: two devices of one user walk at random, over a line
// that is cut, against a server that is killed. At the end of each round what they hold is what the server answers.
const [program, rounds = '20', seed = `${Date.now()}`] = process.argv.slice(2)

/** Numbers that can be had again (mulberry32). */
let state = Number(seed) >>> 0
function random(): number {
  let t = state += 0x6D2B79F5
  t = Math.imul(t ^ t >>> 15, t | 1)
  t ^= t + Math.imul(t ^ t >>> 7, t | 61)
  return ((t ^ t >>> 14) >>> 0) / 4294967296
}
const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)]

/** A line to the server that can be cut. */
async function line(port: number) {
  const open = new Set<Socket>()
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket)).on('error', () => {})
    }
    near.pipe(far).on('close', () => near.destroy())
    far.pipe(near).on('close', () => far.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => open.forEach(x => x.destroy()),
    close: () => server.close(),
  }
}

/** Now and then nothing is sent, or the answer is lost. */
const flaky: typeof fetch = async (url, init) => {
  if (random() < 0.05)
    throw new TypeError('fetch failed')
  const answer = await fetch(url, init)
  if (random() < 0.05) {
    void answer.body?.cancel()
    throw new TypeError('fetch failed')
  }
  return answer
}

const models = ['instant', 'demo', 'long', 'thinks', 'tool', 'approval', 'fail-mid-way'].map(x => `demo/${x}`)
const expected = new Set(['message_not_found', 'chat_not_found', 'reply_open', 'gone', 'validation_error',
  'too_many_open', 'reply_ended', 'already_answered', 'tool_call_not_found', 'network', 'closed', 'dismissed'])
const sent = new Map<string, string>() // what the server said it has, by id
const deleted = new Set<string>()

async function step(client: Client): Promise<void> {
  const { chats, messages } = client.getState()
  const chat = pick(chats)
  if (!chat || chats.length < 4 && random() < 0.1)
    return void await client.createChat({ auto_title: true, model: pick(models) })
  if (!messages[chat.id])
    return client.open(chat.id)
  const shown = messages[chat.id]!
  const one = pick(shown)
  const waiting = shown.find(x => x.generation?.state === 'waiting')
  const call = waiting?.parts?.find(x => x.state === 'waiting')
  const dice = random()
  const content = `${random()} 😀`.repeat(1 + Math.floor(random() * 5))
  const send = async (draft: Parameters<Client['send']>[1]) => {
    const message = await client.send(chat.id, draft)
    assert.equal(message.content, draft.content)
    sent.set(message.id, chat.id)
  }
  if (call && dice < 0.5)
    await client.answer(chat.id, waiting!.id, call.call_id!, { approve: random() < 0.5 })
  else if (dice < 0.35 || !one)
    await send({ content })
  else if (dice < 0.42)
    await Promise.all([send({ content }), send({ content: `${content} and` })])
  else if (dice < 0.5)
    await (one.sender === 'user' ? client.edit(chat.id, one.id, { content }) : client.regenerate(chat.id, one.id))
  else if (dice < 0.6)
    await client.stop(chat.id)
  else if (dice < 0.7 && one.siblings)
    await client.switchTo(chat.id, one.siblings.previous ?? one.siblings.next!)
  else if (dice < 0.75) {
    deleted.add(one.id)
    await client.deleteMessage(chat.id, one.id)
  } else if (dice < 0.8 && one.sender === 'ai')
    await client.rate(chat.id, one.id, { rating: pick([1, -1, null] as const)! })
  else if (dice < 0.85)
    await client.updateChat(chat.id, { model: pick(models), is_pinned: random() < 0.5 })
  else if (dice < 0.87 && chats.length > 2) {
    deleted.add(chat.id)
    await client.deleteChat(chat.id)
  } else if (dice < 0.88)
    await client.fork(chat.id)
}

/** Steps until it is told to end; what was begun is ended. */
async function walk(device: () => Client, isOver: () => boolean): Promise<void> {
  const steps: Promise<void>[] = []
  while (!isOver()) {
    steps.push(step(device()).catch(error => {
      if (!(error instanceof CoteError) || !expected.has(error.code))
        throw error
    }))
    await new Promise(resolve => setTimeout(resolve, random() * 150))
  }
  await Promise.all(steps)
}

const port = await freePort()
const data = mkdtempSync(`${tmpdir()}/cote-walk-`)
const server = new Server(program!, data, `http://127.0.0.1:${port}`)
const proxy = await line(port)
await server.start()
const transports = ['auto', 'sse', 'poll'] as const
const storages = [memoryStorage(), memoryStorage()]
const make = (at: number): Client =>
  createClient({ url: proxy.url, fetch: flaky, storage: storages[at]!, transport: pick(transports) } satisfies Options)
const devices = [make(0), make(1)]
let watch: ReturnType<typeof setTimeout> | undefined
try {
  await devices[0]!.register('walker', 'walker@example.com', 'correct horse battery')
  await devices[1]!.login('walker', 'correct horse battery')
  await Promise.all(devices.map(x => x.start()))
  for (let round = 1; round <= Number(rounds); round++) {
    let isOver = false
    watch = setTimeout(() => {
      console.error(`seed ${seed}: round ${round} does not end`,
        devices.map(x => x.getState()).map(x => [x.status, x.pending, x.loading]))
      process.exit(1)
    }, 240_000)
    const walks = devices.map((_, at) => walk(() => devices[at]!, () => isOver))
    for (let acts = 0; acts < 4; acts++) {
      await new Promise(resolve => setTimeout(resolve, 300 + random() * 700))
      const dice = random()
      if (dice < 0.5)
        proxy.cut()
      else if (dice < 0.75) { // an app is ended and started again
        const at = random() < 0.5 ? 0 : 1
        devices[at]!.close()
        devices[at] = make(at)
        await devices[at]!.start()
      }
    }
    await server.kill()
    await new Promise(resolve => setTimeout(resolve, random() * 1000))
    await server.start()
    isOver = true
    await Promise.all(walks)
    await settle()
    clearTimeout(watch)
    console.log(`round ${round}: ${devices[0]!.getState().chats.length} chats, ${sent.size} sent`)
  }
  console.log('done')
} catch (error) {
  console.error(`seed ${seed}:`, error)
  process.exitCode = 1
} finally {
  clearTimeout(watch)
  devices.forEach(x => x.close())
  proxy.close()
  proxy.cut()
  await server.kill()
  rmSync(data, { recursive: true })
}

/** Until nothing moves any more and both devices hold what the server answers: by then, or never. */
async function settle(): Promise<void> {
  const client = devices[0]!
  const deadline = Date.now() + 90_000
  for (; ;) {
    try {
      for (const chat of client.getState().chats) {
        await client.stop(chat.id)
        await Promise.all(devices.map(x => x.open(chat.id)))
      }
      await compare()
      return
    } catch (error) {
      if (Date.now() > deadline)
        throw error
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  }
}

async function compare(): Promise<void> {
  const ask = async <T>(path: string) => await (await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { Authorization: `Bearer ${await token()}` },
  })).json() as T
  const before = await ask<{ cursor: string; chats: { id: string }[]; running: unknown[] }>('/sync')
  assert.equal(before.running.length, 0)
  const truth: { [id: string]: Message[] } = {}
  for (const { id } of before.chats)
    truth[id] = await ask<Message[]>(`/chats/${id}/messages/`)
  for (const device of devices) {
    const { chats, messages, pending } = device.getState()
    assert.deepEqual(Object.values(pending).flat().filter(x => x.state === 'waiting'), [])
    assert.deepEqual(chats.map(plain), before.chats.map(plain))
    assert.deepEqual(Object.keys(messages).sort(), Object.keys(truth).sort())
    for (const [id, items] of Object.entries(messages)) {
      assert.equal(items.filter(isOpen).length, 0)
      assert.deepEqual(items.map(timeless), truth[id]!.map(timeless))
    }
  }
  // What was answered is there, on some branch, and once.
  for (const id of Object.keys(truth)) {
    const all = await ask<Message[]>(`/chats/${id}/messages/?branches=all`)
    const ids = new Set(all.map(x => x.id))
    assert.equal(ids.size, all.length)
    for (const [message, chat] of sent)
      if (chat === id && !deleted.has(message))
        assert.ok(ids.has(message), `${message} was lost`)
  }
}

function plain({ changed: _, ...chat }: { id: string; changed?: number }) {
  return chat
}

// `delivered` is recorded a little later.
function timeless({ status: _, ...message }: Message) {
  return message
}

async function token(): Promise<string> {
  const session = JSON.parse(await storages[0]!.get('session') as string) as { tokens: { access_token: string } }
  return session.tokens.access_token
}
