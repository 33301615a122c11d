import type { Message, Part } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { modelName, useModels } from '../state/models.ts'
import { copy, fork } from '../chat/actions.tsx'
import { isOpenReply } from '../chat/running.ts'
import { full } from '../ui/format.ts'
import { Branch, Check, Copy, Dots, Refresh, ThumbDown, ThumbUp, Trash } from '../ui/icons.tsx'
import { memo } from '../ui/memo.ts'
import { Menu } from '../ui/Menu.tsx'
import { fail } from '../ui/toast.tsx'
import { Confirm } from '../ui/Dialog.tsx'
import { Branches } from './Branches.tsx'
import { Ending } from './Ending.tsx'
import { Media } from './Media.tsx'
import { Parts } from './Parts.tsx'
import { Sources } from './Sources.tsx'

/** A reply of the assistant: what it is made of, how it ended, and what can be done with it. */
export const Reply = memo(function Reply({ message, last }: { message: Message; last: boolean }) {
  const open = isOpenReply(message)
  const parts: Part[] = message.parts ?? []
  const sources = parts.filter((p) => p.type === 'source')
  const silent = open && !message.content && parts.length === 0
  return (
    <article class={`reply${last ? ' last' : ''}`} data-message={message.id} aria-label="Reply" aria-busy={open}>
      {silent ? <Dots3 /> : <Parts message={message} parts={parts} streaming={open} sources={sources} />}
      {message.media.length > 0 && <Media message={message} />}
      {sources.length > 0 && <Sources sources={sources} message={message} />}
      <Ending message={message} />
      {open ? (
        message.siblings && (
          <footer class="actions">
            <Branches message={message} />
          </footer>
        )
      ) : (
        <Actions message={message} />
      )}
    </article>
  )
})

/** What stands where a reply will be. */
export const Thinking = () => (
  <div class="reply">
    <Dots3 />
  </div>
)

const Dots3 = () => (
  <span class="thinking" role="status" aria-label="The assistant thinks">
    <i />
    <i />
    <i />
  </span>
)

function Actions({ message }: { message: Message }) {
  const [deleting, setDeleting] = useState(false)
  const [copied, setCopied] = useState(false)
  const rating = (message as { feedback?: { rating?: number } | null }).feedback?.rating
  const rate = (value: 1 | -1) =>
    client.rate(message.chat_id, message.id, { rating: rating === value ? null : value }).catch(fail)
  const take = () => {
    void copy(message.content)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <footer class="actions">
      <Branches message={message} />
      <button type="button" class="icon-button small" aria-label="Copy" title="Copy" onClick={take}>
        {copied ? <Check /> : <Copy />}
      </button>
      <button
        type="button"
        class="icon-button small"
        aria-label="Good reply"
        title="Good reply"
        aria-pressed={rating === 1}
        onClick={() => rate(1)}
      >
        <ThumbUp />
      </button>
      <button
        type="button"
        class="icon-button small"
        aria-label="Bad reply"
        title="Bad reply"
        aria-pressed={rating === -1}
        onClick={() => rate(-1)}
      >
        <ThumbDown />
      </button>
      <Regenerate message={message} />
      <Menu
        label="More about this reply"
        className="icon-button small"
        button={<Dots />}
        items={[
          {
            label: 'Go on in a chat of its own',
            icon: <Branch />,
            onSelect: () => fork(message.chat_id, message.id),
          },
          { label: 'Delete', icon: <Trash />, danger: true, onSelect: () => setDeleting(true) },
        ]}
      />
      <Facts message={message} />
      {deleting && (
        <Confirm
          title="Delete this reply?"
          text="What followed it stays. This cannot be undone."
          action="Delete"
          onClose={() => setDeleting(false)}
          onConfirm={() => client.deleteMessage(message.chat_id, message.id).catch(fail)}
        />
      )}
    </footer>
  )
}

function Regenerate({ message }: { message: Message }) {
  const models = useModels()
  const again = (model?: string) => client.regenerate(message.chat_id, message.id, model ? { model } : {}).catch(fail)
  const used = message.generation?.model
  return (
    <Menu
      label="Regenerate"
      className="icon-button small"
      button={<Refresh />}
      items={[
        {
          label: 'Try again',
          note: used ? `with ${modelName(used)}` : undefined,
          icon: <Refresh />,
          onSelect: () => again(),
        },
        ...models.filter((m) => m.id !== used).map((m) => ({ label: m.id, onSelect: () => again(m.id) })),
      ]}
    />
  )
}

/** The model, when, and what it took: seen where the mouse is. */
function Facts({ message }: { message: Message }) {
  const { model, usage } = message.generation ?? {}
  const tokens = usage as { input_tokens?: number; output_tokens?: number; cost_usd?: number } | undefined
  const title = [
    full(message.timestamp),
    tokens && `${tokens.input_tokens ?? 0} tokens in, ${tokens.output_tokens ?? 0} out`,
    tokens?.cost_usd !== undefined && `$${tokens.cost_usd}`,
  ]
    .filter(Boolean)
    .join(' · ')
  return (
    <span class="facts" title={title}>
      {model ? modelName(model) : ''}
    </span>
  )
}
