import assert from 'node:assert/strict'
import test from 'node:test'
import { Replica, type Saved } from '../src/replica.js'
import type { Chat, Frame, Message, Sync } from '../src/types.js'

const row = (id: string, changed: number, more: object = {}) => ({
  id, title: id, created_at: '1', last_message_time: '5', last_message_content: '', last_seq: 9, changed,
  activity: changed, ...more,
}) as Chat
const message = (seq: number, more: object = {}) => ({
  id: `m${seq}`, chat_id: 'c', seq, content: `${seq}`, sender: 'user', timestamp: '5', status: 'sent',
  parent_id: seq > 1 ? `m${seq - 1}` : null, ...more,
}) as Message
const sync = (cursor: string, chats: Chat[]) => ({ cursor, chats, running: [] }) as Sync
const frame = (type: string, data: object, number?: number) =>
  ({ type, data, ...number && { cursor: `e-${number}` } }) as Frame

/** A replica of one chat with the messages 5 to 9, older ones not fetched. */
function opened(): Replica {
  const replica = new Replica()
  replica.sync(sync('e-10', [row('c', 10)]))
  replica.open('c')
  replica.begin({ chat_id: 'c', after: null })
  replica.fetched('c', null, [5, 6, 7, 8, 9].map(x => message(x)), true)
  return replica
}

test('A sync between a first fetch and its answer has the messages fetched again', () => {
  const replica = new Replica()
  replica.sync(sync('e-10', [row('c', 10)]))
  replica.open('c')
  replica.begin({ chat_id: 'c', after: null })
  replica.needSync()
  replica.sync(sync('e-12', [row('c', 12)]))
  replica.fetched('c', null, [message(1)])
  assert.deepEqual(replica.wanted(), [{ chat_id: 'c', after: null }])
})

for (const [type, data] of Object.entries({
  'message.status': { chat_id: 'c', message_id: 'm2', status: 'read' },
  'message.feedback': { chat_id: 'c', message_id: 'm2', feedback: { rating: 1 } },
  'message': message(2, { on_path: false }),
}))
  test(`An older page that ${type} overtakes is fetched once more`, () => {
    const replica = opened()
    const { floor, edition } = replica.place('c')!
    assert.equal(floor, 4)
    replica.apply(frame(type, data, 11))
    assert.equal(replica.older('c', { floor, edition }, [1, 2, 3, 4].map(x => message(x)), false), false)
    const again = replica.place('c')!
    assert.equal(replica.older('c', { floor, edition: again.edition }, [1, 2, 3, 4].map(x => message(x)), false), true)
    assert.equal(replica.messages('c').length, 9)
  })

test('What followed a reply that was deleted unseen follows its question', () => {
  const replica = new Replica()
  replica.sync(sync('e-10', [row('c', 10)]))
  replica.open('c')
  replica.begin({ chat_id: 'c', after: null })
  replica.fetched('c', null, [message(1, { reply_id: 'm2' }), message(3, { reply_id: 'm4' })])
  assert.deepEqual(replica.messages('c').map(x => x.parent_id), [null, 'm2'])
  replica.apply(frame('message.deleted', { chat_id: 'c', message_id: 'm2' }, 11))
  assert.deepEqual(replica.messages('c').map(x => x.parent_id), [null, 'm1'])
})

test('What the oldest message follows is fetched where its parent, which is not held, is deleted', () => {
  const replica = opened()
  replica.apply(frame('message.deleted', { chat_id: 'c', message_id: 'm3' }, 11))
  replica.apply(frame('message.deleted', { chat_id: 'c', message_id: 'm4' }, 12))
  const again = { chat_id: 'c', after: 4 }
  assert.deepEqual(replica.wanted().filter(x => x !== 'sync' && 'chat_id' in x), [again])
  replica.begin(again)
  replica.fetched('c', 4, [5, 6, 7, 8, 9].map(x => message(x, x === 5 ? { parent_id: 'm2' } : {})), true)
  assert.deepEqual(replica.messages('c').map(x => x.parent_id), ['m2', 'm5', 'm6', 'm7', 'm8'])
})

test('An older page that a sync overtakes is fetched once more', () => {
  const replica = opened()
  const { floor, edition } = replica.place('c')!
  replica.needSync()
  replica.sync(sync('e-12', [row('c', 12)]))
  assert.equal(replica.older('c', { floor, edition }, [1, 2, 3, 4].map(x => message(x)), false), false)
})

