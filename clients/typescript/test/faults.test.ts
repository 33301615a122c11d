import assert from 'node:assert/strict'
import test from 'node:test'
import { Connection } from '../src/connection.js'
import { Http } from '../src/http.js'
import { createClient, memoryStorage, type Options } from '../src/index.js'
import type { Session } from '../src/session.js'
import { json, never, ready, scripted, stream, tokens, until, user, type Play } from './scripted.js'

const chat = (id: string) => ({
  id, title: id, created_at: 't', last_message_time: 't', last_message_content: '', last_seq: 0, changed: 0 })
const messageOf = (body: string) => ({ seq: 1, sender: 'user', chat_id: 'c', ...JSON.parse(body) })
const html = () => new Response('<h1>Welcome to our network</h1>', { headers: { 'content-type': 'text/html' } })
const silent: Play = ({ path }) => path === '/token' ? undefined : away()
const away = () => Promise.reject(new TypeError('fetch failed'))

/** Lets everything go on that waits for no time. */
async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++)
    await new Promise(resolve => setImmediate(resolve))
}

/** A server with the users ada and bob, whose tokens end in their names. */
function server(play: Play) {
  return scripted(request => {
    if (request.path === '/token') {
      const name = new URLSearchParams(request.body).get('username') ?? 'refreshed'
      return play(request) ?? json({ ...tokens(1), access_token: `access-${name}`, refresh_token: `refresh-${name}` })
    }
    if (request.path === '/users/me')
      return json(request.headers.get('authorization')!.endsWith('bob') ? { ...user, id: 'u2', username: 'bob' } : user)
    const { path, method, signal } = request
    return play(request) ?? (path === '/logout' ? json({ success: true })
      : path === '/sync' ? json({ cursor: 'e-0', chats: [chat('c')], running: [] })
      : path.startsWith('/events') ? never(signal)
      : path.includes('/messages/') && method === 'GET' ? json([]) : undefined)
  })
}

async function logIn(play: Play, options: Partial<Options> = {}) {
  const { fetch, asked } = server(play)
  const client = createClient({ url: 'http://test', fetch, ...options })
  await client.login('ada', 'secret')
  return { client, asked, fetch }
}

test('A tab does not go on with the login of another user', async () => {
  const storage = memoryStorage()
  const { client, fetch } = await logIn(({ path, headers }) => path === '/models'
    ? headers.get('authorization')!.endsWith('ada') ? json({}, 401) : json([]) : undefined, { storage })
  const other = createClient({ url: 'http://test', fetch, storage })
  await other.login('bob', 'secret')
  await assert.rejects(client.request('GET', '/models'), { status: 401 })
  assert.equal(client.getState().user, null)
  assert.deepEqual(await other.request('GET', '/models'), [])
  assert.match(String(storage.get('session')), /"u2"/)
  client.close()
  other.close()
})

test('What one user wrote is never sent by another, and waits for its writer', async () => {
  const storage = memoryStorage()
  const writers: string[] = []
  let isAway = true
  const { client } = await logIn(({ path, headers, body, signal }) => {
    if (!path.endsWith('/messages/'))
      return undefined
    writers.push(headers.get('authorization')!)
    return isAway ? never(signal) : json(messageOf(body))
  }, { storage })
  const sent = client.send('c', { content: 'Of ada' })
  await until(() => writers.length === 1)
  isAway = false
  await client.login('bob', 'secret') // without a logout
  await assert.rejects(sent, { code: 'closed' })
  assert.deepEqual(client.getState().pending, {})
  await client.send('c', { content: 'Of bob' })
  await client.login('ada', 'secret')
  await until(() => writers.length === 3)
  assert.deepEqual(writers.map(x => x.split('-')[1]), ['ada', 'bob', 'ada'])
  await until(() => !client.getState().pending.c)
  client.close()
})

test('A page of the network on the way is no answer', async () => {
  let isCaught = true
  const storage = memoryStorage()
  const { client } = await logIn(({ path, body }) => {
    if (isCaught && path !== '/token')
      return html()
    return path.endsWith('/messages/') ? json(messageOf(body)) : undefined
  }, { storage })
  const sent = client.send('c', { content: 'Hello' })
  await assert.rejects(client.updateChat('c', { title: 'x' }), { code: 'network' })
  await assert.rejects(client.upload(new Blob(['x'])), { code: 'network' })
  assert.equal(await client.request('GET', '/page'), '<h1>Welcome to our network</h1>')
  isCaught = false
  assert.equal((await sent).content, 'Hello')
  assert.match(String(storage.get('session')), /refresh-ada/)
  client.close()
})

