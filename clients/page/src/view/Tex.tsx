import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { forget, whenNear } from './jobs.ts'
import { loadTypesetter } from './lazy.ts'

type Typesetter = Awaited<ReturnType<typeof loadTypesetter>>

let typesetter: Typesetter | null = null
let budget = 0
let frame = 0

/** A formula: its source until it is set, and for good where it is no formula. */
export function Tex({ tex, display }: { tex: string; display: boolean }) {
  const place = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const element = place.current!
    if (typesetter && inBudget())
      show(element, typesetter, tex, display)
    else
      element.replaceChildren(tex)
  }, [tex, display])
  useEffect(() => {
    const element = place.current!
    if (element.classList.contains('md-set'))
      return
    let gone = false
    whenNear(element, () => {
      void loadTypesetter().then((loaded) => {
        typesetter = loaded
        if (!gone)
          show(element, loaded, tex, display)
      }, () => undefined) // without a network the source stands
    })
    return () => {
      gone = true
      forget(element)
    }
  }, [tex, display])
  const Place = display ? 'div' : 'span'
  return <Place ref={place as never} class={display ? 'md-math md-display' : 'md-math'} dir="ltr" />
}

/** A few formulas of a text that appears are set at once, so that nothing jumps; the rest when they come near. */
function inBudget(): boolean {
  if (frame === 0) {
    budget = performance.now() + 8
    frame = requestAnimationFrame(() => frame = 0)
  }
  return performance.now() < budget
}

function show(element: HTMLElement, { typeset }: Typesetter, tex: string, display: boolean): void {
  const math = typeset(tex, display)
  element.classList.toggle('md-set', !!math)
  element.replaceChildren(math ?? tex)
}