test('Imported chats stand below the others, where their activity says', () => {
  const replica = opened()
  replica.apply(frame('chat.created', row('older', 11, { activity: -9 }), 11))
  replica.apply(frame('chat.created', row('old', 12, { activity: -5 }), 12))
  replica.apply(frame('chat.created', row('new', 13), 13))
  assert.deepEqual(replica.wanted(), [])
  assert.deepEqual(replica.chats.map(x => x.id), ['new', 'c', 'old', 'older'])
})

test('A chat whose answer comes before the events of others stays above them', () => {
  const replica = opened()
  replica.put({ chat: row('new', 12) })
  replica.apply(frame('message', message(10), 11))
  replica.apply(frame('chat.created', row('new', 12), 12))
  assert.deepEqual(replica.chats.map(x => x.id), ['new', 'c'])
})

test('A message whose answer comes before the events of others has its chat above them', () => {
  const replica = opened()
  replica.apply(frame('chat.created', row('b', 11), 11))
  replica.put({ message: message(10) })
  assert.deepEqual(replica.chats.map(x => x.id), ['c', 'b'])
  replica.apply(frame('message', message(1, { chat_id: 'b' }), 12))
  replica.apply(frame('message', message(10), 13))
  assert.deepEqual(replica.chats.map(x => x.id), ['c', 'b'])
})

test('A deletion moves a chat down below one of the same millisecond', () => {
  const replica = opened()
  replica.apply(frame('chat.created', row('b', 11), 11))
  replica.apply(frame('message', message(10), 12))
  replica.apply(frame('message.deleted', { chat_id: 'c', message_id: 'm10' }, 13))
  replica.begin({ chat: 'c' })
  assert.deepEqual(replica.chats.map(x => x.id), ['c', 'b'])
  replica.row(row('c', 13, { activity: 10 }))
  assert.deepEqual(replica.chats.map(x => x.id), ['b', 'c'])
})

test('A saved state has the newest messages of a chat, and what was still to be fetched', () => {
  const replica = opened()
  replica.apply(frame('message.deleted', { chat_id: 'c', message_id: 'm9' }, 11))
  replica.begin({ chat: 'c' })
  replica.apply(frame('chat.path', { chat_id: 'c', after_seq: 7, leaf_id: 'm7', last_message_content: '7' }, 12))
  replica.begin({ chat_id: 'c', after: 7 })
  const next = new Replica()
  next.load(JSON.parse(JSON.stringify(replica.save(['c'], 2))) as Saved)
  assert.deepEqual(next.messages('c').map(x => x.seq), [6, 7])
  assert.equal(next.place('c')!.floor, 5)
  assert.equal(next.isCurrent('c'), false)
  assert.deepEqual(next.wanted(), [{ chat: 'c' }, { chat_id: 'c', after: 7 }])
})

test('The messages of the twenty chats that were opened last are held', () => {
  const replica = opened()
  for (let at = 1; at <= 20; at++) {
    replica.open(`c${at}`)
    replica.begin({ chat_id: `c${at}`, after: null })
    replica.fetched(`c${at}`, null, [])
  }
  assert.equal(replica.held.length, 20)
  assert.deepEqual(replica.messages('c'), [])
  replica.open('c')
  assert.deepEqual(replica.wanted(), [{ chat_id: 'c', after: null }])
})

for (const end of ['answered', 'refused', 'cut'])
  test(`A fetch for what was let go, which is ${end} after the chat is opened again, says nothing of it`, () => {
    const saved = opened()
    saved.apply(frame('chat.path', { chat_id: 'c', after_seq: 7, leaf_id: 'm7', last_message_content: '7' }, 11))
    const replica = new Replica()
    replica.load(JSON.parse(JSON.stringify(saved.save(['c']))) as Saved)
    const old = { chat_id: 'c', after: 7 }
    assert.deepEqual(replica.wanted(), [old])
    replica.begin(old)
    replica.apply(frame('chat.path', { chat_id: 'c', after_seq: 5, leaf_id: 'm5', last_message_content: '5' }, 12))
    assert.equal(replica.messagesAreHeld('c'), false)
    replica.open('c')
    assert.deepEqual(replica.wanted(), [])
    if (end === 'answered')
      replica.fetched('c', 7, [message(8)])
    else
      replica.failed(old, end === 'refused')
    assert.equal(replica.messagesAreHeld('c'), false)
    assert.deepEqual(replica.wanted(), [{ chat_id: 'c', after: null }])
    replica.begin({ chat_id: 'c', after: null })
    replica.fetched('c', null, [1, 2].map(x => message(x)))
    assert.deepEqual(replica.messages('c').map(x => x.seq), [1, 2])
  })
