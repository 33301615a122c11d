import type { Session } from 'cote-client'
import { client } from '../state/client.ts'
import { full } from '../ui/format.ts'
import { fail, tell } from '../ui/toast.tsx'
import { Loading } from './Loading.tsx'
import { useLoad } from './load.ts'

export function Sessions() {
  const { value, error, reload } = useLoad<Session[]>('/sessions/')
  const end = async (id: string) => {
    try {
      await client.request('DELETE', `/sessions/${id}`)
      tell('The session has ended.')
    } catch (caught) {
      fail(caught)
    }
    reload()
  }
  const all = async () => {
    try {
      await client.request('POST', '/logout/all')
      await client.logout()
    } catch (caught) {
      fail(caught)
    }
  }
  if (!value) return <Loading error={error} reload={reload} />
  return (
    <>
      <p class="quiet">Each login is a session. One that has ended is logged out within a second.</p>
      <ul class="rows">
        {value.map((s) => (
          <li key={s.id} class="row">
            <div class="row-text">
              <strong>
                {device(s.device)}
                {s.current && <span class="badge">This one</span>}
              </strong>
              <small>
                {s.ip} · seen {full(s.last_seen_at)} · since {full(s.created_at)}
              </small>
            </div>
            {!s.current && (
              <button
                type="button"
                class="button small"
                aria-label={`End the session of ${device(s.device)}`}
                onClick={() => end(s.id)}
              >
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      <button type="button" class="button" onClick={all}>
        End all sessions, this one too
      </button>
    </>
  )
}

/** A browser's name for itself, as people would say it. */
function device(text: string | null | undefined) {
  if (!text) return 'A device'
  const browser = /Edg\//.test(text)
    ? 'Edge'
    : /Firefox\//.test(text)
      ? 'Firefox'
      : /Chrome\//.test(text)
        ? 'Chrome'
        : /Safari\//.test(text)
          ? 'Safari'
          : ''
  const system = /Android/.test(text)
    ? 'Android'
    : /iPhone|iPad/.test(text)
      ? 'iOS'
      : /Windows/.test(text)
        ? 'Windows'
        : /Mac OS/.test(text)
          ? 'macOS'
          : /Linux/.test(text)
            ? 'Linux'
            : ''
  return browser ? `${browser}${system && ` on ${system}`}` : text.slice(0, 80)
}
