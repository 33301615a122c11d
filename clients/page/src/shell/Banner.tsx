import { useEffect, useState } from 'preact/hooks'
import { useClient } from '../state/client.ts'
import { Cloud } from '../ui/icons.tsx'

/** Says that the server cannot be reached, after two seconds, and what becomes of what is typed meanwhile. */
export function Banner() {
  const status = useClient((s) => s.status)
  const error = useClient((s) => s.error)
  const [late, setLate] = useState(false)
  const [online, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const changed = () => setOnline(navigator.onLine)
    addEventListener('online', changed)
    addEventListener('offline', changed)
    return () => {
      removeEventListener('online', changed)
      removeEventListener('offline', changed)
    }
  }, [])
  useEffect(() => {
    setLate(false)
    if (status === 'live') return
    const timer = setTimeout(() => setLate(true), 2000)
    return () => clearTimeout(timer)
  }, [status])
  if (error && status !== 'live')
    return (
      <div class="banner" role="alert">
        <Cloud />
        <span>{error.detail}</span>
        <button type="button" class="link" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    )
  if (online && (status === 'live' || !late)) return <div role="status" class="banner-none" />
  return (
    <div class="banner" role="status">
      <Cloud />
      <span>
        {online ? 'Connecting to the server…' : 'You are offline.'} What you send is kept here and goes out once it is
        back.
      </span>
    </div>
  )
}
