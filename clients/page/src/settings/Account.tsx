import { useState } from 'preact/hooks'
import { client, useClient } from '../state/client.ts'
import { Confirm } from '../ui/Dialog.tsx'
import { fail, sentence, tell } from '../ui/toast.tsx'

export function Account() {
  const user = useClient((s) => s.user)
  const [deleting, setDeleting] = useState(false)
  const erase = async () => {
    try {
      await client.request('DELETE', '/users/me')
      await client.logout()
    } catch (error) {
      fail(error)
    }
  }
  return (
    <>
      <dl class="facts-list">
        <dt>Name</dt>
        <dd>{user?.username}</dd>
        <dt>Address</dt>
        <dd>
          {user?.email}
          {user?.email_verified ? ' (verified)' : ''}
        </dd>
      </dl>
      <Password />
      <h3>Delete the account</h3>
      <p>Everything of yours is deleted: chats, files, sessions. This cannot be undone.</p>
      <button type="button" class="button button-danger" onClick={() => setDeleting(true)}>
        Delete my account
      </button>
      <p class="quiet foot">
        <a href="/app/licenses.txt" target="_blank" rel="noopener">
          Licences
        </a>{' '}
        of what this page is made of.{' '}
        <a href="/docs" target="_blank" rel="noopener">
          The API
        </a>{' '}
        is described by the server itself.
      </p>
      {deleting && (
        <Confirm
          title="Delete your account?"
          action="Delete everything"
          onConfirm={erase}
          onClose={() => setDeleting(false)}
          text="All your chats, files and sessions are deleted for good. Export them first if you want to keep them."
        />
      )}
    </>
  )
}

function Password() {
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    const form = e.currentTarget as HTMLFormElement
    const data = new FormData(form)
    setBusy(true)
    setError('')
    try {
      await client.request('PATCH', '/users/me', {
        current_password: data.get('current'),
        password: data.get('next'),
      })
      form.reset()
      tell('The password is changed; every other session has ended.')
    } catch (caught) {
      setError(sentence(caught))
    }
    setBusy(false)
  }
  return (
    <form class="panel" onSubmit={submit} aria-label="Change the password">
      <h3>Change the password</h3>
      <label class="field">
        <span>Current password</span>
        <input name="current" type="password" required autocomplete="current-password" />
      </label>
      <label class="field">
        <span>New password</span>
        <input name="next" type="password" required minLength={8} maxLength={128} autocomplete="new-password" />
      </label>
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="button button-primary" disabled={busy}>
        Change it
      </button>
    </form>
  )
}
