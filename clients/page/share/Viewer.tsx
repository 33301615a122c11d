import { useEffect } from 'preact/hooks'
import { Markdown } from '../src/view/index.ts'
import { Parts } from './Parts.tsx'
import type { SharedMessage, State } from './types.ts'

export function Viewer({ state, token }: { state: State; token: string }) {
  const title = state.is === 'shown' ? state.chat.title || 'Shared chat' : 'Shared chat'
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <div class="page">
      <header>
        <div>
          <h1 dir="auto">{title}</h1>
          {state.is === 'shown' && <Live live={state.live} />}
        </div>
        {state.is === 'shown' && <a class="button" href={`/#/import-share/${encodeURIComponent(token)}`}>Copy into my chats</a>}
      </header>
      <main>{state.is === 'shown'
        ? state.chat.messages.map((message) => <Message key={message.place} message={message} />)
        : <p class="notice" role="status">{notice(state)}</p>}</main>
      <footer>Made with Cote</footer>
    </div>
  )
}

function notice(state: State): string {
  switch (state.is) {
    case 'gone':
      return 'This link does not exist, or not any more.'
    case 'full':
      return `Too many people ask for this chat right now. It is tried again in ${state.seconds} seconds.`
    case 'away':
      return 'The server does not answer. It is tried again.'
    default:
      return 'Loading…'
  }
}

function Live({ live }: { live: 'off' | 'on' | 'full' | 'away' }) {
  if (live === 'off')
    return null
  const text = live === 'on' ? 'Live' : live === 'full'
    ? 'Too many people watch right now: what is new comes later.' : 'The line is cut: what is new comes when it is back.'
  return <p class={`live live-${live}`} role="status">{text}</p>
}

function Message({ message }: { message: SharedMessage }) {
  const mine = message.sender === 'user'
  const sources = message.parts?.filter((part) => part.type === 'source')
  return (
    <article class={mine ? 'message question' : 'message reply'} aria-label={mine ? 'Question' : 'Reply'}>
      <p class="who">
        <span>{mine ? 'Question' : 'Reply'}</span>
        {message.timestamp && <time dateTime={message.timestamp}>{new Date(message.timestamp).toLocaleString()}</time>}
      </p>
      <Parts parts={message.parts ?? []} place="before" />
      <Markdown text={message.content} streaming={message.attempt !== undefined} sources={sources} />
      {message.attempt !== undefined && <p class="writing">Writing…</p>}
      <Parts parts={message.parts ?? []} place="after" />
    </article>
  )
}
