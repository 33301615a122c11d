import { client } from './client.ts'

/** A whole account takes longer than other answers. */
const timeout = 30 * 60_000

/** A request whose answer may take minutes. */
export const patiently = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  client.request<T>(method, path, body, { timeout })

/** The body of a route as the server sends it, for the browser to save. */
export async function tokenFetch(path: string): Promise<Blob> {
  return new Blob([await patiently<string>('GET', path)])
}
