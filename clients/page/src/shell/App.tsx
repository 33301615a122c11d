import { useEffect, useState } from 'preact/hooks'
import { Auth } from '../auth/Auth.tsx'
import { forgetFiles } from '../chat/uploads.ts'
import { client, useClient } from '../state/client.ts'
import { forgetAnswers } from '../state/models.ts'
import * as seen from '../state/seen.ts'
import { forget } from '../state/local.ts'
import { tellWorker, unsubscribe } from '../state/notify.ts'
import { Dove } from '../ui/icons.tsx'
import { Toasts, sentence } from '../ui/toast.tsx'
import { Shell } from './Shell.tsx'

export function App() {
  const loggedOut = useClient((s) => s.status === 'logged-out')
  const user = useClient((s) => s.user?.id)
  const [started, setStarted] = useState(false)
  const [error, setError] = useState('')

  useEffect(() => {
    client.start().then(
      () => setStarted(true),
      (caught) => {
        setStarted(true)
        if (client.getState().status !== 'logged-out') setError(sentence(caught))
      },
    )
  }, [])
  useEffect(() => {
    if (user) seen.begin()
    if (user || (started && loggedOut)) void tellWorker(user)
  }, [user, started, loggedOut])
  useEffect(() => {
    if (!started || !loggedOut) return
    // What belongs to the one who was here does not wait for the next.
    forgetAnswers()
    forget()
    forgetFiles()
    seen.end()
    void unsubscribe().catch(() => {})
    document.title = 'Cote'
  }, [started, loggedOut])

  return (
    <>
      {loggedOut && started ? <Auth /> : started || user ? <Shell /> : <Splash />}
      {error && (
        <p class="notice notice-floating" role="alert">
          {error}
        </p>
      )}
      <Toasts />
    </>
  )
}

const Splash = () => (
  <div class="splash" role="status" aria-label="Loading">
    <Dove />
  </div>
)
