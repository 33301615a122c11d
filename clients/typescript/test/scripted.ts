import assert from 'node:assert/strict'

export interface Request {
  method: string
  path: string
  body: string
  headers: Headers
  signal: AbortSignal
}
export type Play = (request: Request) => Response | Promise<Response> | undefined

/** A server that answers as scripted, and writes down what it is asked. */
export function scripted(play: Play) {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const { pathname, search } = new URL(String(url))
    const request = new globalThis.Request(String(url), init)
    const body = init?.body ? await request.clone().text() : ''
    const path = pathname + search
    asked.push(`${request.method} ${path}`)
    const answer = await play({ method: request.method, path, body, headers: request.headers, signal: request.signal })
    assert.ok(answer, `${request.method} ${path} is not scripted`)
    request.signal.throwIfAborted()
    return answer
  }
  return { fetch, asked }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}

export function tokens(n: number) {
  return { access_token: `access-${n}`, token_type: 'bearer', expires_in: 60, refresh_token: `refresh-${n}` }
}

export const user = { id: 'u1', username: 'ada', email: 'ada@example.com' }

/** An answer that never comes, but for the end of the request. */
export function never(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

/** Waits until something holds, by asking, at most ten seconds. */
export async function until(holds: () => boolean | undefined, what = 'what is waited for'): Promise<void> {
  for (const deadline = Date.now() + 10_000; !holds();) {
    assert.ok(Date.now() < deadline, `${what} did not happen`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** A stream of events that is written by hand. */
export function stream() {
  let out!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start: controller => void (out = controller) })
  const bytes = new TextEncoder()
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    write: (text: string) => out.enqueue(bytes.encode(text)),
    send: (frame: object) => out.enqueue(bytes.encode(`data: ${JSON.stringify(frame)}\n\n`)),
    end: () => out.close(),
  }
}

export const ready = { type: 'ready', data: { cursor: 'e-0', heartbeat_ms: 25_000, user_id: 'u1' } }
