import { bytes } from '../ui/format.ts'
import { Close, File as FileIcon, Refresh } from '../ui/icons.tsx'
import type { Uploads } from './uploads.ts'

export function Attachments({ uploads }: { uploads: Uploads }) {
  if (uploads.items.length === 0) return null
  return (
    <ul class="attachments" aria-label="Attachments">
      {uploads.items.map((item) => (
        <li key={item.key} class={`attachment${item.error ? ' attachment-bad' : ''}`}>
          {item.preview && !item.error ? <img src={item.preview} alt="" /> : <FileIcon />}
          <span class="attachment-text">
            <span class="attachment-name">{item.file.name}</span>
            <span class="attachment-state" role={item.error ? 'alert' : undefined}>
              {item.error ??
                (item.url
                  ? bytes(item.file.size)
                  : `${Math.round(item.progress * 100)} % of ${bytes(item.file.size)}`)}
            </span>
          </span>
          {item.error && (
            <button
              type="button"
              class="icon-button small"
              aria-label={`Try ${item.file.name} again`}
              onClick={() => uploads.retry(item.key)}
            >
              <Refresh />
            </button>
          )}
          <button
            type="button"
            class="icon-button small"
            aria-label={`${item.url || item.error ? 'Take out' : 'Cancel'} ${item.file.name}`}
            onClick={() => uploads.remove(item.key)}
          >
            <Close />
          </button>
          {!item.url && !item.error && (
            <progress max={1} value={item.progress} aria-label={`Upload of ${item.file.name}`} />
          )}
        </li>
      ))}
    </ul>
  )
}
