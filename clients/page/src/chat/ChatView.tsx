import type { Chat, Message } from 'cote-client'
import { useEffect, useState } from 'preact/hooks'
import { client, useChat, useClient } from '../state/client.ts'
import { useKeys } from '../state/keys.ts'
import { see } from '../state/seen.ts'
import { sentence } from '../ui/toast.tsx'
import { isNarrow } from '../shell/Shell.tsx'
import { Announcer } from './Announcer.tsx'
import { begun, Composer } from './Composer.tsx'
import { Header } from './Header.tsx'
import { MessageList } from './MessageList.tsx'
import { Welcome } from './Welcome.tsx'
import { copy } from './actions.tsx'
import { isRunning, stopChat } from './running.ts'
import { DropZone } from './DropZone.tsx'
import { useUploads } from './uploads.ts'

const none: Message[] = []

/**
 * A chat: its head, its messages, and the field for the next one. Without an id, a chat that begins with the first
 * message.
 */
export function ChatView({
  id,
  message,
  ready,
  onMenu,
}: {
  id?: string
  message?: string
  ready: boolean
  onMenu: () => void
}) {
  const chat = useChat(id)
  const messages = useClient((s) => (id ? s.messages[id] : undefined))
  const pending = useClient((s) => (id ? s.pending[id] : undefined))
  const running = useClient((s) => !!id && isRunning(s, id))
  const [options, setOptions] = useState<Partial<Chat>>({})
  const [error, setError] = useState('')
  const uploads = useUploads(id)

  // A chat that waits to be made has nothing to fetch yet.
  const made = !!chat?.created_at
  useEffect(() => {
    if (!id || !made) return
    begun.delete(id)
    setError('')
    client.open(id).catch((caught) => setError(sentence(caught)))
  }, [id, made])
  useEffect(() => {
    const title = chat?.title || (id && chat ? 'Untitled' : '')
    document.title = title ? `${title} · Cote` : 'Cote'
  }, [chat?.title, id, !!chat])
  useReading(chat, messages)
  useKeys({
    Escape: () => {
      if (!id || !running) return false
      stopChat(id)
    },
    'Mod+Shift+c': () => {
      const last = messages?.filter((m) => m.sender === 'ai').pop()
      if (last) void copy(last.content)
    },
  })

  const shown = messages ?? none
  const empty = !id || (!!messages && shown.length === 0 && !pending?.length && !running)
  const missing = !!id && ready && !chat && !messages && !pending?.length && !begun.has(id)
  return (
    <DropZone uploads={uploads} className={`chat${empty && !missing ? ' chat-empty' : ''}`}>
      <Header chat={chat} options={options} onOptions={setOptions} onMenu={onMenu} narrow={isNarrow()} />
      {missing ? (
        <div class="chat-missing">
          <h2>This chat is not here</h2>
          <p>It may have been deleted on another device, or belong to another account.</p>
        </div>
      ) : empty ? (
        <Welcome temporary={!!(chat ?? options).temporary} />
      ) : (
        <MessageList
          key={id}
          chatId={id!}
          chat={chat}
          messages={messages}
          pending={pending}
          running={running}
          target={message}
          error={messages ? '' : error}
        />
      )}
      {!missing && (
        <Composer
          id={id}
          chat={chat}
          options={options}
          onOptions={setOptions}
          messages={shown}
          running={running}
          uploads={uploads}
        />
      )}
      <Announcer messages={shown} />
    </DropZone>
  )
}

/**
 * Tells the server that the last reply was read, and this device that the chat was seen, while the page is looked
 * at.
 */
function useReading(chat: Chat | undefined, messages: Message[] | undefined) {
  const [visible, setVisible] = useState(!document.hidden)
  useEffect(() => {
    const changed = () => setVisible(!document.hidden)
    document.addEventListener('visibilitychange', changed)
    return () => document.removeEventListener('visibilitychange', changed)
  }, [])
  useEffect(() => {
    if (chat && visible) see(chat)
  }, [chat?.last_message_time, visible])
  const last = messages?.[messages.length - 1]
  const unread = last?.sender === 'ai' && last.status !== 'read' && !isOpen(last) ? last : undefined
  useEffect(() => {
    if (unread && visible) Promise.resolve(client.read(unread.chat_id, unread.id)).catch(() => {})
  }, [unread?.id, visible])
}

const isOpen = (m: Message) => ['queued', 'running', 'waiting'].includes(m.generation?.state ?? '')
