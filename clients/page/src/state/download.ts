import { client } from './client.ts'

/** The body of a route as the server sends it, for the browser to save. */
export async function tokenFetch(path: string): Promise<Blob> {
  const answer = await client.request<unknown>('GET', path)
  return typeof answer === 'string'
    ? new Blob([answer], { type: 'text/plain;charset=utf-8' })
    : new Blob([JSON.stringify(answer, null, 1)], { type: 'application/json' })
}
