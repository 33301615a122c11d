import { useState } from 'preact/hooks'
import { Answer, More, Table, Time, UserLink, usePages } from './parts.tsx'
import type { AccountDetail, AuditEntry } from './types.ts'

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

export function AuditView() {
  const [user, setUser] = useState('')
  const [error, setError] = useState('')
  const submit = (e: SubmitEvent) => {
    e.preventDefault()
    const text = String(new FormData(e.currentTarget as HTMLFormElement).get('user')).trim()
    const isId = text === '' || uuid.test(text)
    setError(isId ? '' : 'It is the id of a user, as their page shows it.')
    if (isId) setUser(text)
  }
  return (
    <>
      <h1>Audit</h1>
      <form class="tools" onSubmit={submit}>
        <label class="field">
          <span>Id of a user</span>
          <input name="user" type="text" maxLength={36} spellcheck={false} placeholder="All users" />
        </label>
        <button type="submit" class="button">
          Show
        </button>
      </form>
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <List user={user} size={100} caption="Audit" />
    </>
  )
}

export const AuditOf = ({ user }: { user: AccountDetail }) => (
  <section aria-labelledby="audit">
    <h2 id="audit">Audit</h2>
    <List user={user.id} size={20} caption={`Audit of ${user.username}`} />
  </section>
)

function List({ user, size, caption }: { user: string; size: number; caption: string }) {
  const path = `/admin/audit?limit=${size}${user && `&user_id=${user}`}`
  const pages = usePages<AuditEntry>(path, (last) => `${path}&before=${last.id}`, size)
  return (
    <Answer error={pages.error} reload={pages.reload} ready={!!pages.rows}>
      <div class="tools">
        <button type="button" class="button small" aria-label={`Refresh: ${caption}`} onClick={pages.reload}>
          Refresh
        </button>
      </div>
      <Table caption={caption} heads={['When', 'What', 'User', 'By', 'Address', 'Detail']} empty="Nothing is written.">
        {(pages.rows ?? []).map((line) => (
          <tr key={line.id}>
            <td>
              <Time at={line.at} />
            </td>
            <th scope="row">{line.action}</th>
            <td>{line.user_id ? <UserLink id={line.user_id} /> : '–'}</td>
            <td>{uuid.test(line.actor) ? line.actor === line.user_id ? 'the user' : <UserLink id={line.actor} />
              : line.actor}</td>
            <td>{line.ip}</td>
            <td>{line.detail}</td>
          </tr>
        ))}
      </Table>
      <More shown={pages.hasMore} onClick={pages.more} />
    </Answer>
  )
}
