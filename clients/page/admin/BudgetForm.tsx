import { useState } from 'preact/hooks'
import { act } from './parts.tsx'
import type { AccountDetail, Caps } from './types.ts'

const fields: [keyof Caps, string, string][] = [
  ['day_tokens', 'Tokens a day', '1'],
  ['day_cost_usd', 'USD a day', 'any'],
  ['month_tokens', 'Tokens a month', '1'],
  ['month_cost_usd', 'USD a month', 'any'],
]

/** The caps of one user; an empty field is the configuration's. */
export function BudgetForm({ user, after }: { user: AccountDetail; after: () => void }) {
  const [busy, setBusy] = useState(false)
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    if (busy) return
    const form = new FormData(e.currentTarget as HTMLFormElement)
    const caps = Object.fromEntries(
      fields.map(([name]) => {
        const text = String(form.get(name)).trim()
        return [name, text === '' ? null : Number(text)]
      }),
    )
    setBusy(true)
    await act('PUT', `/admin/users/${user.id}/budget`, 'The budget is set.', after, caps)
    setBusy(false)
  }
  return (
    <section aria-labelledby="budget">
      <h2 id="budget">Budget</h2>
      <p class="quiet">A field that is empty takes the cap of the configuration.</p>
      <form class="caps" onSubmit={submit} aria-label={`Budget of ${user.username}`}>
        {fields.map(([name, label, step]) => (
          <label key={name} class="field">
            <span>{label}</span>
            <input name={name} type="number" min="0" step={step} defaultValue={user.caps[name]?.toString() ?? ''} />
          </label>
        ))}
        <button type="submit" class="button" aria-label={`Set the budget of ${user.username}`} aria-busy={busy}>
          Set the budget
        </button>
      </form>
    </section>
  )
}
