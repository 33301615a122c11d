import { number } from '../src/ui/format.ts'
import { Answer, State, Table, Time, useAnswer } from './parts.tsx'
import type { Provider } from './types.ts'

/** The end of an id tells nodes apart; its beginning is the time. */
const shortId = (id: string) => `…${id.slice(-8)}`

export function Providers() {
  const { value, error, reload } = useAnswer<Provider[]>('/admin/providers', 5000)
  const rows = value ?? []
  return (
    <>
      <h1>Providers</h1>
      <p class="quiet">As each node has seen them since it started, by the calls that replies have made.</p>
      <Answer error={error} reload={reload} ready={!!value}>
        <h2>Models</h2>
        <Table
          caption="Models"
          heads={['Model', 'Node', 'State', 'Open', 'Ended', 'Failed', 'Retries', 'Last success', 'Last fault']}
          empty="No provider is configured."
        >
          {rows.flatMap((p) =>
            (p.models ?? []).map((m) => (
              <tr key={p.node + p.name + m.name}>
                <th scope="row">{m.name.startsWith(`${p.name}/`) ? m.name : `${p.name}/${m.name}`}</th>
                <td class="id" title={p.node}>
                  {shortId(p.node)}
                </td>
                <td>
                  <State state={m.state} />
                </td>
                <td>{number(m.open_calls)}</td>
                <td>{number(m.calls)}</td>
                <td>{number(m.failed_calls)}</td>
                <td>{number(m.retries)}</td>
                <td>
                  <Time at={m.last_success_at} />
                </td>
                <td>
                  <Fault of={m} />
                  {m.retry_at && (
                    <>
                      {' '}
                      (asks to wait until <Time at={m.retry_at} />)
                    </>
                  )}
                </td>
              </tr>
            )),
          )}
        </Table>
        <h2>MCP servers</h2>
        <Table
          caption="MCP servers"
          heads={['Server', 'Node', 'State', 'Connected', 'Tools', 'Open', 'Ended', 'Failed', 'Last fault']}
          empty="No MCP server is configured."
        >
          {rows.flatMap((p) =>
            p.mcp
              ? [
                  <tr key={p.node + p.name}>
                    <th scope="row">{p.name}</th>
                    <td class="id" title={p.node}>
                      {shortId(p.node)}
                    </td>
                    <td>
                      <State state={p.state} />
                    </td>
                    <td>{p.mcp.connected ? 'yes' : 'no'}</td>
                    <td>{number(p.mcp.tools)}</td>
                    <td>{number(p.mcp.open_calls)}</td>
                    <td>{number(p.mcp.calls)}</td>
                    <td>{number(p.mcp.failed_calls)}</td>
                    <td>
                      <Fault of={p.mcp} />
                    </td>
                  </tr>,
                ]
              : [],
          )}
        </Table>
      </Answer>
    </>
  )
}

const Fault = ({ of }: { of: { last_fault: string | null; last_fault_at: string | null } }) =>
  of.last_fault ? (
    <>
      {of.last_fault}, <Time at={of.last_fault_at} />
    </>
  ) : (
    <>–</>
  )
