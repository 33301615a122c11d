import assert from 'node:assert/strict'
import test from 'node:test'
import { createClient } from '../src/index.js'
import { json, scripted } from './scripted.js'

/** A tus server whose line breaks now and then, after bytes have arrived. */
function tus(breaks: (patches: number) => boolean) {
  const state = { length: 0, bytes: '', name: '', patches: 0, isGone: false }
  const { fetch } = scripted(({ method, path, body, headers }) => {
    assert.equal(headers.get('tus-resumable'), '1.0.0')
    const head = (status: number): Response => new Response(null, {
      status, headers: {
        'upload-offset': `${state.bytes.length}`, ...path === '/upload/resumable' && { location: `${path}/u1` },
        ...state.bytes.length === state.length && { 'upload-media-url': '/media/m1?signature=x' },
      },
    })
    if (method === 'POST') {
      state.length = Number(headers.get('upload-length'))
      state.name = Buffer.from(headers.get('upload-metadata')!.split(' ')[1]!, 'base64').toString()
      return head(201)
    }
    if (method === 'DELETE') {
      state.isGone = true
      return new Response(null, { status: 204 })
    }
    if (method === 'HEAD')
      return head(200)
    if (Number(headers.get('upload-offset')) !== state.bytes.length)
      return json({ detail: 'Another offset', code: 'wrong_offset' }, 409)
    const isBroken = breaks(++state.patches)
    state.bytes += isBroken ? body.slice(0, body.length / 2) : body
    return isBroken ? Promise.reject(new TypeError('fetch failed')) : head(204)
  })
  return { state, client: createClient({ url: 'http://test', fetch }) }
}

const text = Array.from({ length: 150_000 }, (_, at) => `${at},`).join('')

test('A file goes up in pieces, with progress', async () => {
  const { state, client } = tus(() => false)
  const seen: number[] = []
  const uploaded = await client.upload(new Blob([text]), { name: 'Grüße.txt', onProgress: sent => seen.push(sent) })
  assert.deepEqual(uploaded, { url: '/media/m1?signature=x', name: 'Grüße.txt', size: text.length })
  assert.equal(state.name, 'Grüße.txt')
  assert.equal(state.bytes, text)
  assert.ok(seen.length > 1)
  assert.equal(seen.at(-1), text.length)
})

test('A broken piece goes on where it broke', async () => {
  const { state, client } = tus(patches => patches <= 3)
  await client.upload(new File([text], 'a.txt'))
  assert.equal(state.bytes, text)
  assert.equal(state.name, 'a.txt')
})

test('An upload that is given up is deleted, and rejects', async () => {
  const { state, client } = tus(() => false)
  const abort = new AbortController()
  const upload = client.upload(new Blob([text]), { signal: abort.signal, onProgress: () => abort.abort() })
  await assert.rejects(upload, { name: 'AbortError' })
  assert.ok(state.isGone)
})