test('The outbox does not run hot where something fails that is no answer', async t => {
  let calls = 0
  const { client } = await logIn(({ path }) => {
    if (!path.endsWith('/messages/'))
      return undefined
    calls++
    return new Response('{"id":', { headers: { 'content-type': 'application/json' } })
  })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  void client.send('c', { content: 'Hello' })
  await turns(50)
  assert.equal(calls, 1)
  t.mock.timers.tick(1000)
  await turns(50)
  assert.equal(calls, 2)
  assert.equal(client.getState().pending.c?.[0]?.state, 'waiting')
  client.close()
})

test('A logout while the first state is fetched ends everything', async () => {
  const { client, asked } = await logIn(({ path, signal }) => path === '/sync' ? never(signal) : undefined)
  const started = client.start()
  await until(() => asked.includes('GET /sync'))
  const opened = client.open('c')
  await client.logout()
  await started
  await assert.rejects(opened, { status: 401 })
  await assert.rejects(client.open('c'), { status: 401 })
  await assert.rejects(client.send('c', { content: 'Hello' }), { status: 401 })
  assert.equal(client.getState().status, 'logged-out')
  client.close()
})

test('A request that ends its own login is answered', async () => {
  let answer = () => {}
  const { client } = await logIn(({ path, signal }) => path === '/logout/all'
    ? Promise.race([never(signal), new Promise<Response>(resolve => answer = () => resolve(json({ success: true })))])
    : undefined)
  const ended = client.request('POST', '/logout/all')
  await client.logout() // as the close code of the connection does
  answer()
  assert.deepEqual(await ended, { success: true })
  client.close()
})

test('A logout forgets on the device at once, also where the server does not answer', async () => {
  const storage = memoryStorage()
  const { client, asked } = await logIn(({ path, signal }) => path === '/logout' ? never(signal) : undefined, { storage })
  void client.start()
  await until(() => asked.some(x => x.startsWith('GET /events')))
  const loggedOut = client.logout()
  await until(() => asked.includes('POST /logout'))
  assert.equal(client.getState().user, null)
  for (const key of ['session', 'state:u1', 'outbox:u1'])
    assert.ok([undefined, null, '[]'].includes(storage.get(key) as string | undefined), key)
  client.close()
  await loggedOut
})

test('A listener that throws is reported, and the others are called', async t => {
  const reported = t.mock.method(console, 'error', () => {})
  const { client } = await logIn(silent)
  let calls = 0
  client.subscribe(() => {
    throw new Error('of a listener')
  })
  client.subscribe(() => calls++)
  void client.send('c', { content: 'Hello' })
  await until(() => calls > 0)
  assert.match(String(reported.mock.calls[0]!.arguments[0]), /of a listener/)
  client.close()
})

test('What is under way at a close is sent by the start that follows', async () => {
  let calls = 0
  const { client } = await logIn(({ path, body, signal }) => !path.endsWith('/messages/') ? undefined
    : ++calls === 1 ? never(signal) : json(messageOf(body)))
  const sent = client.send('c', { content: 'Hello' })
  await until(() => calls === 1)
  client.close()
  void client.start()
  await assert.rejects(sent, { code: 'closed' })
  await until(() => calls === 2)
  await until(() => !client.getState().pending.c)
  client.close()
})

test('What waits for a chat stays where the chat cannot be deleted', async () => {
  const { client } = await logIn(silent)
  void client.send('c', { content: 'Hello' })
  await assert.rejects(client.deleteChat('c'), { code: 'network' })
  assert.equal(client.getState().pending.c?.length, 1)
  client.close()
})

test('A storage that is full gives the place of the state to what waits', async () => {
  const values = new Map([['state:u1', 'x']])
  const { client } = await logIn(silent, { storage: {
    get: key => values.get(key), remove: key => void values.delete(key),
    set: (key, value) => {
      if (values.has('state:u1'))
        throw new Error('QuotaExceededError')
      values.set(key, value)
    },
  } })
  assert.ok(values.has('session'))
  values.set('state:u1', 'x')
  void client.send('c', { content: 'Hello' })
  await until(() => !!values.get('outbox:u1')?.includes('Hello'))
  client.close()
})

