import type { Message } from 'cote-client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { isOpenReply } from './running.ts'

/** Says to a screen reader that a reply has ended: once, not with each word. */
export function Announcer({ messages }: { messages: Message[] }) {
  const running = useRef(new Set<string>())
  const [text, setText] = useState('')
  useEffect(() => {
    for (const m of messages) {
      if (isOpenReply(m)) {
        // The same words a second time would be no change, and a screen reader would say nothing.
        if (!running.current.has(m.id)) setText('')
        if (m.generation?.state === 'waiting' && !running.current.has(`${m.id} waits`)) {
          running.current.add(`${m.id} waits`)
          setText('The reply waits for your answer.')
        }
        if (m.generation?.state !== 'waiting' && running.current.delete(`${m.id} waits`)) setText('')
        running.current.add(m.id)
      } else if (running.current.delete(m.id)) {
        // Other words than those that stand there to be seen, so that each is found once.
        setText(m.generation?.state === 'completed' ? 'The reply is complete.' : 'The reply ended early.')
      }
    }
  }, [messages])
  return (
    <div class="visually-hidden" aria-live="polite">
      {text}
    </div>
  )
}
