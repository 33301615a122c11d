import type { Chat } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { newId } from '../state/id.ts'
import { replace } from '../state/route.ts'
import { Dove } from '../ui/icons.tsx'
import { sentence } from '../ui/toast.tsx'

/** Copies what a link shows into one's own chats, once one says so. */
export function ImportShare({ token }: { token: string }) {
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [id] = useState(newId)
  const take = async () => {
    setBusy(true)
    setError('')
    try {
      const chat = (await client.request<Chat>('POST', `/shared/${encodeURIComponent(token)}/fork`, { id })) as Chat
      replace(`/c/${chat.id}`)
    } catch (caught) {
      setError(sentence(caught))
      setBusy(false)
    }
  }
  return (
    <div class="welcome">
      <Dove />
      <h1>Copy this chat?</h1>
      <p>A chat that was shared with you becomes one of your own, and you can go on from there.</p>
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <div class="button-row">
        <button type="button" class="button button-primary" disabled={busy} onClick={take}>
          Copy into my chats
        </button>
        <a class="button" href="#/">
          No
        </a>
      </div>
    </div>
  )
}
