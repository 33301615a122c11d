import type { Message, Part } from 'cote-client'
import { Warning } from '../ui/icons.tsx'
import { Picture, Player, type Medium } from './Media.tsx'

type File = Part

/** A file that the model or a tool made. */
export function FilePart({ message, part }: { message: Message; part: File; index: number }) {
  if (!part.url)
    return (
      <p class="file file-lost">
        <Warning />
        {part.name || 'A file'} could not be kept{part.error === 'quota' ? ': there is no room left for uploads' : ''}
        .
      </p>
    )
  const medium: Medium = {
    id: part.media_id ?? undefined,
    url: part.url,
    name: part.name ?? 'file',
    content_type: part.content_type ?? '',
  }
  // The uploads of the message itself stand below it already.
  if (message.media.some((m) => m.id === medium.id)) return null
  return (
    <div class="media">
      {medium.content_type.startsWith('image/') ? (
        <Picture medium={medium} message={message} />
      ) : (
        <Player medium={medium} message={message} />
      )}
    </div>
  )
}
