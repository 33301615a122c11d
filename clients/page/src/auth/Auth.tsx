import { useEffect, useRef, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { sentence } from '../ui/toast.tsx'
import { Dove } from '../ui/icons.tsx'
import { read, write } from '../state/local.ts'

/**
 * Log in or register. A device that nobody has logged in on begins with a new account; the other button does its own
 * work where the form has what it needs, else it asks for that.
 */
export function Auth() {
  const [isNew, setNew] = useState(!read<boolean>('known'))
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [invited, setInvited] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    const empty = [...form.current!.querySelectorAll('input')].find(x => !x.value)
    empty?.focus()
  }, [isNew])

  const text = (name: string) => String(new FormData(form.current!).get(name) ?? '')
  const submit = async (makes: boolean) => {
    if (busy) return
    setBusy(true)
    setError('')
    try {
      if (makes)
        await register(
          text('username').trim(),
          text('email').trim(),
          text('password'),
          text('invitation_code').trim(),
        )
      else await client.login(text('username').trim(), text('password'))
      write('known', true)
      await client.start()
    } catch (caught) {
      if ((caught as { code?: string }).code === 'wrong_invitation') setInvited(true)
      setError(sentence(caught))
      setBusy(false)
    }
  }
  const change = () => {
    setError('')
    if (isNew && text('username').trim() && text('password')) void submit(false)
    else setNew(!isNew)
  }
  const begin = (e: SubmitEvent) => {
    e.preventDefault()
    void submit(isNew)
  }
  return (
    <main class="auth">
      <form ref={form} class="auth-card" onSubmit={begin} aria-label={isNew ? 'New account' : 'Login'}>
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
        <p class="auth-other">{isNew ? 'You have an account?' : 'You are new here?'}</p>
        <button type="button" class="button button-wide" onClick={change}>
          {isNew ? 'Log in' : 'Register'}
        </button>
      </form>
    </main>
  )
}

async function register(username: string, email: string, password: string, code: string) {
  if (!code) return client.register(username, email, password)
  await client.request('POST', '/users/', { username, email, password, invitation_code: code })
  return client.login(username, password)
}
