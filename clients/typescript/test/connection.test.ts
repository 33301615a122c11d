import assert from 'node:assert/strict'
import test from 'node:test'
import { createClient, memoryStorage, type Client, type Options } from '../src/index.js'
import { json, never, ready, scripted, stream, tokens, until, user, type Play } from './scripted.js'

/** A socket that the test opens, feeds and closes. */
class FakeSocket {
  static all: FakeSocket[] = []
  onmessage?: ((event: { data: string }) => void) | null
  onclose?: ((event: { code: number }) => void) | null
  constructor(readonly url: string, readonly protocols: string[]) {
    FakeSocket.all.push(this)
  }
  send(): void {}
  close(): void {}
  feed(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  end(code: number): void {
    this.onclose?.({ code })
  }
}

const chat = (changed: number, more: object = {}) => ({
  id: 'c', title: 'A chat', created_at: 't', last_message_time: 't', last_message_content: '', last_seq: 0,
  changed, ...more,
})

async function logIn(play: Play, options: Partial<Options> = {}) {
  const made = { refreshes: 0, syncs: 0 }
  const { fetch, asked } = scripted(request => {
    if (request.path === '/token')
      return json(tokens(request.body.includes('grant_type') ? 1 + ++made.refreshes : 1))
    if (request.path === '/users/me')
      return json(user)
    return play(request) ?? (request.path === '/sync'
      ? json({ cursor: `e-${made.syncs++}`, chats: [chat(0)], running: [] })
      : request.path.includes('/messages/') ? json([]) : undefined)
  })
  const client = createClient({ url: 'http://test', fetch, ...options })
  await client.login('ada', 'secret')
  return { client, asked, made }
}

async function onSocket(): Promise<{ client: Client; made: { refreshes: number; syncs: number }; asked: string[] }> {
  FakeSocket.all = []
  const result = await logIn(() => undefined, {
    WebSocket: FakeSocket as unknown as NonNullable<Options['WebSocket']>, transport: 'socket' })
  const started = result.client.start()
  await until(() => FakeSocket.all.length === 1)
  FakeSocket.all[0]!.feed(ready)
  await started
  assert.equal(result.client.getState().status, 'live')
  return result
}

test('A socket has the cursor in its address and the token in its subprotocol', async () => {
  const { client } = await onSocket()
  assert.equal(FakeSocket.all[0]!.url, 'ws://test/ws?cursor=e-0')
  assert.deepEqual(FakeSocket.all[0]!.protocols, ['cote.v1', 'cote.bearer.access-1'])
  client.close()
})

for (const code of [1001, 1006, 1011, 1012, 4001, 4008, 4013])
  test(`After ${code} it comes back with its cursor`, async () => {
    const { client, made } = await onSocket()
    FakeSocket.all[0]!.feed({ type: 'chat.updated', data: chat(1, { title: 'New' }), cursor: 'e-1' })
    FakeSocket.all[0]!.end(code)
    await until(() => FakeSocket.all.length === 2)
    assert.equal(FakeSocket.all[1]!.url, 'ws://test/ws?cursor=e-1')
    assert.deepEqual([made.refreshes, made.syncs], [0, 1])
    client.close()
  })

for (const code of [1008, 4011])
  test(`After ${code} it takes a new token first`, async () => {
    const { client, made } = await onSocket()
    FakeSocket.all[0]!.end(code)
    await until(() => FakeSocket.all.length === 2)
    assert.equal(made.refreshes, 1)
    assert.equal(FakeSocket.all[1]!.protocols[1], 'cote.bearer.access-2')
    client.close()
  })

for (const code of [1009, 4504, 4509, 4599])
  test(`After ${code} it does not come back by itself, and says why`, async () => {
    const { client } = await onSocket()
    FakeSocket.all[0]!.end(code)
    await until(() => client.getState().error?.status === code)
    assert.equal(client.getState().status, 'offline')
    const again = client.start()
    await until(() => FakeSocket.all.length === 2)
    FakeSocket.all[1]!.feed(ready)
    await again
    await until(() => client.getState().status === 'live')
    assert.equal(client.getState().error, undefined)
    client.close()
  })

test('After 4500 it throws the cursor away and fetches everything', async () => {
  const { client, made } = await onSocket()
  FakeSocket.all[0]!.end(4500)
  await until(() => FakeSocket.all.length === 2)
  assert.equal(made.syncs, 2)
  assert.equal(FakeSocket.all[1]!.url, 'ws://test/ws?cursor=e-1')
  client.close()
})

test('After 4503 the login is over', async () => {
  const { client } = await onSocket()
  FakeSocket.all[0]!.end(4503)
  await until(() => client.getState().status === 'logged-out')
  assert.deepEqual(client.getState().chats, [])
  assert.equal(FakeSocket.all.length, 1)
  client.close()
})

test('A socket that never opens gives way to events, and these to polls where something holds them back', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  FakeSocket.all = []
  const { client, asked } = await logIn(({ path, headers, signal }) => {
    if (!path.startsWith('/events'))
      return undefined
    if (headers.get('accept') === 'text/event-stream')
      return stream().response // open, and silent
    return path.endsWith('wait=0') ? json({ events: [], cursor: 'e-0' }) : never(signal)
  }, { WebSocket: FakeSocket as unknown as NonNullable<Options['WebSocket']> })
  void client.start()
  for (let ended = 0; client.getState().status !== 'live';) {
    for (; ended < FakeSocket.all.length; ended++)
      FakeSocket.all[ended]!.end(1006)
    t.mock.timers.tick(5000)
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.equal(FakeSocket.all.length, 2)
  assert.deepEqual(asked.filter(x => x.includes('/events')).slice(0, 3),
    ['GET /events?cursor=e-0', 'GET /events?cursor=e-0', 'GET /events?cursor=e-0&wait=0'])
  client.close()
})

test('Without a WebSocket it takes events, whole and in pieces, and goes on from the last one', async () => {
  const streams = [stream(), stream()]
  let opened = 0
  const { client, asked } = await logIn(({ path }) =>
    path.startsWith('/events') ? streams[opened++]!.response : undefined)
  const started = client.start()
  await until(() => opened === 1)
  const [first, second] = streams
  first!.write(': ok\n\nretry: 1000\n\n')
  first!.send(ready)
  await started
  const text = JSON.stringify({ type: 'chat.updated', data: chat(1, { title: 'Grüße 🎉' }), cursor: 'e-1' })
  first!.write(`event: chat.updated\nid: e-1\ndata: ${text.slice(0, 90)}`)
  first!.write(`${text.slice(90)}\n\n`)
  await until(() => client.getState().chats[0]?.title === 'Grüße 🎉')
  first!.end()
  await until(() => opened === 2)
  assert.equal(asked.at(-1), 'GET /events?cursor=e-1')
  second!.send(ready)
  await until(() => client.getState().status === 'live')
  client.close()
})

test('A hole in the events leads to a sync, as often as it takes, and what came behind it is applied', async () => {
  const { client, made } = await onSocket()
  FakeSocket.all[0]!.feed({ type: 'chat.updated', data: chat(3, { title: 'Third' }), cursor: 'e-3' })
  FakeSocket.all[0]!.feed({ type: 'chat.updated', data: chat(4, { title: 'Fourth' }), cursor: 'e-4' })
  await until(() => client.getState().chats[0]?.title === 'Fourth')
  assert.equal(made.syncs, 3) // the scripted ones end at 0, 1 and 2
  client.close()
})

test('A client that is closed leaves nothing behind, and can be started again', async () => {
  const { client } = await onSocket()
  client.close()
  FakeSocket.all[0]!.end(1006)
  assert.equal(FakeSocket.all.length, 1)
  const again = client.start()
  await until(() => FakeSocket.all.length === 2)
  FakeSocket.all[1]!.feed(ready)
  await again
  client.close()
})

test('What is stored is shown without a network', async () => {
  const storage = memoryStorage()
  const { client } = await logIn(({ path }) => path.startsWith('/events')
    ? stream().response : undefined, { storage })
  void client.start()
  await until(() => client.getState().chats.length === 1)
  await client.open('c')
  client.close()
  await until(() => !!storage.get('state:u1'))
  const fetch = () => Promise.reject(new TypeError('no network'))
  const offline = createClient({ url: 'http://test', storage, fetch })
  await offline.start()
  assert.equal(offline.getState().chats[0]!.title, 'A chat')
  assert.deepEqual(offline.getState().messages, { c: [] })
  await until(() => offline.getState().status === 'offline')
  offline.close()
})

test('The state is one object until something changes, and listeners are called once a moment', async () => {
  const { client } = await onSocket()
  const before = client.getState()
  assert.equal(client.getState(), before)
  let calls = 0
  const end = client.subscribe(() => calls++)
  FakeSocket.all[0]!.feed({ type: 'chat.updated', data: chat(1, { title: 'One' }), cursor: 'e-1' })
  FakeSocket.all[0]!.feed({ type: 'chat.updated', data: chat(2, { title: 'Two' }), cursor: 'e-2' })
  await until(() => calls > 0)
  assert.equal(calls, 1)
  assert.notEqual(client.getState(), before)
  assert.equal(before.chats[0]!.title, 'A chat')
  end()
  client.close()
})
