import { useCallback, useEffect, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { sentence } from '../ui/toast.tsx'

/** The answer of a route, asked for when it is shown and again by `reload`. */
export function useLoad<T>(path: string) {
  const [value, setValue] = useState<T>()
  const [error, setError] = useState('')
  const [round, setRound] = useState(0)
  useEffect(() => {
    let gone = false
    client.request<T>('GET', path).then(
      (answer) => {
        if (!gone) {
          setValue(answer as T)
          setError('')
        }
      },
      (caught) => {
        if (!gone) setError(sentence(caught))
      },
    )
    return () => {
      gone = true
    }
  }, [path, round])
  const reload = useCallback(() => setRound((n) => n + 1), [])
  return { value, error, reload }
}
