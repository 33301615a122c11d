import type { Message } from 'cote-client'
import { useRef, useState } from 'preact/hooks'
import { client } from '../state/client.ts'

/** How many messages are shown at first, and added each time. */
const page = 40

/**
 * A long chat is shown by its end; the rest comes as the reader goes up, or as an address names a message. What is
 * shown does not
 * move as new messages come.
 */
export function useWindow(chat: string, messages: Message[] | undefined, target: string | undefined) {
  const [, again] = useState(0)
  const floor = useRef<number | undefined>(undefined)
  const count = messages?.length ?? 0
  const at = (index: number) => messages?.[Math.max(0, index)]?.seq
  if (floor.current === undefined && count) floor.current = at(count - page)

  const from = () => {
    const first = messages?.findIndex((m) => m.seq >= floor.current!) ?? 0
    // Another branch may end below what was shown first.
    return Math.max(0, Math.min(first < 0 ? count : first, count - page))
  }
  const found = target ? (messages?.findIndex((m) => m.id === target) ?? -1) : -1
  if (found >= 0 && found < from()) floor.current = at(found - 4)

  const start = from()
  const back = async () => {
    if (start > 0) floor.current = at(start - page)
    else {
      await client.more(chat)
      const now = client.getState().messages[chat] ?? []
      const index = now.findIndex((m) => m.id === messages?.[0]?.id)
      floor.current = now[Math.max(0, index - page)]?.seq
    }
    again((n) => n + 1)
  }
  return { shown: start ? messages?.slice(start) : messages, hidden: start > 0, back }
}
