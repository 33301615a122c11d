import type { ComponentChildren } from 'preact'
import { Answer, Ask, Do, State, Table, Time, useAnswer } from './parts.tsx'
import type { AccountDetail, Device, Key, Session, Share } from './types.ts'

/** A part of a user's page: its heading, and what its route answers. */
function Part<T>({ name, path, render }: {
  name: string
  path: string
  render: (rows: T[], reload: () => void) => ComponentChildren
}) {
  const { value, error, reload } = useAnswer<T[]>(path)
  return (
    <section aria-label={name}>
      <h2>{name}</h2>
      <Answer error={error} reload={reload} ready={!!value}>
        {value && render(value, reload)}
      </Answer>
    </section>
  )
}

interface Props {
  user: AccountDetail
  after: () => void
}

const both = (one: () => void, other: () => void) => () => {
  one()
  other()
}

export function Sessions({ user, after }: Props) {
  const path = `/admin/users/${user.id}/sessions`
  const name = user.username
  return (
    <Part<Session>
      key={user.disabled_at ?? ''}
      name="Sessions"
      path={path}
      render={(rows, reload) => (
        <>
          <Table caption={`Sessions of ${name}`} heads={['Device', 'Address', 'Since', 'Seen', '']} empty="None.">
            {rows.map((s) => (
              <tr key={s.id}>
                <th scope="row">
                  {s.device || 'A device'} {s.current && <span class="badge">This one</span>}
                </th>
                <td>{s.ip}</td>
                <td>
                  <Time at={s.created_at} />
                </td>
                <td>
                  <Time at={s.last_seen_at} />
                </td>
                <td>
                  <Ask
                    label="End"
                    of={`the session of ${name} at ${s.device || 'a device'}`}
                    title={`Log ${name} out there?`}
                    text="The session ends at once, with what is open in it."
                    action="End the session"
                    done="The session has ended."
                    method="DELETE"
                    path={`${path}/${s.id}`}
                    after={both(reload, after)}
                  />
                </td>
              </tr>
            ))}
          </Table>
          {rows.length > 1 && (
            <Ask
              label="End all sessions"
              of={`of ${name}`}
              title={`Log ${name} out everywhere?`}
              text="All sessions end at once."
              action="End all"
              done="All sessions have ended."
              method="DELETE"
              path={path}
              after={both(reload, after)}
            />
          )}
        </>
      )}
    />
  )
}

export function Keys({ user, after }: Props) {
  const path = `/admin/users/${user.id}/keys`
  const name = user.username
  return (
    <Part<Key>
      key={user.disabled_at ?? ''}
      name="API keys"
      path={path}
      render={(rows, reload) => (
        <>
          <Table
            caption={`API keys of ${name}`}
            heads={['Name', 'Scopes', 'Since', 'Used', 'Expires', '']}
            empty="None."
          >
            {rows.map((k) => (
              <tr key={k.id}>
                <th scope="row">
                  {k.name} {k.disabled_at && <State state="disabled" />}
                </th>
                <td>{k.scopes.join(', ')}</td>
                <td>
                  <Time at={k.created_at} />
                </td>
                <td>
                  <Time at={k.last_used_at} />
                </td>
                <td>
                  <Time at={k.expires_at} />
                </td>
                <td class="verbs">
                  {k.disabled_at && (
                    <Do
                      label="Enable"
                      of={`the key ${k.name} of ${name}`}
                      path={`${path}/${k.id}/enable`}
                      done="The key works again."
                      after={reload}
                    />
                  )}
                  <Ask
                    label="Revoke"
                    of={`the key ${k.name} of ${name}`}
                    title={`Revoke the key ${k.name}?`}
                    text="It ends at once, with its connections. A key that has ended does not come back."
                    action="Revoke"
                    done="The key is revoked."
                    method="DELETE"
                    path={`${path}/${k.id}`}
                    after={both(reload, after)}
                  />
                </td>
              </tr>
            ))}
          </Table>
          {rows.filter((k) => k.disabled_at).length > 1 && (
            <Do
              label="Enable all keys"
              of={`of ${name}`}
              path={`${path}/enable`}
              done="The keys work again."
              after={reload}
            />
          )}
        </>
      )}
    />
  )
}

export function Shares({ user, after }: Props) {
  const path = `/admin/users/${user.id}/shares`
  const name = user.username
  return (
    <Part<Share>
      name="Links to chats"
      path={path}
      render={(rows, reload) => (
        <>
          <Table caption={`Links of ${name}`} heads={['Chat', 'Kind', 'Since', 'Expires', '']} empty="None.">
            {rows.map((s) => (
              <tr key={s.id}>
                <th scope="row">
                  <span class="id">{s.chat_id}</span> {s.disabled_at && <State state="disabled" />}
                </th>
                <td>{s.live ? 'goes on with the chat' : 'as it was'}</td>
                <td>
                  <Time at={s.created_at} />
                </td>
                <td>
                  <Time at={s.expires_at} />
                </td>
                <td class="verbs">
                  {s.disabled_at && (
                    <Do
                      label="Enable"
                      of={`the link of ${name} to ${s.chat_id}`}
                      path={`${path}/${s.id}/enable`}
                      done="The link works again."
                      after={reload}
                    />
                  )}
                  <Ask
                    label="End"
                    of={`the link of ${name} to ${s.chat_id}`}
                    title="End the link?"
                    text="Whoever has it sees the chat no more. A link that has ended does not come back."
                    action="End the link"
                    done="The link has ended."
                    method="DELETE"
                    path={`${path}/${s.id}`}
                    after={both(reload, after)}
                  />
                </td>
              </tr>
            ))}
          </Table>
          {rows.filter((s) => s.disabled_at).length > 1 && (
            <Do
              label="Enable all links"
              of={`of ${name}`}
              path={`${path}/enable`}
              done="The links work again."
              after={reload}
            />
          )}
        </>
      )}
    />
  )
}

export function Devices({ user }: { user: AccountDetail }) {
  const path = `/admin/users/${user.id}/devices`
  return (
    <Part<Device>
      name="Devices of pushes"
      path={path}
      render={(rows, reload) => (
        <Table
          caption={`Devices of ${user.username}`}
          heads={['Kind', 'Told by a push', 'Since', '']}
          empty="No device gets pushes."
        >
          {rows.map((d) => (
            <tr key={d.id}>
              <th scope="row">{d.kind}</th>
              <td>{d.preview}</td>
              <td>
                <Time at={d.created_at} />
              </td>
              <td>
                <Ask
                  label="Remove"
                  of={`the device ${d.kind} of ${user.username}`}
                  title="Remove the device?"
                  text="Nothing is pushed to it until its user registers it again."
                  action="Remove"
                  done="The device is removed."
                  method="DELETE"
                  path={`${path}/${d.id}`}
                  after={reload}
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
    />
  )
}
