import type { Chat, Message, Pending } from 'cote-client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { client, useClient } from '../state/client.ts'
import { Reply, Thinking } from '../message/Reply.tsx'
import { PendingMessage, Question } from '../message/Question.tsx'
import { replace } from '../state/route.ts'
import { Down } from '../ui/icons.tsx'
import { fail } from '../ui/toast.tsx'
import { isOpenReply } from './running.ts'
import { useScroll } from './scroll.ts'
import { useWindow } from './window.ts'

/** The messages of the shown path, from the oldest that was fetched to what waits to be sent. */
export function MessageList({
  chatId,
  chat,
  messages,
  pending,
  running,
  target,
  error,
}: {
  chatId: string
  chat?: Chat
  messages?: Message[]
  pending?: Pending[]
  running: boolean
  target?: string
  error: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const top = useRef<HTMLDivElement>(null)
  const { shown, hidden, back } = useWindow(chatId, messages, target)
  const first = shown?.[0]
  const { away, toEnd, release } = useScroll(box, content, first?.id)
  const loading = useClient((s) => !!s.loading[chatId])
  const more = useClient((s) => !!s.more[chatId])
  const older = more || hidden
  useOlder(back, top, box, older, first?.id)
  useTarget(chatId, messages, target, box, release)

  const count = pending?.length ?? 0
  useEffect(() => {
    if (count) toEnd()
  }, [count])

  const last = messages?.[messages.length - 1]
  const thinking = running && !messages?.some(isOpenReply)
  return (
    <div class="messages-frame">
      <div
        ref={box}
        class="messages"
        tabIndex={0}
        role="log"
        aria-label="Conversation"
        aria-live="off"
        aria-busy={running}
      >
        <div ref={content} class="messages-content">
          <div ref={top} class="messages-top">
            {older && <span class="spinner" role="status" aria-label="Loading what came before" />}
          </div>
          {error && (
            <p class="notice" role="alert">
              {error}
            </p>
          )}
          {!messages && !error && !count && (
            <div class="message-skeletons" role="status" aria-label="Loading the conversation">
              <span class="skeleton bubble" />
              <span class="skeleton w80" />
              <span class="skeleton w72" />
              <span class="skeleton w50" />
            </div>
          )}
          {shown?.map((m) =>
            m.sender === 'ai' ? (
              <Reply key={m.id} message={m} last={m === last} />
            ) : (
              <Question key={m.id} message={m} />
            ),
          )}
          {thinking && <Thinking />}
          {pending?.map((p) => (
            <PendingMessage key={p.id} chatId={chatId} pending={p} />
          ))}
          {messages && messages.length === 0 && !loading && !count && !thinking && chat && (
            <p class="notice">This chat has no messages yet.</p>
          )}
        </div>
      </div>
      {away && (
        <button type="button" class="jump" onClick={() => toEnd(true)} aria-label="Jump to the latest">
          <Down />
        </button>
      )}
    </div>
  )
}

/** Shows what came before when the reader comes near the top. */
function useOlder(
  back: () => Promise<unknown> | undefined,
  top: { current: HTMLElement | null },
  box: { current: HTMLElement | null },
  older: boolean,
  first?: string,
) {
  useEffect(() => {
    if (!older) return
    let busy = false
    const observer = new IntersectionObserver(
      (entries) => {
        if (busy || !entries.some((e) => e.isIntersecting)) return
        busy = true
        Promise.resolve(back())
          .catch(fail)
          .finally(() => {
            busy = false
          })
      },
      { root: box.current, rootMargin: '600px 0px 0px' },
    )
    observer.observe(top.current!)
    return () => observer.disconnect()
  }, [older, first])
}

/**
 * Brings the message that the address names into view: switches to its branch and fetches older pages where it
 * must.
 */
function useTarget(
  chat: string,
  messages: Message[] | undefined,
  target: string | undefined,
  box: { current: HTMLElement | null },
  release: () => void,
) {
  const [tried, setTried] = useState('')
  useEffect(() => {
    if (!target || !messages) return
    const el = box.current?.querySelector(`[data-message="${CSS.escape(target)}"]`)
    if (el) {
      release()
      el.scrollIntoView({ block: 'center' })
      el.classList.add('found')
      setTimeout(() => el.classList.remove('found'), 2500)
      replace(`/c/${chat}`)
    } else if (tried !== target) {
      setTried(target)
      client
        .message(chat, target)
        .then(async (m: Message & { on_path?: boolean }) => {
          if (m.on_path === false) await client.switchTo(chat, target)
          else await reach(chat, m.seq)
        })
        .catch(fail)
    }
  }, [target, messages, tried])
}

async function reach(chat: string, seq: number) {
  for (;;) {
    const first = client.getState().messages[chat]?.[0]
    if (!first || first.seq <= seq || !client.getState().more[chat]) return
    await client.more(chat)
    if (client.getState().messages[chat]?.[0]?.id === first.id) return
  }
}
