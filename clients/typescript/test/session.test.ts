import assert from 'node:assert/strict'
import test from 'node:test'
import { createClient, CoteError, memoryStorage } from '../src/index.js'
import { json, scripted, tokens, user } from './scripted.js'

/** Locks as tabs of one browser share them. */
function sharedLocks() {
  let last = Promise.resolve<unknown>(undefined)
  return {
    request: (_: string, act: () => Promise<unknown>) => last = last.then(act, act),
  } as unknown as Pick<LockManager, 'request'>
}

/** A server with one session, whose access tokens before `valid` have expired. */
function server() {
  const state = { valid: 1, spent: [] as string[] }
  const { fetch, asked } = scripted(({ path, body, headers }) => {
    if (path === '/token') {
      const form = new URLSearchParams(body)
      const refresh = form.get('refresh_token')
      if (refresh === null)
        return json(tokens(1))
      if (refresh !== `refresh-${state.valid - 1}` || state.spent.includes(refresh))
        return json({ detail: 'It was used before.', code: 'invalid_refresh_token' }, 401)
      state.spent.push(refresh)
      return json(tokens(state.valid))
    }
    if (headers.get('authorization') !== `Bearer access-${state.valid}`)
      return json({ detail: 'Could not validate credentials', code: 'invalid_token' }, 401)
    return path === '/users/me' ? json(user) : path === '/models' ? json([]) : json({ success: true })
  })
  return { state, fetch, asked }
}

test('Two tabs refresh one session once, whoever is first', async () => {
  const { state, fetch, asked } = server()
  const options = { url: 'http://test', fetch, storage: memoryStorage(), locks: sharedLocks() }
  const [one, other] = [createClient(options), createClient(options)]
  await one.login('ada', 'secret')
  await other.start() // by the same storage
  state.valid = 2
  const answers = await Promise.all([one, other, one, other].map(x => x.request('GET', '/models')))
  assert.deepEqual(answers, [[], [], [], []])
  assert.deepEqual(state.spent, ['refresh-1'])
  state.valid = 3
  await other.request('GET', '/models')
  await one.request('GET', '/models') // its own refresh token is the old one
  assert.deepEqual(state.spent, ['refresh-1', 'refresh-2'])
  assert.equal(asked.filter(x => x === 'POST /token').length, 3)
  one.close()
  other.close()
})

test('Without locks, a tab whose refresh token was spent takes what the other has stored', async () => {
  const { state, fetch } = server()
  const storage = memoryStorage()
  const options = { url: 'http://test', fetch, storage, locks: null }
  const [one, other] = [createClient(options), createClient(options)]
  await one.login('ada', 'secret')
  await other.start()
  state.valid = 2
  await Promise.all([one.request('GET', '/models'), other.request('GET', '/models')].map(x => x.catch(() => {})))
  assert.equal(one.getState().user?.id, 'u1')
  assert.equal(other.getState().user?.id, 'u1')
  assert.deepEqual(await other.request('GET', '/models'), [])
  one.close()
  other.close()
})

test('A refresh token that the server refuses ends the login; a network that is away does not', async () => {
  const { state, fetch } = server()
  let isAway = false
  const client = createClient({
    url: 'http://test', storage: memoryStorage(),
    fetch: (...call) => isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(...call),
  })
  await client.login('ada', 'secret')
  isAway = true
  await assert.rejects(client.request('GET', '/models'), { code: 'network' })
  assert.equal(client.getState().user?.id, 'u1')
  isAway = false
  state.valid = 5
  await assert.rejects(client.request('GET', '/models'), { status: 401 })
  assert.equal(client.getState().status, 'logged-out')
  assert.equal(client.getState().user, null)
  client.close()
})

test('A registration whose answer was lost is not told that the name is taken', async () => {
  let tries = 0
  const { fetch } = scripted(({ path }) => {
    if (path === '/users/')
      return ++tries === 1 ? Promise.reject(new TypeError('fetch failed'))
        : json({ detail: 'Username already registered', code: 'username_taken' }, 400)
    return json(path === '/token' ? tokens(1) : user)
  })
  const client = createClient({ url: 'http://test', fetch })
  assert.equal((await client.register('ada', 'ada@example.com', 'secret')).username, 'ada')
  assert.equal(tries, 2)
  await assert.rejects(client.register({ username: 'ada', email: 'x', password: 'y' }), { code: 'username_taken' })
  client.close()
})

test('An error is a sentence, where the server sent a list of fields too', async () => {
  const detail = [{ type: 'missing', loc: ['body', 'title'], msg: 'Field required', input: {} }]
  const { fetch } = scripted(({ path }) => path === '/x'
    ? json({ detail, code: 'validation_error' }, 422)
    : new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'retry-after': '7' } }))
  const client = createClient({ url: 'http://test/', fetch })
  const wrong = await client.request('POST', '/x', {}).catch(x => x as CoteError) as CoteError
  assert.equal(wrong.detail, 'title: Field required')
  assert.deepEqual(wrong.fields?.[0]?.loc, ['body', 'title'])
  const gateway = await client.request('GET', '/y').catch(x => x as CoteError) as CoteError
  assert.deepEqual([gateway.code, gateway.retryAfter, gateway.detail], ['http_502', 7, 'The server answered 502.'])
})
