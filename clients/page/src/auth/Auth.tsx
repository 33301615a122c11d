import { useEffect, useRef, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { sentence } from '../ui/toast.tsx'
import { Dove } from '../ui/icons.tsx'

/** Log in or register: one form at a time, each with one button of its name. */
export function Auth() {
  const [isNew, setNew] = useState(false)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [invited, setInvited] = useState(false)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [isNew])

  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    if (busy) return
    const form = new FormData(e.currentTarget as HTMLFormElement)
    const text = (name: string) => String(form.get(name) ?? '')
    setBusy(true)
    setError('')
    try {
      if (isNew)
        await register(
          text('username').trim(),
          text('email').trim(),
          text('password'),
          text('invitation_code').trim(),
        )
      else await client.login(text('username').trim(), text('password'))
      await client.start()
    } catch (caught) {
      if ((caught as { code?: string }).code === 'wrong_invitation') setInvited(true)
      setError(sentence(caught))
      setBusy(false)
    }
  }
  const change = () => {
    setNew(!isNew)
    setError('')
  }
  return (
    <main class="auth">
      <form class="auth-card" onSubmit={submit} aria-label={isNew ? 'New account' : 'Login'}>
        <div class="auth-brand">
          <Dove />
          <span>Cote</span>
        </div>
        <h1>{isNew ? 'Make an account' : 'Welcome back'}</h1>
        <p class="auth-lead">
          {isNew
            ? 'Your chats are kept on this server and follow you to every device.'
            : 'Your chats are where you left them.'}
        </p>
        <label class="field">
          <span>Username</span>
          <input
            ref={first}
            name="username"
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            minLength={isNew ? 3 : undefined}
            maxLength={254}
          />
        </label>
        {isNew && (
          <label class="field">
            <span>E-mail</span>
            <input name="email" type="email" required autocomplete="email" maxLength={254} />
          </label>
        )}
        <label class="field">
          <span>Password</span>
          <input
            key={String(isNew)}
            name="password"
            type="password"
            required
            autocomplete={isNew ? 'new-password' : 'current-password'}
            minLength={isNew ? 8 : undefined}
            maxLength={128}
          />
        </label>
        {isNew && invited && (
          <label class="field">
            <span>Invitation code</span>
            <input name="invitation_code" autocomplete="off" />
          </label>
        )}
        {error && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="button button-primary button-wide" aria-busy={busy}>
          {isNew ? 'Register' : 'Log in'}
        </button>
        <p class="auth-switch">
          <button type="button" class="link" onClick={change}>
            {isNew ? 'I have an account' : 'Create an account'}
          </button>
        </p>
      </form>
    </main>
  )
}

async function register(username: string, email: string, password: string, code: string) {
  if (!code) return client.register(username, email, password)
  await client.request('POST', '/users/', { username, email, password, invitation_code: code })
  return client.login(username, password)
}
