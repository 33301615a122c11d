import type { Message } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { bytes } from '../ui/format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { File as FileIcon } from '../ui/icons.tsx'
import { fail } from '../ui/toast.tsx'

export interface Medium {
  id?: string
  url: string
  name: string
  content_type: string
  size?: number
  width?: number | null
  height?: number | null
  duration?: number | null
}

/** Signed URLs end after a day or two; a message that is fetched again has new ones. */
const fresh = async (message: Message, id: string | undefined) => {
  const again: Message = await client.message(message.chat_id, message.id)
  const media = again.media as Medium[]
  const part = again.parts?.find((p) => p.type === 'file' && p.media_id === id) as { url?: string } | undefined
  return media.find((m) => m.id === id)?.url ?? part?.url
}

/** Whether a signed address has ended; the server says when in seconds. */
const ended = (url: string) => {
  const at = Number(new URL(url, location.href).searchParams.get('expires'))
  return at > 0 && at * 1000 < Date.now() + 5_000
}

/** The uploads of a message: pictures, sound, films and files. */
export function Media({ message }: { message: Message }) {
  const media = message.media as Medium[]
  const pictures = media.filter((m) => m.content_type.startsWith('image/'))
  const others = media.filter((m) => !m.content_type.startsWith('image/'))
  return (
    <div class="media">
      {pictures.length > 0 && (
        <div class={`pictures pictures-${Math.min(pictures.length, 3)}`}>
          {pictures.map((m, i) => (
            <Picture key={m.id ?? i} medium={m} message={message} />
          ))}
        </div>
      )}
      {others.map((m, i) => (
        <Player key={m.id ?? i} medium={m} message={message} />
      ))}
    </div>
  )
}

function useFresh(medium: Medium, message: Message) {
  const [state, setState] = useState<{ url?: string; tried?: boolean; failed?: boolean }>({})
  const url = state.url ?? medium.url
  /** An address that still holds. */
  const renew = async () => {
    if (!ended(url)) return url
    const next = (await fresh(message, medium.id)) ?? url
    setState({ url: next })
    return next
  }
  const onError = () => {
    if (state.tried) return setState({ ...state, failed: true })
    setState({ ...state, tried: true })
    // The address may be the one of before: the mark behind it makes the browser ask again.
    fresh(message, medium.id).then(
      (url) => setState({ url: url && `${url}#again`, tried: true, failed: !url }),
      () => setState({ tried: true, failed: true }),
    )
  }
  return { url, failed: state.failed, onError, renew }
}

const withWidth = (url: string, width: number) => {
  const [path, mark] = url.split('#')
  return `${path}${path!.includes('?') ? '&' : '?'}width=${width}${mark ? `#${mark}` : ''}`
}

export function Picture({ medium, message }: { medium: Medium; message: Message }) {
  const [open, setOpen] = useState(false)
  const { url, failed, onError, renew } = useFresh(medium, message)
  if (failed) return <FileLink medium={medium} message={message} />
  const show = () => renew().then(() => setOpen(true), fail)
  return (
    <>
      <button type="button" class="picture" aria-label={`Show ${medium.name}`} onClick={show}>
        <img
          src={withWidth(url, 512)}
          alt={medium.name}
          loading="lazy"
          decoding="async"
          width={medium.width ?? undefined}
          height={medium.height ?? undefined}
          onError={onError}
        />
      </button>
      {open && (
        <Dialog title={medium.name} wide plain onClose={() => setOpen(false)}>
          <Whole medium={{ ...medium, url }} message={message} />
        </Dialog>
      )}
    </>
  )
}

/** A picture in its own size. */
function Whole({ medium, message }: { medium: Medium; message: Message }) {
  const { url, onError, renew } = useFresh(medium, message)
  return (
    <>
      <img class="picture-full" src={url} alt={medium.name} onError={onError} />
      <p>
        <a class="link" href={url} download={medium.name} onClick={(e) => follow(e, url, medium.name, renew)}>
          Download
        </a>
      </p>
    </>
  )
}

/** Follows a link of a file; one that has ended is fetched again first. */
function follow(e: MouseEvent, url: string, name: string, renew: () => Promise<string>) {
  if (!ended(url)) return
  e.preventDefault()
  renew().then((address) => save(address, name), fail)
}

function save(address: string, name: string) {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}

export function Player({ medium, message }: { medium: Medium; message: Message }) {
  const { url, failed, onError } = useFresh(medium, message)
  if (failed) return <FileLink medium={medium} message={message} />
  if (medium.content_type.startsWith('audio/'))
    return <audio class="audio" controls preload="metadata" src={url} aria-label={medium.name} onError={onError} />
  if (medium.content_type.startsWith('video/'))
    return <video class="video" controls preload="metadata" src={url} aria-label={medium.name} onError={onError} />
  return <FileLink medium={medium} message={message} />
}

export function FileLink({ medium, message }: { medium: Medium; message: Message }) {
  const { url, renew } = useFresh(medium, message)
  return (
    <a class="file" href={url} download={medium.name} onClick={(e) => follow(e, url, medium.name, renew)}>
      <FileIcon />
      <span class="file-name">{medium.name}</span>
      {medium.size !== undefined && <span class="file-size">{bytes(medium.size)}</span>}
    </a>
  )
}
