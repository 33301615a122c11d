import type { Message, Part } from 'cote-client'
import { Text } from './Text.tsx'
import { FilePart } from './FilePart.tsx'
import { Reasoning } from './Reasoning.tsx'
import { ToolCard } from './ToolCard.tsx'

/** What a reply is made of, in the order in which it came; a plain one is its text. */
export function Parts({
  message,
  parts,
  streaming,
  sources,
}: {
  message: Message
  parts: Part[]
  streaming: boolean
  sources: Part[]
}) {
  const { content } = message
  const at = parts.length - 1
  const end = parts.reduce(
    (most, p, i) => Math.max(most, p.type === 'text' ? (i === at && streaming ? content.length : (p.end ?? 0)) : 0),
    0,
  )
  return (
    <>
      {parts.map((part, i) => {
        const growing = streaming && i === at
        switch (part.type) {
          case 'text': {
            const text = content.slice(part.start, growing ? undefined : part.end)
            return text && <Text key={i} text={text} streaming={growing} sources={sources} />
          }
          case 'reasoning':
            return <Reasoning key={i} message={message} part={part} index={i} growing={growing} />
          case 'tool':
            return <ToolCard key={part.call_id} message={message} part={part} index={i} />
          case 'file':
            return <FilePart key={i} message={message} part={part} index={i} />
          default:
            return null
        }
      })}
      {content.length > end && <Text key="rest" text={content.slice(end)} streaming={streaming} sources={sources} />}
    </>
  )
}
