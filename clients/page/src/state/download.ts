import { client } from './client.ts'

/** A whole account takes longer than other answers. */
const timeout = 30 * 60_000

type Request = <T>(method: string, path: string, body?: unknown, options?: { timeout?: number }) => Promise<T>

/** A request whose answer may take minutes. */
export const patiently: Request = (method, path, body) =>
  (client.request as Request).call(client, method, path, body, { timeout }) as Promise<never>

/** The body of a route as the server sends it, for the browser to save. */
export async function tokenFetch(path: string): Promise<Blob> {
  return new Blob([await patiently<string>('GET', path)])
}
