import type { Message } from 'cote-client'
import { client } from '../state/client.ts'
import { Left, Right } from '../ui/icons.tsx'
import { fail } from '../ui/toast.tsx'

/** The arrows between the versions of a question or of a reply. */
export function Branches({ message }: { message: Message }) {
  const { siblings } = message
  if (!siblings || siblings.count < 2) return null
  const to = (id: string | null | undefined) => {
    if (id) client.switchTo(message.chat_id, id).catch(fail)
  }
  return (
    <span class="branches" role="group" aria-label="Versions">
      <button
        type="button"
        class="icon-button small"
        aria-label="Previous version"
        disabled={!siblings.previous}
        onClick={() => to(siblings.previous)}
      >
        <Left />
      </button>
      <span class="branches-count">
        {siblings.index}/{siblings.count}
      </span>
      <button
        type="button"
        class="icon-button small"
        aria-label="Next version"
        disabled={!siblings.next}
        onClick={() => to(siblings.next)}
      >
        <Right />
      </button>
    </span>
  )
}
