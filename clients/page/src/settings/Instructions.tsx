import type { User } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { fail, tell } from '../ui/toast.tsx'
import { Loading } from './Loading.tsx'
import { useLoad } from './load.ts'

export function Instructions() {
  const { value, error, reload } = useLoad<User>('/users/me')
  return value ? <Form given={value.instructions ?? ''} /> : <Loading error={error} reload={reload} />
}

function Form({ given }: { given: string }) {
  const [text, setText] = useState(given)
  const [busy, setBusy] = useState(false)
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    setBusy(true)
    try {
      await client.request('PATCH', '/users/me', { instructions: text.trim() || null })
      tell('The instructions hold from the next reply on.')
    } catch (error) {
      fail(error)
    }
    setBusy(false)
  }
  return (
    <form onSubmit={submit}>
      <label class="field">
        <span>What should every chat know about you, and how should it answer?</span>
        <textarea
          rows={10}
          maxLength={8000}
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
          placeholder="For example: I am a nurse. Answer briefly, in metric units."
        />
      </label>
      <p class="quiet">They stand before the system prompt of each chat, and count in its tokens.</p>
      <button type="submit" class="button button-primary" disabled={busy}>
        Save
      </button>
    </form>
  )
}
