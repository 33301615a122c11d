import { useEffect, useRef, useState } from 'preact/hooks'
import { client, useClient } from '../src/state/client.ts'
import { forget, write } from '../src/state/local.ts'
import { Dove, Logout } from '../src/ui/icons.tsx'
import { Toasts, fail, sentence } from '../src/ui/toast.tsx'
import { AuditView } from './Audit.tsx'
import { OverviewView } from './Overview.tsx'
import { Providers } from './Providers.tsx'
import { Replies } from './Replies.tsx'
import { UsageView } from './Usage.tsx'
import { UserView } from './User.tsx'
import { Users } from './Users.tsx'
import { Webhooks } from './Webhooks.tsx'
import { get } from './parts.tsx'

const views = [
  ['', 'Overview', OverviewView],
  ['users', 'Users', Users],
  ['replies', 'Replies', Replies],
  ['providers', 'Providers', Providers],
  ['usage', 'Usage', UsageView],
  ['audit', 'Audit', AuditView],
  ['webhooks', 'Webhooks', Webhooks],
] as const

function usePlace() {
  const read = () => location.hash.replace(/^#\/?/, '').split('/')
  const [place, setPlace] = useState(read)
  useEffect(() => {
    const changed = () => setPlace(read())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return place
}

export function App() {
  const user = useClient((s) => s.user)
  const loggedOut = useClient((s) => s.status === 'logged-out')
  const [started, setStarted] = useState(false)
  const [wasIn, setWasIn] = useState(false)
  useEffect(() => {
    client.start().then(() => setStarted(true), () => setStarted(true))
  }, [])
  useEffect(() => {
    if (user) setWasIn(true)
  }, [user])
  return (
    <>
      {!started ? <Waiting /> : loggedOut || !user ? <Login wasIn={wasIn} /> : <Inside key={user.id} />}
      <Toasts />
    </>
  )
}

const Waiting = () => (
  <div class="splash" role="status" aria-label="Loading">
    <Dove />
  </div>
)

function Login({ wasIn }: { wasIn: boolean }) {
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    if (busy) return
    const form = new FormData(e.currentTarget as HTMLFormElement)
    setBusy(true)
    setError('')
    try {
      await client.login(String(form.get('username')).trim(), String(form.get('password')))
      write('known', true)
      await client.start()
    } catch (caught) {
      setError(sentence(caught))
      setBusy(false)
    }
  }
  return (
    <main class="auth">
      <form class="auth-card" onSubmit={submit} aria-label="Login">
        <div class="auth-brand">
          <Dove />
          <span>Cote admin</span>
        </div>
        <h1>Log in as an admin</h1>
        <p class="auth-lead">{wasIn ? 'You were logged out.' : 'This page is for the admins of this server.'}</p>
        <label class="field">
          <span>Username</span>
          <input name="username" required autocomplete="username" autocapitalize="none" spellcheck={false} />
        </label>
        <label class="field">
          <span>Password</span>
          <input name="password" type="password" required autocomplete="current-password" />
        </label>
        {error && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="button button-primary button-wide" aria-busy={busy}>
          Log in
        </button>
      </form>
    </main>
  )
}

/** Asks once whether the account is an admin's; each route asks again. */
function Inside() {
  const [state, setState] = useState<'asked' | 'admin' | 'refused'>('asked')
  const [error, setError] = useState('')
  const ask = () => {
    setError('')
    get('/admin/overview').then(
      () => setState('admin'),
      (caught) => {
        if ((caught as { code?: string }).code === 'admin_only') setState('refused')
        else setError(sentence(caught))
      },
    )
  }
  useEffect(ask, [])
  if (state === 'admin') return <Frame />
  if (error)
    return (
      <p class="notice" role="alert">
        {error}{' '}
        <button type="button" class="link" onClick={ask}>
          Try again
        </button>
      </p>
    )
  return state === 'asked' ? <Waiting /> : <Refused />
}

const leave = () => {
  client.logout().then(forget, fail)
}

function Refused() {
  const name = useClient((s) => s.user?.username)
  return (
    <main class="auth">
      <div class="auth-card">
        <h1>This page is for admins</h1>
        <p class="auth-lead">The account {name} is no admin of this server.</p>
        <div class="button-row">
          <a class="button button-primary" href="/">
            Go to the chats
          </a>
          <button type="button" class="button" onClick={leave}>
            Log out
          </button>
        </div>
      </div>
    </main>
  )
}

function Frame() {
  const [place = '', id] = usePlace()
  const name = useClient((s) => s.user?.username)
  const [, label, View] = views.find(([path]) => path === place) ?? views[0]
  const main = useRef<HTMLElement>(null)
  useEffect(() => {
    document.title = `${label} · Cote admin`
    main.current?.scrollTo(0, 0)
  }, [label, id])
  return (
    <div class="admin">
      <a class="skip" href="#content" onClick={(e) => {
        e.preventDefault()
        main.current?.focus()
      }}>
        Skip to the content
      </a>
      <header class="admin-head">
        <span class="brand">
          <Dove />
          Cote admin
        </span>
        <nav aria-label="Views">
          {views.map(([path, text]) => (
            <a key={path} href={`#/${path}`} aria-current={text === label ? 'page' : undefined}>
              {text}
            </a>
          ))}
        </nav>
        <div class="admin-self">
          <span class="quiet">{name}</span>
          <a href="/">Chats</a>
          <button type="button" class="icon-button" aria-label="Log out" onClick={leave}>
            <Logout />
          </button>
        </div>
      </header>
      <main id="content" ref={main} tabIndex={-1}>
        {place === 'users' && id ? <UserView key={id} id={id} /> : <View />}
      </main>
    </div>
  )
}
