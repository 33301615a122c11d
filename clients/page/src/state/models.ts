import { useEffect, useState } from 'preact/hooks'
import { client, useClient } from './client.ts'

export interface Model {
  id: string
  provider: string
  default?: boolean
  vision?: boolean
  audio?: boolean
  tools?: boolean
  context_tokens?: number
}

const kept = new Map<string, Promise<unknown>>()

/** An answer that changes seldom: asked for once, and again after a failure. */
export function once<T>(path: string): Promise<T> {
  let answer = kept.get(path) as Promise<T> | undefined
  if (!answer) {
    answer = client.request('GET', path) as Promise<T>
    kept.set(path, answer)
    answer.catch(() => kept.delete(path))
  }
  return answer
}

export const forgetAnswers = () => kept.clear()

/** The answer of a route that changes seldom, undefined until it is there. */
export function useOnce<T>(path: string): T | undefined {
  const [value, setValue] = useState<T>()
  // What failed without a network is asked for again once there is one.
  const live = useClient((s) => s.status === 'live')
  useEffect(() => {
    let gone = false
    once<T>(path).then(
      (v) => {
        if (!gone) setValue(v)
      },
      () => {},
    )
    return () => {
      gone = true
    }
  }, [path, live])
  return value
}

export const useModels = () => useOnce<Model[]>('/models') ?? []

/** A model's name without its provider, where that says it all. */
export const modelName = (id: string) => id.replace(/^[^/]+\//, '')
