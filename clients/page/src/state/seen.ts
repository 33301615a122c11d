import type { Chat } from 'cote-client'
import { read, write } from './local.ts'

// A chat is unread on this device where something came after it was shown here last.
let times = read<Record<string, string>>('seen') ?? {}
let since = read<string>('seen.since')

/** Takes the moment of the first look: what is older counts as seen. */
export function begin() {
  if (since) return
  since = new Date().toISOString()
  write('seen.since', since)
}

export function end() {
  times = {}
  since = undefined
}

export const isUnread = (chat: Chat) =>
  !!since &&
  chat.last_message_time > since &&
  chat.last_message_time > (times[chat.id] ?? '') &&
  chat.last_message_content !== ''

export function see(chat: Chat) {
  if ((times[chat.id] ?? '') >= chat.last_message_time) return
  times = { ...times, [chat.id]: chat.last_message_time }
  write('seen', times)
}
