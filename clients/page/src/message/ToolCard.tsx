import type { Message, Part } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { newId } from '../state/id.ts'
import { read, write } from '../state/local.ts'
import { span } from '../ui/format.ts'
import { Check, Chevron, Close, Tool } from '../ui/icons.tsx'
import { fail } from '../ui/toast.tsx'

export type ToolPart = Part

const states: Record<string, string> = {
  proposed: 'is being written',
  waiting: 'waits for you',
  approved: 'is allowed',
  running: 'runs',
  done: 'done',
  failed: 'failed',
  denied: 'denied',
  unknown: 'outcome unknown',
}

const print = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))

/** The name of this installation, under which it answers calls that another one brought. */
const clientId = () => {
  const id = read<string>('client') ?? `page-${newId().slice(0, 8)}`
  write('client', id)
  return id
}

/**
 * A call of a tool: its name and state, what went in and what came out; while it waits, the answers that it can
 * get.
 */
export function ToolCard({ message, part, index }: { message: Message; part: ToolPart; index: number }) {
  const waiting = part.state === 'waiting'
  const [open, setOpen] = useState(false)
  const [whole, setWhole] = useState<unknown>()
  const busy = part.state === 'running' || part.state === 'proposed' || part.state === 'approved'
  const output = whole ?? part.output
  const error = part.error as { code?: string; detail?: string } | undefined
  const all = () =>
    client
      .message(message.chat_id, message.id, { parts: 'all' })
      .then((m: Message) => setWhole((m.parts?.[index] as ToolPart | undefined)?.output))
      .catch(fail)
  return (
    <details
      class={`tool tool-${part.state}`}
      open={open || waiting}
      onToggle={(e) => {
        if (!waiting) setOpen(e.currentTarget.open)
      }}
    >
      <summary>
        {busy ? <span class="spinner small" /> : <Tool />}
        <span class="tool-name">{part.title || part.name}</span>
        <span class="tool-state">{stateOf(part)}</span>
        <Chevron />
      </summary>
      <div class="tool-body">
        {part.title && part.title !== part.name && <p class="quiet">{part.name}</p>}
        {part.input !== undefined && <Block name="Input" text={print(part.input)} />}
        {output !== undefined && output !== null && <Block name="Output" text={print(output)} />}
        {part.truncated && whole === undefined && part.state === 'done' && (
          <button type="button" class="link" onClick={all}>
            Show the whole output
          </button>
        )}
        {error && <p class="tool-error">{error.detail ?? error.code}</p>}
        {waiting &&
          (part.source === 'client' ? (
            <AnswerInPlace message={message} part={part} />
          ) : (
            <Approval message={message} part={part} />
          ))}
      </div>
    </details>
  )
}

const stateOf = (part: ToolPart) =>
  part.state === 'done' && part.ms != null && part.ms >= 100
    ? span(part.ms)
    : part.state === 'waiting' && part.source === 'client'
      ? 'waits for the app that brought it'
      : (states[part.state ?? ''] ?? part.state)

const Block = ({ name, text }: { name: string; text: string | undefined }) => (
  <figure class="tool-block">
    <figcaption>{name}</figcaption>
    <pre tabIndex={0}>{text}</pre>
  </figure>
)

function Approval({ message, part }: { message: Message; part: ToolPart }) {
  const [busy, setBusy] = useState(false)
  const [denying, setDenying] = useState(false)
  const [reason, setReason] = useState('')
  const answer = (approve: boolean) => {
    setBusy(true)
    client
      .answer(
        message.chat_id,
        message.id,
        part.call_id!,
        approve ? { approve } : { approve, reason: reason.trim() || undefined },
      )
      .catch(fail)
      .finally(() => setBusy(false))
  }
  return (
    <form
      class="approval"
      onSubmit={(e) => {
        e.preventDefault()
        answer(false)
      }}
    >
      <p>
        The assistant asks to call <strong>{part.title || part.name}</strong> with this input.
      </p>
      {denying && (
        <input
          value={reason}
          placeholder="Why not? The model is told."
          aria-label="Reason"
          onInput={(e) => setReason(e.currentTarget.value)}
          ref={(el) => {
            if (el && !reason && document.activeElement !== el) el.focus()
          }}
        />
      )}
      <div class="approval-actions">
        <button type="button" class="button button-primary" disabled={busy} onClick={() => answer(true)}>
          <Check />
          Approve
        </button>
        <button type="submit" class="button" disabled={busy}>
          <Close />
          Deny
        </button>
        {!denying && (
          <button type="button" class="link" onClick={() => setDenying(true)}>
            Deny with a reason
          </button>
        )}
      </div>
    </form>
  )
}

/** Another app brought this tool; a person may answer for it. */
function AnswerInPlace({ message, part }: { message: Message; part: ToolPart }) {
  const [open, setOpen] = useState(false)
  const [output, setOutput] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    setBusy(true)
    try {
      const id = clientId()
      await client.claim(message.chat_id, message.id, part.call_id!, id)
      await client.answer(message.chat_id, message.id, part.call_id!, { output: parsed(output), client_id: id })
    } catch (error) {
      fail(error)
    }
    setBusy(false)
  }
  if (!open)
    return (
      <button type="button" class="link" onClick={() => setOpen(true)}>
        Answer in its place
      </button>
    )
  return (
    <form class="approval" onSubmit={submit}>
      <textarea
        rows={3}
        aria-label="Answer"
        placeholder="What the tool would answer: a text, or JSON"
        value={output}
        onInput={(e) => setOutput(e.currentTarget.value)}
      />
      <div class="approval-actions">
        <button type="submit" class="button button-primary" disabled={busy}>
          Answer
        </button>
      </div>
    </form>
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
