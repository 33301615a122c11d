import { useState } from 'preact/hooks'
import { full, money, number } from '../ui/format.ts'
import { useClient } from '../state/client.ts'
import { titleOf } from '../shell/lists.ts'
import { Loading } from './Loading.tsx'
import { useLoad } from './load.ts'

interface Row {
  day?: string
  model?: string
  chat_id?: string
  calls: number
  input_tokens: number
  output_tokens: number
  cost_usd?: number
}

interface Budget {
  window: string
  unit: string
  cap: number
  used: number
  reserved: number
  resets_at: string
}

const ways = [
  ['day', 'By day'],
  ['model', 'By model'],
  ['chat', 'By chat'],
] as const

export function Usage() {
  const [by, setBy] = useState<'day' | 'model' | 'chat'>('day')
  return (
    <>
      <Budgets />
      <div class="segments" role="group" aria-label="Sums">
        {ways.map(([value, label]) => (
          <button key={value} type="button" aria-pressed={by === value} onClick={() => setBy(value)}>
            {label}
          </button>
        ))}
      </div>
      <Sums key={by} by={by} />
    </>
  )
}

function Budgets() {
  const { value } = useLoad<Budget[]>('/usage/budget')
  if (!value?.length) return null
  const print = (b: Budget, n: number) => (b.unit === 'cost_usd' ? money(n) : `${number(n)} tokens`)
  return (
    <ul class="rows">
      {value.map((b) => (
        <li key={b.window + b.unit} class="row row-column">
          <div class="row-text">
            <strong>
              {b.window === 'day' ? 'Today' : 'This month'}: {print(b, b.used)} of {print(b, b.cap)}
            </strong>
            <small>Begins again {full(b.resets_at)}</small>
          </div>
          <meter min={0} max={b.cap} high={b.cap * 0.9} value={b.used} aria-label={`Budget of the ${b.window}`} />
        </li>
      ))}
    </ul>
  )
}

function Sums({ by }: { by: string }) {
  const chats = useClient((s) => s.chats)
  const { value, error, reload } = useLoad<Row[]>(`/usage?by=${by}`)
  if (!value) return <Loading error={error} reload={reload} />
  if (value.length === 0) return <p class="empty-list">No model was called yet.</p>
  const name = (r: Row) =>
    r.day ??
    r.model ??
    (chats.some((c) => c.id === r.chat_id) ? titleOf(chats.find((c) => c.id === r.chat_id)) : 'A deleted chat')
  const rows =
    by === 'day'
      ? [...value].reverse()
      : [...value].sort((a, b) => b.input_tokens + b.output_tokens - a.input_tokens - a.output_tokens)
  const most = Math.max(1, ...rows.map((r) => r.input_tokens + r.output_tokens))
  const priced = rows.some((r) => r.cost_usd !== undefined)
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Sums of usage">
      <table class="sums">
        <thead>
          <tr>
            <th scope="col">{by === 'day' ? 'Day' : by === 'model' ? 'Model' : 'Chat'}</th>
            <th scope="col">Calls</th>
            <th scope="col">Tokens in</th>
            <th scope="col">Tokens out</th>
            {priced && <th scope="col">Cost</th>}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, 200).map((r) => (
            <tr key={name(r) + (r.chat_id ?? '')}>
              <th scope="row">
                <span class="sum-name">{name(r)}</span>
                <progress max={most} value={r.input_tokens + r.output_tokens} aria-hidden="true" />
              </th>
              <td>{number(r.calls)}</td>
              <td>{number(r.input_tokens)}</td>
              <td>{number(r.output_tokens)}</td>
              {priced && <td>{r.cost_usd === undefined ? '–' : money(r.cost_usd)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
