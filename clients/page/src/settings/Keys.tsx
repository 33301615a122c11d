import { useState } from 'preact/hooks'
import { copy } from '../chat/actions.tsx'
import { client } from '../state/client.ts'
import { full } from '../ui/format.ts'
import { Copy } from '../ui/icons.tsx'
import { fail, sentence } from '../ui/toast.tsx'
import { Loading } from './Loading.tsx'
import { useLoad } from './load.ts'

interface Key {
  id: string
  name: string
  scopes: string[]
  created_at: string
  last_used_at: string | null
  expires_at: string | null
  key?: string
}

const scopes = [
  ['read', 'Read chats'],
  ['write', 'Write and send'],
  ['approve', 'Approve tool calls'],
  ['v1', 'Use the API at /v1'],
] as const

export function Keys() {
  const { value, error, reload } = useLoad<Key[]>('/api-keys/')
  const [made, setMade] = useState<Key>()
  const remove = (id: string) => client.request('DELETE', `/api-keys/${id}`).catch(fail).finally(reload)
  return (
    <>
      <p class="quiet">A key lets a program do what its scopes allow, in your name. It is shown once.</p>
      {made && (
        <div class="panel">
          <p>
            <strong>{made.name}</strong> is made. Copy it now; it is not shown again.
          </p>
          <div class="copy-line">
            <code>{made.key}</code>
            <button type="button" class="button small" onClick={() => copy(made.key!)}>
              <Copy />
              Copy
            </button>
          </div>
        </div>
      )}
      <NewKey
        onMade={(key) => {
          setMade(key)
          reload()
        }}
      />
      {!value ? (
        <Loading error={error} reload={reload} />
      ) : (
        <ul class="rows">
          {value.map((k) => (
            <li key={k.id} class="row">
              <div class="row-text">
                <strong>{k.name}</strong>
                <small>
                  {k.scopes.join(', ')} · {k.last_used_at ? `used ${full(k.last_used_at)}` : 'not used yet'}
                  {k.expires_at ? ` · until ${full(k.expires_at)}` : ''}
                </small>
              </div>
              <button
                type="button"
                class="button small"
                aria-label={`Delete the key ${k.name}`}
                onClick={() => remove(k.id)}
              >
                Delete
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function NewKey({ onMade }: { onMade: (key: Key) => void }) {
  const [error, setError] = useState('')
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    const form = e.currentTarget as HTMLFormElement
    const data = new FormData(form)
    const days = Number(data.get('days'))
    setError('')
    try {
      const body = {
        name: data.get('name'),
        scopes: data.getAll('scope'),
        ...(days && { expires_in: days * 86_400 }),
      }
      onMade((await client.request<Key>('POST', '/api-keys/', body)) as Key)
      form.reset()
    } catch (caught) {
      setError(sentence(caught))
    }
  }
  return (
    <form class="panel" onSubmit={submit} aria-label="New key">
      <label class="field">
        <span>Name of the key</span>
        <input name="name" required maxLength={100} placeholder="Backup of my chats" />
      </label>
      <fieldset class="checks">
        <legend>What it may do</legend>
        {scopes.map(([value, label]) => (
          <label key={value}>
            <input type="checkbox" name="scope" value={value} defaultChecked={value === 'read'} />
            {label}
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span>Days until it ends (empty: none)</span>
        <input name="days" type="number" min={1} max={3650} inputMode="numeric" />
      </label>
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="button button-primary">
        Make a key
      </button>
    </form>
  )
}
