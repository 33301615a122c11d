import type { Message, Part } from 'cote-client'
import { useEffect, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { span } from '../ui/format.ts'
import { Chevron, Thought } from '../ui/icons.tsx'
import { sentence } from '../ui/toast.tsx'
import { Text } from './Text.tsx'

type ReasoningPart = Part

/** A thought of the model, folded; its whole text is fetched when it is unfolded. */
export function Reasoning({
  message,
  part,
  index,
  growing,
}: {
  message: Message
  part: ReasoningPart
  index: number
  growing: boolean
}) {
  const [open, setOpen] = useState(false)
  const [whole, setWhole] = useState<string>()
  const [error, setError] = useState('')
  const thinks = growing && part.ms == null
  const held = part.text ?? ''
  const complete = held.length >= (part.length ?? 0)

  useEffect(() => {
    if (!open || thinks || complete || whole !== undefined) return
    client.message(message.chat_id, message.id, { parts: 'all' }).then(
      (m: Message) => setWhole((m.parts?.[index] as ReasoningPart | undefined)?.text ?? ''),
      (caught: unknown) => setError(sentence(caught)),
    )
  }, [open, thinks, complete])

  const text = complete || thinks ? held : (whole ?? held)
  const label = thinks ? 'Thinks…' : part.ms == null ? 'Thought' : `Thought for ${span(part.ms)}`
  return (
    <details
      class={`reasoning${thinks ? ' thinks' : ''}`}
      open={open}
      onToggle={(e) => setOpen(e.currentTarget.open)}
    >
      <summary>
        <Thought />
        <span>{label}</span>
        <Chevron />
      </summary>
      <div class="reasoning-text">
        {error ? (
          <p class="notice">{error}</p>
        ) : text ? (
          <Text text={text} streaming={thinks} />
        ) : (
          <p class="quiet">
            {thinks || (open && !complete && whole === undefined)
              ? 'The thought comes…'
              : 'The provider does not show this thought.'}
          </p>
        )}
        {part.truncated && <p class="quiet">The rest of this thought was too long to keep.</p>}
      </div>
    </details>
  )
}
