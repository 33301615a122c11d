import assert from 'node:assert/strict'
import test from 'node:test'
import { createClient, memoryStorage, type Options, type Storage } from '../src/index.js'
import { json, scripted, tokens, until, user, type Play } from './scripted.js'

function login(play: Play): Play {
  return ({ path, body, ...request }) => path === '/token' ? json(tokens(Number(body.slice(-1)) || 1))
    : path === '/users/me' ? json({ ...user, id: request.headers.get('authorization')!.endsWith('2') ? 'u2' : 'u1' })
    : path === '/sync' ? json({ cursor: 'e-0', chats: [], running: [] })
    : path.startsWith('/events') || path === '/logout' ? json({}, 500) : play({ path, body, ...request })
}

/** A storage that holds back the reading of a key. */
function slow(storage: Storage, held: string) {
  let go!: () => void
  const opened = new Promise<void>(resolve => go = resolve)
  const state = { isAsked: false, go }
  const slowed: Storage = {
    get: async key => {
      const value = await storage.get(key)
      if (key === held && !state.isAsked) {
        state.isAsked = true
        await opened
      }
      return value
    },
    set: (key, value) => storage.set(key, value),
    remove: key => storage.remove(key),
  }
  return { storage: slowed, state }
}

/** A storage in which a message of `u1` waits, and whose session has ended or not. */
async function withWaiting(): Promise<Storage> {
  const storage = memoryStorage()
  const { fetch } = scripted(login(() => Promise.reject(new TypeError('fetch failed'))))
  const first = createClient({ url: 'http://test', fetch, storage })
  await first.login('ada', '1')
  first.send('c', { content: 'of ada' }).catch(() => {})
  while (!await storage.get('outbox:u1'))
    await new Promise(resolve => setTimeout(resolve, 5))
  first.close()
  return storage
}

for (const act of ['start', 'login'] as const)
  test(`A client that is closed in the middle of ${act} ends it, and sends nothing`, async () => {
    const { storage, state } = slow(await withWaiting(), 'outbox:u1')
    const { fetch, asked } = scripted(login(({ body }) => json({ seq: 1, sender: 'user', chat_id: 'c', ...JSON.parse(body) })))
    const client = createClient({ url: 'http://test', fetch, storage, transport: 'poll' })
    const acting = act === 'start' ? client.start() : client.login('ada', '1')
    await until(() => state.isAsked)

    client.close()
    state.go()
    await acting

    await new Promise(resolve => setTimeout(resolve, 20)) // a loop of promises alone would never let this end
    assert.ok(!asked.some(x => x.startsWith('POST /chats/')))
    await client.start() // and it can be begun again
    await until(() => asked.some(x => x.startsWith('POST /chats/')))
    client.close()
  })

test('An outbox that is read when its login has ended stays with its user', async () => {
  const plain = await withWaiting()
  const { storage, state } = slow(plain, 'outbox:u1')
  const { fetch, asked } = scripted(login(() => json({}, 500)))
  const client = createClient({ url: 'http://test', fetch, storage, transport: 'poll' })
  const first = client.login('ada', '1')
  await until(() => state.isAsked)
  await client.login('bob', '2')
  state.go()
  await first
  assert.deepEqual(client.getState().pending, {})
  assert.equal(client.getState().user?.id, 'u2')
  assert.ok(!asked.some(x => x.startsWith('POST /chats/')))
  assert.match((await plain.get('outbox:u1'))!, /of ada/)
  client.close()
})

test('A session that could be stored once goes on where the storage is full from then on', async () => {
  const storage = memoryStorage()
  const spent: string[] = []
  let valid = 1
  const { fetch } = scripted(({ path, body, headers }) => {
    if (path === '/token') {
      const refresh = new URLSearchParams(body).get('refresh_token')
      if (refresh)
        spent.push(refresh)
      return json(tokens(valid))
    }
    if (headers.get('authorization') !== `Bearer access-${valid}`)
      return json({ detail: 'Could not validate credentials', code: 'invalid_token' }, 401)
    return path === '/users/me' ? json(user) : json([])
  })
  let isFull = false
  const client = createClient({
    url: 'http://test', fetch, storage: {
      get: key => storage.get(key),
      set: (key, value) => isFull ? Promise.reject(new Error('It is full.')) : storage.set(key, value),
      remove: key => storage.remove(key),
    },
  })
  await client.login('ada', 'secret')
  isFull = true
  for (valid of [2, 3])
    assert.deepEqual(await client.request('GET', '/models'), [])
  assert.deepEqual(spent, ['refresh-1', 'refresh-2'])
  assert.equal(client.getState().user?.id, 'u1')
  client.close()
})

test('A socket that is closed before it is open may raise its error', async () => {
  const sockets: { onerror: unknown; isClosed?: boolean }[] = []
  class Opening {
    readyState = 0
    onerror: unknown
    isClosed = false
    constructor() {
      sockets.push(this)
    }
    close(): void {
      this.isClosed = true
    }
  }
  const { fetch } = scripted(login(() => json([])))
  const client = createClient({
    url: 'http://test', fetch, transport: 'socket', WebSocket: Opening as unknown as NonNullable<Options['WebSocket']> })
  await client.login('ada', '1')
  void client.start()
  await until(() => sockets.length === 1)
  client.close()
  assert.ok(sockets[0]!.isClosed)
  // `ws` throws what nobody listens for, and ends the process.
  assert.equal(typeof sockets[0]!.onerror, 'function')
})
