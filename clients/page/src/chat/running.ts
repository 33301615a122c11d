import type { Message, State } from 'cote-client'
import { client } from '../state/client.ts'
import { fail } from '../ui/toast.tsx'

const open = new Set(['queued', 'running', 'waiting'])

/** A reply that has not ended: it is made, waits its turn, or waits for an answer. */
export const isOpenReply = (m: Message) => m.sender === 'ai' && open.has(m.generation?.state ?? '')

/** The question at the end of the path whose reply is not listed yet. */
export function unanswered(messages: Message[] | undefined): Message | undefined {
  const last = messages?.[messages.length - 1]
  return last?.sender === 'user' && last.reply_id && last.status !== 'read' && !last.generation?.error
    ? last
    : undefined
}

export function isRunning(state: State, chat: string) {
  const messages = state.messages[chat]
  return !!messages?.some(isOpenReply) || !!unanswered(messages) || !!state.typing[chat]
}

export const stopChat = (chat: string) => {
  client.stop(chat).catch(fail)
}
