import type { Shared, SharedMessage } from './types.ts'

export interface Frame {
  type: string
  data: SharedMessage & { offset?: number; text?: string; reason?: string }
}

/** The chat after a frame. One that does not fit changes nothing: a snapshot or the whole message follows. */
export function apply(chat: Shared, { type, data }: Frame): Shared {
  const index = chat.messages.findIndex((message) => message.place === data.place)
  const held = chat.messages[index]
  if (type === 'message')
    return put(chat, index, { ...data, attempt: undefined, ended: true })
  if (type === 'message.snapshot')
    return held?.ended ? chat : put(chat, index, { timestamp: held?.timestamp, ...data })
  if (type !== 'message.delta' || !held || held.attempt !== data.attempt)
    return chat
  const { offset = 0, text = '' } = data
  if (offset > held.content.length || offset + text.length <= held.content.length)
    return chat
  return put(chat, index, { ...held, content: held.content.slice(0, offset) + text })
}

function put(chat: Shared, index: number, message: SharedMessage): Shared {
  const messages = index < 0
    ? [...chat.messages, message].sort((a, b) => a.place - b.place)
    : chat.messages.map((held, at) => at === index ? message : held)
  return { ...chat, messages }
}
