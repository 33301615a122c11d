import type { Message, Pending } from 'cote-client'
import { useRef, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { copy } from '../chat/actions.tsx'
import { Confirm } from '../ui/Dialog.tsx'
import { full } from '../ui/format.ts'
import { Clock, Copy, Pencil, Trash, Warning } from '../ui/icons.tsx'
import { memo } from '../ui/memo.ts'
import { fail, sentence } from '../ui/toast.tsx'
import { Branches } from './Branches.tsx'
import { Media } from './Media.tsx'

const collapsed = 2400

/** What a person asked. */
export const Question = memo(function Question({ message }: { message: Message }) {
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const refused = message.generation?.error
  return (
    <article class="question" data-message={message.id} aria-label="Question">
      {message.media.length > 0 && <Media message={message} />}
      {editing ? (
        <Edit message={message} onDone={() => setEditing(false)} />
      ) : (
        message.content && <Bubble text={message.content} title={full(message.timestamp)} />
      )}
      {refused && (
        <p class="ending">
          <Warning />
          {refused.detail ?? 'The provider refused this text, so the model does not see it.'}
        </p>
      )}
      {!editing && (
        <footer class="actions">
          <button
            type="button"
            class="icon-button small"
            aria-label="Copy the question"
            title="Copy"
            onClick={() => copy(message.content)}
          >
            <Copy />
          </button>
          <button
            type="button"
            class="icon-button small edit-button"
            aria-label="Edit"
            title="Edit"
            onClick={() => setEditing(true)}
          >
            <Pencil />
          </button>
          <button
            type="button"
            class="icon-button small"
            aria-label="Delete the question"
            title="Delete"
            onClick={() => setDeleting(true)}
          >
            <Trash />
          </button>
          <Branches message={message} />
        </footer>
      )}
      {deleting && (
        <Confirm
          title="Delete this question?"
          text="Its replies go with it; what followed stays. This cannot be undone."
          action="Delete"
          onClose={() => setDeleting(false)}
          onConfirm={() => client.deleteMessage(message.chat_id, message.id).catch(fail)}
        />
      )}
    </article>
  )
})

/** The text as it was typed; a very long one is folded. */
function Bubble({ text, title }: { text: string; title?: string }) {
  const [open, setOpen] = useState(false)
  const long = text.length > collapsed
  return (
    <div class="bubble" title={title} dir="auto">
      {long && !open ? `${text.slice(0, collapsed)}…` : text}
      {long && (
        <button type="button" class="link bubble-more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show less' : 'Show all of it'}
        </button>
      )}
    </div>
  )
}

function Edit({ message, onDone }: { message: Message; onDone: () => void }) {
  const [text, setText] = useState(message.content)
  const focused = useRef(false)
  const save = () => {
    onDone()
    if (text.trim() && text !== message.content) {
      const media_urls = message.media_urls.length ? message.media_urls : undefined
      client
        .edit(message.chat_id, message.id, { content: text, media_urls, type: message.type } as { content: string })
        .catch(fail)
    }
  }
  return (
    <form
      class="edit"
      onSubmit={(e) => {
        e.preventDefault()
        save()
      }}
    >
      <textarea
        aria-label="Edit the question"
        dir="auto"
        value={text}
        rows={Math.min(12, text.split('\n').length + 1)}
        ref={(el) => {
          if (el && !focused.current) {
            focused.current = true
            el.focus()
            el.setSelectionRange(text.length, text.length)
          }
        }}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape') {
            e.preventDefault()
            e.stopPropagation()
            onDone()
          }
          if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && e.keyCode !== 229) {
            e.preventDefault()
            save()
          }
        }}
      />
      <div class="edit-actions">
        <button type="button" class="button small" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" class="button button-primary small" disabled={!text.trim()}>
          Ask again
        </button>
      </div>
    </form>
  )
}

/** What waits to be sent, or could not be. */
export function PendingMessage({ chatId, pending }: { chatId: string; pending: Pending }) {
  const failed = pending.state === 'failed'
  return (
    <article
      class={`question pending${failed ? ' pending-failed' : ''}`}
      aria-label={failed ? 'Not sent' : 'Waits to be sent'}
    >
      {pending.content && <Bubble text={pending.content} />}
      {!!pending.media_urls?.length && (
        <p class="ending">
          {pending.media_urls.length} {pending.media_urls.length === 1 ? 'file' : 'files'}
        </p>
      )}
      {failed ? (
        <p class="ending ending-bad" role="alert">
          <Warning />
          {pending.error ? sentence(pending.error).replace(/^content: /, '') : 'This was not sent.'}
          <button type="button" class="link" onClick={() => client.retrySend(chatId, pending.id)}>
            Retry
          </button>
          <button type="button" class="link" onClick={() => copy(pending.content)}>
            Copy the text
          </button>
          <button type="button" class="link" onClick={() => client.dismiss(chatId, pending.id)}>
            Discard
          </button>
        </p>
      ) : (
        <p class="ending pending-note">
          <Clock />
          Waiting for the server
        </p>
      )}
    </article>
  )
}
