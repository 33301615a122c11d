import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { client } from '../src/state/client.ts'
import { full } from '../src/ui/format.ts'
import { Confirm } from '../src/ui/Dialog.tsx'
import { fail, sentence, tell } from '../src/ui/toast.tsx'

export const get = <T,>(path: string) => client.request<T>('GET', path)

/**
 * The answer of a route; asked for again by `reload`, and every few seconds while the page is seen, where `every` says
 * so. An answer that is there stays where a later one fails.
 */
export function useAnswer<T>(path: string, every?: number) {
  const [value, setValue] = useState<T>()
  const [error, setError] = useState('')
  const [round, setRound] = useState(0)
  useEffect(() => setValue(undefined), [path])
  useEffect(() => {
    let gone = false
    get<T>(path).then(
      (answer) => {
        if (gone) return
        setValue(answer)
        setError('')
      },
      (caught) => {
        if (!gone) setError(sentence(caught))
      },
    )
    return () => {
      gone = true
    }
  }, [path, round])
  const reload = useCallback(() => setRound((n) => n + 1), [])
  useRounds(() => !document.hidden && reload(), every, [])
  return { value, error, reload }
}

/**
 * Pages of a list, from the first; `next` names the page that follows a row. Where `every` says so, the pages that are
 * shown are asked for again, all of them, and stand in place of the old ones at once.
 */
export function usePages<T>(first: string, next: (last: T) => string, size: number, every?: number) {
  const [rows, setRows] = useState<T[]>()
  const [hasMore, setMore] = useState(false)
  const [error, setError] = useState('')
  const asked = useRef(0)
  const pages = useRef(1)
  const load = async (count: number, before: T[] = []) => {
    const mine = ++asked.current
    try {
      let all = before
      let isFull = true
      for (let n = 0; n < count && isFull; n++) {
        const page = await get<T[]>(all.length ? next(all[all.length - 1]!) : first)
        if (mine !== asked.current) return
        all = [...all, ...page]
        isFull = page.length === size
      }
      setRows(all)
      setMore(isFull)
      setError('')
    } catch (caught) {
      if (mine === asked.current) setError(sentence(caught))
    }
  }
  const begin = () => void load((pages.current = 1))
  useEffect(() => {
    setRows(undefined)
    begin()
    return () => {
      asked.current++
    }
  }, [first])
  const again = () => void load(pages.current)
  useRounds(() => !document.hidden && again(), every, [first])
  const more = () => {
    if (!rows?.length) return begin()
    pages.current++
    void load(1, rows)
  }
  return { rows, hasMore, error, reload: every ? again : begin, more }
}

/** Does something every few seconds, and when the page is seen again. */
function useRounds(round: () => void, every: number | undefined, of: unknown[]) {
  useEffect(() => {
    if (!every) return
    const timer = setInterval(round, every)
    document.addEventListener('visibilitychange', round)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', round)
    }
  }, [every, ...of])
}

/** What stands where an answer will be, or why there is none; then the answer. */
export function Answer({ error, reload, ready, children }: {
  error: string
  reload: () => void
  ready: boolean
  children: ComponentChildren
}) {
  return (
    <>
      {error && (
        <p class="notice" role="alert">
          {error}{' '}
          <button type="button" class="link" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {ready ? children : !error && (
        <div class="loading" role="status" aria-label="Loading">
          <span class="spinner" />
        </div>
      )}
    </>
  )
}

/** A table with its caption, which may be wider than the window. */
export function Table({ caption, heads, empty, children }: {
  caption: string
  heads: string[]
  empty?: string
  children: ComponentChildren[]
}) {
  if (children.length === 0 && empty) return <p class="empty">{empty}</p>
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table class="grid">
        <caption>{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head || <span class="visually-hidden">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

interface Question {
  title: string
  text: string
  action: string
  done: string
  method: 'POST' | 'DELETE'
  path: string
  after: () => void
}

/** Does what was asked, and says so. */
export async function act(method: string, path: string, done: string, after: () => void, body?: unknown) {
  try {
    await client.request(method, path, body)
    tell(done)
  } catch (error) {
    fail(error)
  }
  after()
}

/** A button whose verb is done after a question; its name for people who do not see it says to whom. */
export function Ask({ label, of, danger = true, ...question }: { label: string; of: string; danger?: boolean }
  & Question) {
  const [asks, setAsks] = useState(false)
  return (
    <>
      <button
        type="button"
        class={`button small${danger ? ' button-danger' : ''}`}
        aria-label={`${label} ${of}`}
        onClick={() => setAsks(true)}
      >
        {label}
      </button>
      {asks && (
        <Confirm
          title={question.title}
          text={question.text}
          action={question.action}
          onConfirm={() => void act(question.method, question.path, question.done, question.after)}
          onClose={() => setAsks(false)}
        />
      )}
    </>
  )
}

/** A button whose verb asks nothing, since nothing is lost by it. */
export const Do = ({ label, of, path, done, after }: {
  label: string
  of: string
  path: string
  done: string
  after: () => void
}) => (
  <button
    type="button"
    class="button small"
    aria-label={`${label} ${of}`}
    onClick={() => void act('POST', path, done, after)}
  >
    {label}
  </button>
)

export const Time = ({ at }: { at: string | null | undefined }) =>
  at ? <time dateTime={at}>{full(at)}</time> : <>–</>

export const State = ({ state }: { state: string }) => (
  <span class={`badge${['failing', 'disabled'].includes(state) ? ' badge-bad' : ''}`}>{state}</span>
)

export const UserLink = ({ id, name }: { id: string; name?: string }) => (
  <a href={`#/users/${id}`} class={name ? undefined : 'id'}>
    {name ?? id}
  </a>
)

export const More = ({ shown, onClick }: { shown: boolean; onClick: () => void }) =>
  shown ? (
    <button type="button" class="button" onClick={onClick}>
      Show more
    </button>
  ) : null
