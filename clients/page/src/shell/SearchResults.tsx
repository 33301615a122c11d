import { useEffect, useState } from 'preact/hooks'
import { client, useClient } from '../state/client.ts'
import { short } from '../ui/format.ts'
import { sentence } from '../ui/toast.tsx'
import { titleOf } from './lists.ts'

interface Hit {
  chat_id: string
  chat_title: string
  message_id?: string
  sender?: 'user' | 'ai'
  timestamp: string
  snippet: string
  ranges: [number, number][]
}

/** What the server finds in titles and texts; without a network, what the device finds in titles. */
export function SearchResults({ query }: { query: string }) {
  const [hits, setHits] = useState<Hit[]>()
  const [error, setError] = useState('')
  const chats = useClient((s) => s.chats)
  useEffect(() => {
    let gone = false
    const timer = setTimeout(() => {
      client.request('GET', `/search?limit=40&q=${encodeURIComponent(query)}`).then(
        (found) => {
          if (!gone) {
            setHits(found as Hit[])
            setError('')
          }
        },
        (caught) => {
          if (!gone) {
            setHits(undefined)
            setError(sentence(caught))
          }
        },
      )
    }, 180)
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [query])

  const byTitle = chats.filter((c) => c.title.toLowerCase().includes(query.toLowerCase()))
  const shown: Hit[] =
    hits ??
    byTitle.map((c) => ({
      chat_id: c.id,
      chat_title: c.title,
      timestamp: c.last_message_time,
      snippet: c.title,
      ranges: [rangeOf(c.title, query)],
    }))
  return (
    <section aria-label="Search results">
      <p class="section-name" role="status">
        {error
          ? `${error} Only titles are searched.`
          : !hits
            ? 'Searching…'
            : hits.length === 0
              ? `Nothing is found for “${query}”.`
              : `${hits.length}${hits.length === 40 ? '+' : ''} found`}
      </p>
      <ul>
        {shown.map((hit) => (
          <li key={`${hit.chat_id}${hit.message_id}`} class="hit">
            <a href={hit.message_id ? `#/c/${hit.chat_id}/m/${hit.message_id}` : `#/c/${hit.chat_id}`}>
              <span class="hit-head">
                <span class="hit-title" dir="auto">
                  {hit.message_id ? (
                    titleOf({ title: hit.chat_title })
                  ) : (
                    <Marked text={hit.snippet} ranges={hit.ranges} />
                  )}
                </span>
                <time dateTime={hit.timestamp}>{short(hit.timestamp)}</time>
              </span>
              {hit.message_id && (
                <span class="hit-text" dir="auto">
                  <Marked text={hit.snippet} ranges={hit.ranges} />
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function rangeOf(text: string, query: string): [number, number] {
  const at = text.toLowerCase().indexOf(query.toLowerCase())
  return [Math.max(at, 0), at < 0 ? 0 : at + query.length]
}

/** A text with what was found in it marked; a snippet begins near the first mark. */
export function Marked({ text, ranges }: { text: string; ranges: [number, number][] }) {
  const from = ranges.length && ranges[0]![0] > 60 ? text.lastIndexOf(' ', ranges[0]![0] - 30) + 1 : 0
  const pieces = []
  let at = from
  for (const [start, end] of ranges) {
    if (start > at) pieces.push(text.slice(at, start))
    if (end > start) pieces.push(<mark key={start}>{text.slice(start, end)}</mark>)
    at = end
  }
  pieces.push(text.slice(at))
  return (
    <>
      {from > 0 && '… '}
      {pieces}
    </>
  )
}