test('A chat that is refused holds up no other, and at most four are fetched at once', async () => {
  let [now, most] = [0, 0]
  const { client } = await logIn(({ path }) => {
    if (!path.includes('/messages/'))
      return undefined
    if (path.includes('bad'))
      return json({ detail: 'Not an id', code: 'validation_error' }, 422)
    most = Math.max(most, ++now)
    return new Promise(resolve => setTimeout(() => {
      now--
      resolve(json([]))
    }, 10))
  })
  void client.start()
  await until(() => client.getState().chats.length === 1)
  const chats = Array.from({ length: 9 }, (_, at) => client.open(`chat-${at}`))
  await assert.rejects(client.open('bad'), { status: 422 })
  await Promise.all(chats)
  assert.equal(most, 4)
  client.close()
})

test('A state that cannot be fetched is not asked for with every frame', async () => {
  const events = stream()
  let syncs = 0
  const { client } = await logIn(({ path }) => path.startsWith('/events') ? events.response
    : path === '/sync' && ++syncs > 1 ? json({ detail: 'Busy' }, 503, { 'retry-after': '5' }) : undefined)
  void client.start()
  events.send(ready)
  await until(() => client.getState().status === 'live')
  for (let at = 5; at < 25; at++) {
    events.send({ type: 'chat.updated', data: chat('c'), cursor: `e-${at}` })
    await turns(5)
  }
  assert.equal(syncs, 2)
  client.close()
})

test('A stored state that cannot be read is none', async () => {
  for (const text of ['{', '{}', '{"version":1}', '{"version":99}']) {
    const storage = memoryStorage()
    await storage.set('state:u1', text)
    await storage.set('outbox:u1', '[')
    const { client } = await logIn(() => undefined, { storage })
    void client.start()
    await until(() => client.getState().chats.length === 1)
    client.close()
  }
})

test('Ids in upper case are those of the server', async () => {
  const { client, asked } = await logIn(({ path, body, method }) =>
    method === 'POST' && path.endsWith('/messages/') ? json(messageOf(body)) : undefined)
  void client.start()
  await client.open('C')
  const message = await client.send('C', { id: 'ABC', content: 'Hello' })
  assert.equal(message.id, 'abc')
  assert.deepEqual(client.getState().messages.c?.map(x => x.id), ['abc'])
  assert.ok(asked.includes('POST /chats/c/messages/'))
  client.close()
})

test('A message that is sent or retried twice is one', async () => {
  let isAway = true
  const { client } = await logIn(({ path, body }) => !path.endsWith('/messages/') ? undefined
    : isAway ? away() : json(messageOf(body)))
  const sent = [1, 2].map(() => client.send('c', { id: 'm', content: 'Hello' }))
  sent.push(client.retrySend('c', 'm'))
  assert.equal(client.getState().pending.c?.length, 1)
  isAway = false
  assert.deepEqual((await Promise.all(sent)).map(x => x.id), ['m', 'm', 'm'])
  client.close()
})

test('A device that wakes ends a stream that it has not heard of lately', async t => {
  const streams = [stream(), stream()]
  const { fetch, asked } = scripted(() => streams[asked.length - 1]!.response)
  let isLive = false
  const connection = new Connection(new Http('http://test', fetch), { token: () => 'access' } as unknown as Session, {
    cursor: () => Promise.resolve('e-0'), take: () => {}, lost: () => {}, status: x => isLive = x === 'live',
  }, undefined)
  const run = connection.run()
  streams[0]!.send(ready)
  await until(() => isLive)
  const now = Date.now
  t.mock.method(Date, 'now', () => now() + 40_000)
  connection.doubt()
  await until(() => asked.length === 2)
  streams[1]!.send(ready)
  await until(() => isLive)
  connection.close()
  await run
})

test('A closed client leaves no timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter(x => x === 'Timeout').length
  const before = timers()
  const events = stream()
  const { client } = await logIn(({ path, method }) => path.startsWith('/events') ? events.response
    : method === 'POST' && path !== '/token' ? away() : undefined)
  void client.start()
  events.send(ready)
  await until(() => client.getState().status === 'live')
  void client.send('c', { content: 'Hello' })
  void client.upload(new Blob(['x'])).catch(() => {})
  await client.open('c')
  client.close()
  await turns(5)
  assert.ok(timers() <= before)
})
