import assert from 'node:assert/strict'
import test from 'node:test'
import { createClient, CoteError, memoryStorage } from '../src/index.js'
import { json, scripted, tokens, until, user, type Play } from './scripted.js'

function login(play: Play): Play {
  return request => request.path === '/token' ? json(tokens(1))
    : request.path === '/users/me' ? json(user) : play(request)
}
const messageOf = (body: string) =>
  ({ seq: 1, sender: 'user', chat_id: 'c', ...JSON.parse(body) as { content: string } })

test('A lost answer, a busy server and a full one lead to one message with one id', async () => {
  const bodies: string[] = []
  const { fetch } = scripted(login(({ body }) => {
    bodies.push(body)
    return [
      () => Promise.reject(new TypeError('fetch failed')),
      () => json({ detail: 'Busy', code: 'busy' }, 503, { 'retry-after': '0' }),
      () => json({ detail: 'Slower', code: 'rate_limited' }, 429, { 'retry-after': '0' }),
      () => json(messageOf(body)),
    ][bodies.length - 1]!()
  }))
  const client = createClient({ url: 'http://test', fetch })
  await client.login('ada', 'secret')
  const message = await client.send('c', { content: 'Hello' })
  assert.equal(bodies.length, 4)
  assert.equal(new Set(bodies).size, 1)
  assert.equal(message.id, (JSON.parse(bodies[0]!) as { id: string }).id)
  assert.deepEqual(client.getState().pending, {})
  client.close()
})

test('Messages of a chat go out in order, those of another chat do not wait for them', async () => {
  const order: string[] = []
  let isAway = true
  const { fetch } = scripted(login(({ path, body }) => {
    if (path.startsWith('/chats/a/') && isAway)
      return Promise.reject(new TypeError('fetch failed'))
    order.push((JSON.parse(body) as { content: string }).content)
    return json(messageOf(body))
  }))
  const client = createClient({ url: 'http://test', fetch })
  await client.login('ada', 'secret')
  const sent = ['1', '2', '3'].map(content => client.send('a', { content }))
  await client.send('b', { content: 'elsewhere' })
  assert.deepEqual(client.getState().pending.a?.map(x => [x.content, x.state]),
    [['1', 'waiting'], ['2', 'waiting'], ['3', 'waiting']])
  isAway = false
  await Promise.all(sent)
  assert.deepEqual(order, ['elsewhere', '1', '2', '3'])
  client.close()
})

test('What was not answered is sent by the next client with the same storage, with the same id', async () => {
  const storage = memoryStorage()
  const bodies: string[] = []
  let isAway = true // however often the first client tries
  const { fetch } = scripted(login(({ path, body, method }) => {
    if (method === 'GET')
      return path.startsWith('/sync') ? json({ cursor: 'e-0', chats: [], running: [] }) : json([], 503)
    bodies.push(body)
    return isAway ? Promise.reject(new TypeError('fetch failed')) : json(messageOf(body))
  }))
  const first = createClient({ url: 'http://test', fetch, storage })
  await first.login('ada', 'secret')
  const lost = first.send('c', { content: 'Hello' })
  await until(() => bodies.length > 0)
  first.close()
  await assert.rejects(lost, { code: 'closed' })
  isAway = false
  const tries = bodies.length
  const second = createClient({ url: 'http://test', fetch, storage })
  await second.start()
  await until(() => bodies.length > tries)
  await until(() => !second.getState().pending.c)
  assert.equal(new Set(bodies).size, 1)
  second.close()
})

test('A refused message stays until it is retried or dismissed, and those behind it go on', async () => {
  let isRefused = true
  // The content alone: an id may have these letters too.
  const { fetch } = scripted(login(({ body }) => messageOf(body).content.includes('bad') && isRefused
    ? json({ detail: 'Too long', code: 'validation_error' }, 422) : json(messageOf(body))))
  const client = createClient({ url: 'http://test', fetch })
  await client.login('ada', 'secret')
  const [bad, worse, good] = ['bad', 'worse and bad', 'good'].map(content => client.send('c', { content }))
  await assert.rejects(bad!, (error: CoteError) => error.status === 422 && error.detail === 'Too long')
  await assert.rejects(worse!)
  await good
  const [one, other] = client.getState().pending.c!
  assert.deepEqual([one!.state, one!.error?.detail, other!.content], ['failed', 'Too long', 'worse and bad'])
  isRefused = false
  assert.equal((await client.retrySend('c', one!.id)).id, one!.id)
  client.dismiss('c', other!.id)
  assert.deepEqual(client.getState().pending, {})
  client.close()
})

test('A parent that was deleted meanwhile is no reason to lose a message', async () => {
  const parents: unknown[] = []
  const { fetch } = scripted(login(({ body }) => {
    const { parent_id } = JSON.parse(body) as { parent_id?: string }
    parents.push(parent_id)
    return parent_id ? json({ detail: [{ loc: ['body', 'parent_id'], msg: 'No message of this chat' }] }, 422)
      : json(messageOf(body))
  }))
  const client = createClient({ url: 'http://test', fetch })
  await client.login('ada', 'secret')
  await client.send('c', { content: 'Hello', parent_id: 'gone' })
  assert.deepEqual(parents, ['gone', undefined])
  client.close()
})

test('Two tabs share one list of what waits', async () => {
  const storage = memoryStorage()
  const { fetch } = scripted(login(() => Promise.reject(new TypeError('fetch failed'))))
  const tabs = [1, 2].map(() => createClient({ url: 'http://test', fetch, storage }))
  await tabs[0]!.login('ada', 'secret')
  await tabs[1]!.login('ada', 'secret')
  void tabs[0]!.send('c', { content: 'one' })
  await until(() => String(storage.get('outbox:u1')).includes('one'))
  void tabs[1]!.send('c', { content: 'two' })
  await until(() => String(storage.get('outbox:u1')).includes('two'))
  assert.ok(String(storage.get('outbox:u1')).includes('one'))
  tabs.forEach(x => x.close())
})
