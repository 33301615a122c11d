import type { Chat } from 'cote-client'
import { useMemo } from 'preact/hooks'
import { useClient } from '../state/client.ts'
import { period } from '../ui/format.ts'

export interface Section {
  name: string
  chats: Chat[]
}

/** The chats as the list shows them: pinned ones first, then by the time of their last message. */
export function useChatList(archived: boolean): Section[] {
  const chats = useClient((s) => s.chats)
  return useMemo(() => {
    const shown = chats.filter((c) => !!c.is_archived === archived)
    const pinned = shown.filter((c) => c.is_pinned && !archived)
    const sections: Section[] = pinned.length ? [{ name: 'Pinned', chats: pinned }] : []
    for (const chat of shown) {
      if (chat.is_pinned && !archived) continue
      const name = period(chat.last_message_time)
      const last = sections[sections.length - 1]
      if (last?.name === name) last.chats.push(chat)
      else sections.push({ name, chats: [chat] })
    }
    return sections
  }, [chats, archived])
}

/** The chat above or below one in the list. */
export function neighbour(sections: Section[], id: string | undefined, by: number) {
  const ids = sections.flatMap((s) => s.chats.map((c) => c.id))
  const at = id ? ids.indexOf(id) : -1
  return at < 0 ? ids[by > 0 ? 0 : ids.length - 1] : ids[at + by]
}

export const titleOf = (chat: { title: string } | undefined) => chat?.title || 'Untitled'
