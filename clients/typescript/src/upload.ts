import { CoteError, pause, unreached, type Http } from './http.js'
import type { Uploaded, UploadOptions } from './types.js'

const tus = { 'Tus-Resumable': '1.0.0' }

/** Sends a file in pieces by tus 1.0, and goes on where a cut left it. */
export async function upload(http: Http, file: Blob, options: UploadOptions = {}): Promise<Uploaded> {
  const { signal, onProgress } = options
  const name = options.name ?? (file as File).name ?? 'file'
  const bytes = new TextEncoder().encode(name)
  const created = await http.send('POST', '/upload/resumable', {
    headers: { ...tus, 'Upload-Length': `${file.size}`,
      'Upload-Metadata': `filename ${btoa(String.fromCharCode(...bytes))}` },
    signal, tries: 3,
  })
  const location = created.headers.get('location')
  if (!location)
    throw unreached()
  const path = new URL(location, 'http://any').pathname
  let sent = 0
  let url: string | null = null
  for (let [piece, failures] = [256 * 1024, 0]; !url;) {
    const began = Date.now()
    try {
      const reply = failures
        ? await http.send('HEAD', path, { headers: tus, signal })
        : await http.send('PATCH', path, {
          headers: { ...tus, 'Upload-Offset': `${sent}`, 'Content-Type': 'application/offset+octet-stream' },
          body: file.slice(sent, sent + piece), signal,
        })
      if (!reply.headers.has('upload-offset'))
        throw unreached()
      sent = Number(reply.headers.get('upload-offset'))
      url = reply.headers.get('upload-media-url')
      failures = 0
      onProgress?.(sent, file.size)
      if (Date.now() - began < 1000)
        piece = Math.min(piece * 2, 8 * 1024 * 1024)
    } catch (error) {
      if (signal?.aborted)
        void http.send('DELETE', path, { headers: tus }).catch(() => {})
      if (!(error instanceof CoteError) || !(error.isPassing || [409, 423].includes(error.status)) || ++failures > 12)
        throw error
      piece = Math.max(piece / 4, 64 * 1024)
      await pause((error.retryAfter ?? 0) * 1000 + Math.random() * Math.min(30_000, 300 * 2 ** failures),
        signal, http.closing.signal)
    }
  }
  return { url, name, size: file.size }
}
