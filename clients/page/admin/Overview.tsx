import { bytes, number } from '../src/ui/format.ts'
import { Answer, State, Table, Time, useAnswer } from './parts.tsx'
import type { Endpoint, Overview, Provider } from './types.ts'

export function OverviewView() {
  const { value, error, reload } = useAnswer<Overview>('/admin/overview', 5000)
  return (
    <>
      <h1>Overview</h1>
      <Answer error={error} reload={reload} ready={!!value}>
        {value && (
          <>
            <Wrong overview={value} />
            <Facts overview={value} />
            <Table
              caption="Nodes"
              heads={['Node', 'Version', 'Started', 'Seen', 'Replies made', 'Most at a time', 'Chats that wait']}
            >
              {value.nodes.map((n) => (
                <tr key={n.id}>
                  <th scope="row">
                    <span class="id">{n.id}</span> {n.current && <span class="badge">answers here</span>}
                  </th>
                  <td>{n.version}</td>
                  <td>
                    <Time at={n.started_at} />
                  </td>
                  <td>
                    <Time at={n.at} />
                  </td>
                  <td>{number(n.slots.taken)}</td>
                  <td>{number(n.slots.total)}</td>
                  <td>{number(n.slots.waiting)}</td>
                </tr>
              ))}
            </Table>
          </>
        )}
      </Answer>
    </>
  )
}

function Facts({ overview: o }: { overview: Overview }) {
  const open = o.open_replies
  const facts: [string, string][] = [
    ['Version', o.version],
    ['Database', `${o.engine}, schema ${o.schema}, ${bytes(o.database_bytes)}`],
    ['Users', `${number(o.users)}, ${number(o.disabled_users)} of them disabled`],
    ['Admins', number(o.admins)],
    [
      'Open replies',
      `${number(open.running)} running, ${number(open.queued)} queued, ${number(open.waiting)} waiting for an answer`,
    ],
  ]
  return (
    <dl class="facts">
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What an operator should look at now. */
function Wrong({ overview }: { overview: Overview }) {
  const providers = useAnswer<Provider[]>('/admin/providers', 5000)
  const endpoints = useAnswer<Endpoint[]>('/admin/webhooks/endpoints', 5000)
  const error = providers.error || endpoints.error
  const reload = () => {
    providers.reload()
    endpoints.reload()
  }
  const faults = [
    ...overview.nodes
      .filter((n) => n.slots.waiting > 0 && n.slots.taken >= n.slots.total)
      .map((n) => ({
        of: `node ${n.id}`,
        place: 'replies',
        text: `${number(n.slots.waiting)} chats wait for a slot.`,
      })),
    ...(providers.value ?? [])
      .filter((p) => p.state === 'failing')
      .map((p) => ({ of: p.name, place: 'providers', text: `The last call failed${faultOf(p)}.` })),
    ...(endpoints.value ?? [])
      .filter((e) => e.failing_since || e.failed > 0)
      .map((e) => ({
        of: `webhook ${e.endpoint}`,
        place: 'webhooks',
        text: `${number(e.failed)} given up, ${number(e.waiting)} waiting${e.fault ? `: ${e.fault}` : ''}.`,
      })),
  ]
  return (
    <section aria-labelledby="wrong">
      <h2 id="wrong">What is wrong now</h2>
      <Answer error={error} reload={reload} ready={!!providers.value && !!endpoints.value}>
        {faults.length === 0 ? (
          <p class="empty">Nothing that this page knows of.</p>
        ) : (
          <ul class="rows">
            {faults.map((f, i) => (
              <li key={i} class="row">
                <State state="failing" />
                <span class="row-text">
                  <strong>
                    <a href={`#/${f.place}`}>{f.of}</a>
                  </strong>
                  <small>{f.text}</small>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </section>
  )
}

function faultOf(p: Provider) {
  const fault = p.mcp?.last_fault ?? p.models?.find((m) => m.state === 'failing')?.last_fault
  return fault ? `: ${fault}` : ''
}
