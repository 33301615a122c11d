import { number } from '../src/ui/format.ts'
import { Answer, Ask, Do, More, State, Table, Time, UserLink, useAnswer, usePages } from './parts.tsx'
import type { Endpoint, FailedWebhook } from './types.ts'

const size = 100

export function Webhooks() {
  const ends = useAnswer<Endpoint[]>('/admin/webhooks/endpoints', 5000)
  return (
    <>
      <h1>Webhooks</h1>
      <h2>Endpoints</h2>
      <Answer error={ends.error} reload={ends.reload} ready={!!ends.value}>
        <Table
          caption="Endpoints"
          heads={['Endpoint', 'State', 'Waiting', 'The oldest', 'Given up', 'Dropped', 'Last fault']}
          empty="No webhook is configured."
        >
          {(ends.value ?? []).map((e) => (
            <tr key={e.endpoint}>
              <th scope="row">{e.endpoint}</th>
              <td>
                <State state={e.failing_since ? 'failing' : 'ok'} />
              </td>
              <td>{number(e.waiting)}</td>
              <td>
                <Time at={e.oldest_at} />
              </td>
              <td>{number(e.failed)}</td>
              <td>{number(e.dropped)}</td>
              <td>{e.fault ?? '–'}</td>
            </tr>
          ))}
        </Table>
      </Answer>
      <Failed after={ends.reload} />
    </>
  )
}

function Failed({ after }: { after: () => void }) {
  const path = `/admin/webhooks?limit=${size}`
  const next = (last: FailedWebhook) => `${path}&before=${Date.parse(last.failed_at)}.${last.id}`
  const { rows, hasMore, error, reload, more } = usePages<FailedWebhook>(path, next, size)
  const done = () => {
    reload()
    after()
  }
  return (
    <section aria-labelledby="failed">
      <h2 id="failed">Given up</h2>
      <Answer error={error} reload={reload} ready={!!rows}>
        <Table
          caption="Webhooks that are given up"
          heads={['Endpoint', 'Event', 'User', 'Of', 'Given up', 'Tries', 'Fault', '']}
          empty="None is given up."
        >
          {(rows ?? []).map((w) => (
            <tr key={w.id + w.endpoint}>
              <th scope="row">{w.endpoint}</th>
              <td>{w.type}</td>
              <td>
                <UserLink id={w.user_id} />
              </td>
              <td>
                <Time at={w.at} />
              </td>
              <td>
                <Time at={w.failed_at} />
              </td>
              <td>{number(w.tries)}</td>
              <td>{w.fault ?? '–'}</td>
              <td class="verbs">
                <Do
                  label="Retry"
                  of={`${w.type} at ${w.endpoint}`}
                  path={`/admin/webhooks/${w.id}/retry`}
                  done="It is tried for another day."
                  after={done}
                />
                <Ask
                  label="Drop"
                  of={`${w.type} at ${w.endpoint}`}
                  title="Drop what was given up?"
                  text="The endpoint is never told."
                  action="Drop"
                  done="It is dropped."
                  method="DELETE"
                  path={`/admin/webhooks/${w.id}`}
                  after={done}
                />
              </td>
            </tr>
          ))}
        </Table>
        <More shown={hasMore} onClick={more} />
      </Answer>
    </section>
  )
}
