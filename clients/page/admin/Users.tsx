import { useEffect, useState } from 'preact/hooks'
import { Answer, More, State, Table, Time, UserLink, usePages } from './parts.tsx'
import type { Account } from './types.ts'

const size = 50

export function Users() {
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const path = `/admin/users?limit=${size}${q ? `&q=${encodeURIComponent(q)}` : ''}`
  const { rows, hasMore, error, reload, more } = usePages<Account>(path, (last) => `${path}&after=${last.id}`, size)
  return (
    <>
      <h1>Users</h1>
      <form role="search" class="tools" onSubmit={(e) => {
        e.preventDefault()
        setQ(typed.trim())
      }}>
        <label class="field">
          <span>Search users</span>
          <input
            type="text"
            value={typed}
            maxLength={254}
            autocapitalize="none"
            spellcheck={false}
            placeholder="A name or an address, or a part of one, or an id"
            onInput={(e) => setTyped(e.currentTarget.value)}
          />
        </label>
        <button type="button" class="button" onClick={reload}>
          Refresh
        </button>
      </form>
      <Answer error={error} reload={reload} ready={!!rows}>
        <Table caption="Users" heads={['Username', 'E-mail', 'Role', 'Since', 'State']} empty="No user is found.">
          {(rows ?? []).map((u) => (
            <tr key={u.id}>
              <th scope="row">
                <UserLink id={u.id} name={u.username} />
              </th>
              <td>{u.email}</td>
              <td>{u.role}</td>
              <td>
                <Time at={u.created_at} />
              </td>
              <td>
                <State state={u.disabled_at ? 'disabled' : 'enabled'} />
              </td>
            </tr>
          ))}
        </Table>
        <More shown={hasMore} onClick={more} />
      </Answer>
    </>
  )
}
