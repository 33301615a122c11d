import type { Message } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { bytes } from '../ui/format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { File as FileIcon } from '../ui/icons.tsx'

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
  const onError = () => {
    if (state.tried) return setState({ ...state, failed: true })
    setState({ ...state, tried: true })
    // The address may be the one of before: the mark behind it makes the browser ask again.
    fresh(message, medium.id).then(
      (url) => setState({ url: url && `${url}#again`, tried: true, failed: !url }),
      () => setState({ tried: true, failed: true }),
    )
  }
  return { url: state.url ?? medium.url, failed: state.failed, onError }
}

const withWidth = (url: string, width: number) => {
  const [path, mark] = url.split('#')
  return `${path}${path!.includes('?') ? '&' : '?'}width=${width}${mark ? `#${mark}` : ''}`
}

export function Picture({ medium, message }: { medium: Medium; message: Message }) {
  const [open, setOpen] = useState(false)
  const { url, failed, onError } = useFresh(medium, message)
  if (failed) return <FileLink medium={medium} url={url} />
  return (
    <>
      <button type="button" class="picture" aria-label={`Show ${medium.name}`} onClick={() => setOpen(true)}>
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
          <img class="picture-full" src={url} alt={medium.name} />
          <p>
            <a class="link" href={url} download={medium.name}>
              Download
            </a>
          </p>
        </Dialog>
      )}
    </>
  )
}

export function Player({ medium, message }: { medium: Medium; message: Message }) {
  const { url, failed, onError } = useFresh(medium, message)
  if (failed) return <FileLink medium={medium} url={url} />
  if (medium.content_type.startsWith('audio/'))
    return <audio class="audio" controls preload="metadata" src={url} aria-label={medium.name} onError={onError} />
  if (medium.content_type.startsWith('video/'))
    return <video class="video" controls preload="metadata" src={url} aria-label={medium.name} onError={onError} />
  return <FileLink medium={medium} url={url} />
}

export const FileLink = ({ medium, url }: { medium: Medium; url: string }) => (
  <a class="file" href={url} download={medium.name}>
    <FileIcon />
    <span class="file-name">{medium.name}</span>
    {medium.size !== undefined && <span class="file-size">{bytes(medium.size)}</span>}
  </a>
)
