import type { Chat } from 'cote-client'
import { useState } from 'preact/hooks'
import { copy } from '../chat/actions.tsx'
import { client } from '../state/client.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Copy } from '../ui/icons.tsx'
import { sentence } from '../ui/toast.tsx'
import { ShareRow, address, type Share } from './ShareRow.tsx'
import { useLoad } from './load.ts'
import './settings.css'

const spans = [
  ['', 'No end'],
  ['86400', 'A day'],
  ['604800', 'A week'],
  ['2592000', '30 days'],
] as const

/** Makes a link that shows a chat to whoever has it, and lists those there are. */
export function ShareDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { value, reload } = useLoad<Share[]>('/shares/')
  const [made, setMade] = useState<Share>()
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    const data = new FormData(e.currentTarget as HTMLFormElement)
    const seconds = Number(data.get('expires_in'))
    setBusy(true)
    setError('')
    try {
      const body = {
        live: data.get('live') === 'on',
        include: data.getAll('include'),
        ...(seconds && { expires_in: seconds }),
      }
      setMade((await client.request<Share>('POST', `/chats/${chat.id}/shares`, body)) as Share)
      reload()
    } catch (caught) {
      setError(sentence(caught))
    }
    setBusy(false)
  }
  const url = made && address(made)
  const others = value?.filter((s) => s.chat_id === chat.id && s.id !== made?.id) ?? []
  return (
    <Dialog title="Share this chat" onClose={onClose}>
      <p class="quiet">
        Whoever has the link reads the chat without an account: its title, texts, sources, pictures and files. Your
        name and settings are not shown.
      </p>
      {url ? (
        <div class="panel">
          <label class="field">
            <span>Link</span>
            <input readOnly value={url} onFocus={(e) => e.currentTarget.select()} />
          </label>
          <p class="quiet">Copy it now: the server keeps no copy of it.</p>
          <div class="button-row">
            <button type="button" class="button button-primary" onClick={() => copy(url)}>
              <Copy />
              Copy the link
            </button>
            <a class="button" href={url} target="_blank" rel="noopener noreferrer">
              Open it
            </a>
          </div>
        </div>
      ) : (
        <form onSubmit={submit} aria-label="New link">
          <fieldset class="checks">
            <legend>What it shows</legend>
            <label>
              <input type="checkbox" name="live" />
              New messages too, while they come
            </label>
            <label>
              <input type="checkbox" name="include" value="reasoning" />
              Thoughts
            </label>
            <label>
              <input type="checkbox" name="include" value="tools" />
              Tool calls
            </label>
          </fieldset>
          <label class="field">
            <span>How long it works</span>
            <select name="expires_in">
              {spans.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          {error && (
            <p class="form-error" role="alert">
              {error}
            </p>
          )}
          <div class="dialog-actions">
            <button type="submit" class="button button-primary" disabled={busy}>
              Make a link
            </button>
          </div>
        </form>
      )}
      {others.length > 0 && (
        <section aria-label="Links of this chat">
          <h3>Links of this chat</h3>
          <ul class="rows">
            {others.map((s) => (
              <ShareRow key={s.id} share={s} onGone={reload} />
            ))}
          </ul>
        </section>
      )}
    </Dialog>
  )
}
