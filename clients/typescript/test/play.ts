import assert from 'node:assert/strict'
import { isOpen } from '../src/replies.js'
import { Replica, type Saved, type Want } from '../src/replica.js'
import type { Chat, Frame, Message, Sync } from '../src/types.js'

export interface Expectation {
  cursor: string | null
  chats: Omit<Chat, 'changed'>[]
  messages: { [chat_id: string]: Message[] }
}

export type Step =
  | { frame: Frame }
  | { sync: Sync }
  | { open: string }
  | { want: Want[] }
  | { chat: Chat }
  | { put: { chat: Chat } | { message: Message } }
  | { reload: true }
  | { messages: { chat_id: string; after: number | null; items: Message[]; more?: boolean } }
  | { expect: { messages: { [chat_id: string]: { id: string; content: string }[] } } }

export interface Vector {
  name: string
  about: string
  steps: Step[]
  expect: Expectation
}

/** Takes one step. A `want` is asserted, and from then on what it names is being fetched; a `reload` is a restart. */
export function take(replica: Replica, step: Step): Replica {
  if ('frame' in step)
    replica.apply(step.frame)
  else if ('open' in step)
    replica.open(step.open)
  else if ('want' in step) {
    assert.deepEqual(replica.wanted(), step.want)
    step.want.forEach(x => replica.begin(x))
  } else if ('sync' in step)
    replica.sync(step.sync)
  else if ('chat' in step)
    replica.row(step.chat)
  else if ('put' in step)
    replica.put(step.put)
  else if ('reload' in step) {
    const saved = JSON.stringify(replica.save(replica.held))
    replica = new Replica()
    replica.load(JSON.parse(saved) as Saved)
  }
  else if ('messages' in step)
    replica.fetched(step.messages.chat_id, step.messages.after, step.messages.items, step.messages.more)
  else
    for (const [id, items] of Object.entries(step.expect.messages))
      assert.deepEqual(replica.messages(id).map(x => ({ id: x.id, content: x.content })), items)
  return replica
}

/** What a replica holds, in the form of an expectation. */
export function held(replica: Replica, chat_ids: string[]): Expectation {
  return {
    cursor: replica.cursor,
    chats: replica.chats.map(withoutChanged),
    messages: Object.fromEntries(chat_ids.map(id => [id, replica.messages(id).map(comparable)])),
  }
}

/** One write may be several events, of which the chats that it touches keep the last: no frame tells. */
export function withoutChanged({ changed: _, ...chat }: Chat): Omit<Chat, 'changed'> {
  return chat
}

/** When an open reply was listed first, and its status, no frame tells. */
export function comparable(message: Message): Message {
  if (!isOpen(message))
    return message
  const { timestamp: _, status: __, ...rest } = message
  return rest as Message
}

export function play(vector: Vector): Replica {
  let replica = new Replica()
  for (const step of vector.steps)
    replica = take(replica, step)
  assert.deepEqual(held(replica, Object.keys(vector.expect.messages)), vector.expect)
  return replica
}
