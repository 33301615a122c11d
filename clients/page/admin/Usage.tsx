import { useState } from 'preact/hooks'
import { money, number } from '../src/ui/format.ts'
import { Answer, More, Table, UserLink, usePages } from './parts.tsx'
import type { UsageSum } from './types.ts'

const day = 86_400_000
const ways = [['day', 'By day'], ['model', 'By model'], ['user', 'By user']] as const
const spans = [[7, '7 days'], [30, '30 days'], [90, '90 days']] as const
const most = 200
const size = 1000

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10)
const tokens = (row: UsageSum) => row.input_tokens + row.output_tokens

export function UsageView() {
  const [by, setBy] = useState<'day' | 'model' | 'user'>('day')
  const [days, setDays] = useState<number>(30)
  const from = dateOf(Date.now() - (days - 1) * day)
  return (
    <>
      <h1>Usage</h1>
      <div class="tools">
        <Choice label="Sums" choices={ways} value={by} onChange={setBy} />
        <Choice label="Time" choices={spans} value={days} onChange={setDays} />
      </div>
      <Sums key={by + days} by={by} days={days} from={from} />
    </>
  )
}

function Choice<T extends string | number>({ label, choices, value, onChange }: {
  label: string
  choices: readonly (readonly [T, string])[]
  value: T
  onChange: (value: T) => void
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map(([choice, text]) => (
        <button key={choice} type="button" aria-pressed={choice === value} onClick={() => onChange(choice)}>
          {text}
        </button>
      ))}
    </div>
  )
}

function Sums({ by, days, from }: { by: 'day' | 'model' | 'user'; days: number; from: string }) {
  const path = `/admin/usage?by=${by}&from=${from}&limit=${size}`
  // Of days there is one page.
  const next = (last: UsageSum) => `${path}&after=${encodeURIComponent(last.model ?? last.user_id ?? '')}`
  const { rows: all, hasMore, error, reload, more } = usePages<UsageSum>(path, next, size)
  const [shown, setShown] = useState(most)
  const rows = [...(all ?? [])].sort((a, b) =>
    by === 'day' ? (b.day ?? '').localeCompare(a.day ?? '') : tokens(b) - tokens(a),
  )
  const head = { day: 'Day (UTC)', model: 'Model', user: 'User' }[by]
  const name = (row: UsageSum) =>
    row.day ?? row.model ?? (row.user_id ? <UserLink id={row.user_id} /> : 'Erased accounts')
  return (
    <Answer error={error} reload={reload} ready={!!all}>
      {by === 'day' && rows.length > 0 && <Chart rows={rows} days={days} from={from} />}
      <Table
        caption={`Usage since ${from}`}
        heads={[head, 'Calls', 'Tokens in', 'Tokens out', 'Cost', 'Calls without a price']}
        empty="No model was called in this time."
      >
        {rows.slice(0, shown).map((row) => (
          <tr key={row.day ?? row.model ?? row.user_id ?? ''}>
            <th scope="row">{name(row)}</th>
            <td>{number(row.calls)}</td>
            <td>{number(row.input_tokens)}</td>
            <td>{number(row.output_tokens)}</td>
            <td>{row.cost_usd === undefined ? '–' : money(row.cost_usd)}</td>
            <td>{number(row.unpriced_calls)}</td>
          </tr>
        ))}
      </Table>
      {hasMore && <p class="quiet">There are more; those are sorted that have been asked for, {number(rows.length)}.</p>}
      <More
        shown={hasMore || rows.length > shown}
        onClick={() => {
          setShown(shown + most)
          if (hasMore && rows.length < shown + most) more()
        }}
      />
    </Answer>
  )
}

/** Tokens of each day as bars; the table below says the same in numbers. */
function Chart({ rows, days, from }: { rows: UsageSum[]; days: number; from: string }) {
  const of = new Map(rows.map((row) => [row.day, tokens(row)]))
  const bars = Array.from({ length: days }, (_, i) => {
    const date = dateOf(Date.parse(from) + i * day)
    return { date, value: of.get(date) ?? 0 }
  })
  const top = Math.max(1, ...bars.map((bar) => bar.value))
  const width = 900 / days
  return (
    <figure class="chart">
      <svg viewBox="0 0 900 200" preserveAspectRatio="none" role="img" aria-label={`Tokens a day since ${from}`}>
        {bars.map((bar, i) => {
          const height = bar.value === 0 ? 0 : Math.max(2, (bar.value / top) * 196)
          return (
            <rect key={bar.date} x={i * width + width * 0.1} y={200 - height} width={width * 0.8} height={height}>
              <title>{`${bar.date}: ${number(bar.value)} tokens`}</title>
            </rect>
          )
        })}
      </svg>
      <figcaption class="quiet">
        Tokens a day from {from}, at most {number(top)}
      </figcaption>
    </figure>
  )
}
