import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { copyText } from './copy.ts'
import { forget, whenNear } from './jobs.ts'
import { loadHighlighter } from './lazy.ts'
import { Long } from './Long.tsx'

/** In UTF-16 units; longer code is shown without colours. */
const mostColoured = 16_000

export function Code({ code, language, done }: { code: string; language: string; done: boolean }) {
  const label = language ? `Code, ${language}` : 'Code'
  return (
    <div class="md-code">
      <div class="md-code-head">
        <span class="md-language">{language || 'text'}</span>
        <CopyButton code={code} />
      </div>
      <pre tabIndex={0} role="group" aria-label={label} dir="ltr">
        {code.length > mostColoured ? <Long text={code} /> : <Coloured code={code} language={language} done={done} />}
      </pre>
    </div>
  )
}

function CopyButton({ code }: { code: string }) {
  const [said, say] = useState<'Copy' | 'Copied' | 'Not copied'>('Copy')
  useEffect(() => {
    if (said === 'Copy')
      return
    const timer = setTimeout(() => say('Copy'), 2_000)
    return () => clearTimeout(timer)
  }, [said])
  const copy = () => void copyText(code).then((well) => say(well ? 'Copied' : 'Not copied'))
  return (
    <button type="button" class="md-copy" onClick={copy} aria-label={said === 'Copy' ? 'Copy code' : said}>{said}</button>
  )
}

/** The text is there at once; colours follow when the code is near the screen, and while it grows only now and then. */
function Coloured({ code, language, done }: { code: string; language: string; done: boolean }) {
  const place = useRef<HTMLElement>(null)
  const state = useRef({ shown: '', next: 0, alive: true })
  useLayoutEffect(() => {
    const element = place.current!
    const { shown } = state.current
    const rest = code.startsWith(shown) ? code.slice(shown.length) : null
    const last = element.lastChild
    if (rest === null || !last)
      element.textContent = code
    else if (rest && last instanceof Text)
      last.appendData(rest)
    else if (rest)
      element.append(rest)
    state.current.shown = code
  }, [code])
  useEffect(() => () => void (state.current.alive = false), [])
  useEffect(() => {
    const element = place.current!
    const own = state.current
    if (!language || !code || (!done && performance.now() < own.next))
      return
    whenNear(element, () => void loadHighlighter().then(({ highlight }) => {
      const began = performance.now()
      const coloured = own.alive && own.shown === code ? highlight(code, language) : null
      if (coloured)
        element.replaceChildren(coloured)
      // A tenth of the time at most goes into colours that the next letters make void.
      own.next = performance.now() + Math.max(150, 10 * (performance.now() - began))
    }, () => undefined)) // without a network the code stands as it is
    return () => forget(element)
  }, [code, language, done])
  return <code ref={place} class="hljs" />
}
