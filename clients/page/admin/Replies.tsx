import { number, span } from '../src/ui/format.ts'
import { Answer, Ask, More, State, Table, Time, UserLink, usePages } from './parts.tsx'
import type { AccountDetail, OpenReply } from './types.ts'

const size = 100

export const Replies = () => (
  <>
    <h1>Open replies</h1>
    <p class="quiet">What has not ended and what holds it, the oldest first; asked for again every three seconds.</p>
    <List path={`/admin/replies?limit=${size}`} caption="Open replies" />
  </>
)

export const RepliesOf = ({ user }: { user: AccountDetail }) => (
  <section aria-labelledby="open-replies">
    <h2 id="open-replies">Open replies</h2>
    <List
      path={`/admin/replies?limit=${size}&user_id=${user.id}`}
      caption={`Open replies of ${user.username}`}
    />
  </section>
)

function List({ path, caption }: { path: string; caption: string }) {
  const next = (last: OpenReply) => `${path}&after=${last.id}.${last.user_id}`
  const { rows, hasMore, error, reload, more } = usePages<OpenReply>(path, next, size, 3000)
  return (
    <Answer error={error} reload={reload} ready={!!rows}>
      <Table
        caption={caption}
        heads={['User', 'Model', 'State', 'Held by', 'Asked', 'Bytes', 'Attempt', 'Node', '']}
        empty="No reply is open."
      >
        {(rows ?? []).map((r) => (
          <tr key={r.user_id + r.id}>
            <th scope="row">
              <UserLink id={r.user_id} name={r.username} />
            </th>
            <td>{r.model}</td>
            <td>
              <State state={r.stop_requested ? 'stopping' : r.state} />
            </td>
            <td>
              <Hold reply={r} />
            </td>
            <td>
              <Time at={r.asked_at} />
            </td>
            <td>{number(r.length)}</td>
            <td>
              {r.attempt}
              {r.takeovers > 0 && `, ${r.takeovers} nodes lost`}
            </td>
            <td>
              {r.node ? <span class="id">{r.node}</span> : '–'}
              {r.heartbeat_age !== null && <small> {span(r.heartbeat_age * 1000)} ago</small>}
            </td>
            <td>
              <Ask
                label="Stop"
                of={`the reply to ${r.username}`}
                title={`Stop the reply to ${r.username}?`}
                text="It ends with the text that it has."
                action="Stop the reply"
                done="The reply is stopped."
                method="POST"
                path={`/admin/replies/${r.id}/stop?user_id=${r.user_id}`}
                after={reload}
              />
            </td>
          </tr>
        ))}
      </Table>
      <More shown={hasMore} onClick={more} />
    </Answer>
  )
}

const holds: Record<string, string> = {
  turn: 'an earlier reply of its chat',
  slot: 'no room on any node yet',
  node: 'its node was lost or gave it back',
  prompt: 'its prompt is being made',
  model: 'its model has said nothing yet',
  retry: 'its model is called again',
  tool: 'a tool',
  approval: 'a person is to allow a call',
  client: 'a client is to answer a call',
}

function Hold({ reply: r }: { reply: OpenReply }) {
  const calls = r.tool_calls.map((c) => c.name ?? c.source).join(', ')
  return (
    <>
      {r.waits_for ? (holds[r.waits_for] ?? r.waits_for) : 'nothing: its thoughts or its text come'}
      {calls && ` (${calls})`}
      {r.fault && `, after ${r.fault}`}
      {r.until && (
        <>
          , until <Time at={r.until} />
        </>
      )}
    </>
  )
}
