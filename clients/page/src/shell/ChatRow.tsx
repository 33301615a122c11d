import type { Chat } from 'cote-client'
import { useRef, useState } from 'preact/hooks'
import { chatActions } from '../chat/actions.tsx'
import { isUnread } from '../state/seen.ts'
import { Confirm } from '../ui/Dialog.tsx'
import { Dots, Ghost, Pin } from '../ui/icons.tsx'
import { memo } from '../ui/memo.ts'
import { Menu } from '../ui/Menu.tsx'
import { client, useClient } from '../state/client.ts'
import { currentChat, go } from '../state/route.ts'
import { fail } from '../ui/toast.tsx'
import { titleOf } from './lists.ts'

/** One chat of the list, with what can be done to it. */
export const ChatRow = memo(function ChatRow({ chat, current }: { chat: Chat; current: boolean }) {
  const [renaming, setRenaming] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const unread = !current && isUnread(chat)
  // A chat that waits to be made is called as its first message.
  const first = useClient((s) => (chat.title ? undefined : s.pending[chat.id]?.[0]?.content))
  const title = chat.title || first?.trim().split('\n')[0]!.slice(0, 60) || titleOf(chat)
  return (
    <li class={`chat-row${current ? ' current' : ''}${unread ? ' unread' : ''}`}>
      {renaming ? (
        <Rename chat={chat} onDone={() => setRenaming(false)} />
      ) : (
        <a
          href={`#/c/${chat.id}`}
          aria-current={current ? 'page' : undefined}
          title={title}
          onDblClick={() => setRenaming(true)}
        >
          {chat.temporary && <Ghost />}
          <span class="chat-row-title" dir="auto">{title}</span>
          {unread && <span class="dot" aria-label="unread" role="img" />}
          {chat.is_pinned && (
            <span class="pinned" aria-label="pinned" role="img">
              <Pin />
            </span>
          )}
        </a>
      )}
      {!renaming && (
        <Menu
          label={`Options of ${titleOf(chat)}`}
          className="icon-button small chat-row-menu"
          align="right"
          button={<Dots />}
          items={chatActions(
            chat,
            () => setRenaming(true),
            () => setDeleting(true),
          )}
        />
      )}
      {deleting && <ConfirmDelete chat={chat} onClose={() => setDeleting(false)} />}
    </li>
  )
})

export function ConfirmDelete({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const remove = () => {
    if (currentChat() === chat.id) go('/')
    client.deleteChat(chat.id).catch(fail)
  }
  return (
    <Confirm
      title="Delete this chat?"
      action="Delete"
      onConfirm={remove}
      onClose={onClose}
      text={`“${titleOf(chat)}” and all its messages are deleted on every device. This cannot be undone.`}
    />
  )
}

export function Rename({ chat, onDone }: { chat: Chat; onDone: () => void }) {
  const [title, setTitle] = useState(chat.title)
  const done = useRef(false)
  const save = () => {
    if (done.current) return
    done.current = true
    onDone()
    if (title.trim() && title.trim() !== chat.title) client.updateChat(chat.id, { title: title.trim() }).catch(fail)
  }
  return (
    <form
      class="rename"
      onSubmit={(e) => {
        e.preventDefault()
        save()
      }}
    >
      <input
        aria-label="Title"
        dir="auto"
        value={title}
        maxLength={500}
        ref={(input) => {
          if (input && document.activeElement !== input) {
            input.focus()
            input.select()
          }
        }}
        onInput={(e) => setTitle(e.currentTarget.value)}
        onBlur={save}
        onKeyDown={(e) => {
          if (e.key === 'Escape') {
            e.stopPropagation()
            done.current = true
            onDone()
          }
        }}
      />
    </form>
  )
}
