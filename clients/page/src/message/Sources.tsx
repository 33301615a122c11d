import type { Message, Part } from 'cote-client'
import { host } from '../ui/format.ts'

type SourcePart = Part

/** What a reply cites, each place once. */
export function Sources({ sources }: { sources: Part[]; message: Message }) {
  const seen = new Set<string>()
  const distinct = (sources as SourcePart[]).filter((s) => {
    const key = s.url ?? s.media_id ?? s.title ?? ''
    return !seen.has(key) && seen.add(key)
  })
  return (
    <nav class="sources" aria-label="Sources">
      <ol>
        {distinct.map((s, i) => (
          <li key={i}>
            {s.url && /^https?:/i.test(s.url) ? (
              <a href={s.url} target="_blank" rel="noopener noreferrer nofollow" title={s.snippet ?? s.url}>
                <span class="source-number">{i + 1}</span>
                <span class="source-title">{s.title || host(s.url)}</span>
                <span class="source-host">{host(s.url)}</span>
              </a>
            ) : (
              <span class="source" title={s.snippet ?? undefined}>
                <span class="source-number">{i + 1}</span>
                <span class="source-title">{s.title || 'An upload'}</span>
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
