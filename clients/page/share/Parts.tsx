import { Link } from '../src/view/render.tsx'
import { Markdown } from '../src/view/index.ts'
import type { SharedPart } from './types.ts'

/** Thoughts and tools stand before the text, files and sources after it. */
export function Parts({ parts, place }: { parts: SharedPart[]; place: 'before' | 'after' }) {
  if (place === 'before')
    return <>{parts.map((part, index) => <Made key={index} part={part} />)}</>
  const files = parts.filter((part) => part.type === 'file')
  const sources = parts.filter((part) => part.type === 'source')
  return (
    <>
      {files.length > 0 && <ul class="files">{files.map((part, index) => <li key={index}><File part={part} /></li>)}</ul>}
      {sources.length > 0 && (
        <ol class="sources" aria-label="Sources">
          {sources.map((part, index) => (
            <li key={index}><Link address={absolute(part.url)}>{part.title || part.url}</Link></li>
          ))}
        </ol>
      )}
    </>
  )
}

function Made({ part }: { part: SharedPart }) {
  if (part.type === 'reasoning')
    return (
      <details>
        <summary>Thought{part.ms ? ` for ${Math.max(1, Math.round(part.ms / 1_000))} s` : ''}</summary>
        <Markdown text={part.text ?? ''} />
      </details>
    )
  if (part.type === 'tool')
    return (
      <details>
        <summary>Tool {part.title || part.name}: {part.state}</summary>
        <Value name="Input" value={part.input} />
        <Value name="Output" value={part.output} />
      </details>
    )
  return null
}

function Value({ name, value }: { name: string; value: unknown }) {
  if (value === undefined || value === null)
    return null
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return <><p class="label">{name}</p><pre tabIndex={0}>{text}</pre></>
}

function File({ part }: { part: SharedPart }) {
  const name = part.name || 'File'
  const address = absolute(part.url)
  if (!address)
    return <span class="file">{name}</span>
  if (part.content_type?.startsWith('image/'))
    return <img src={address} alt={name} loading="lazy" />
  return <a class="file" href={address} target="_blank" rel="noopener noreferrer">{name}</a>
}

/** Addresses of this server come as paths. */
function absolute(address: string | null | undefined): string {
  return !address ? '' : address.startsWith('/') && !address.startsWith('//') ? location.protocol + '//' + location.host + address : address
}
