import DOMPurify from 'dompurify'
import temml from 'temml'
import 'temml/dist/Temml-Local.css'

const kept = new Map<string, Element>()

/** A formula as MathML; null if it is none. */
export function typeset(tex: string, display: boolean): Element | null {
  const key = (display ? 'd' : 'i') + tex
  const known = kept.get(key)
  if (known)
    return known.cloneNode(true) as Element
  const safe = withoutStyles(tex)
  if (safe === null)
    return null
  const holder = document.createElement('span')
  try {
    temml.render(safe, holder, { displayMode: display, throwOnError: true, trust: false, maxSize: [20, 20], maxExpand: 300 })
  } catch (error) {
    if (error instanceof Error)
      return null
    throw error
  }
  // Nodes, not a string: styles that the typesetter sets by their properties pass a policy without 'unsafe-inline'.
  DOMPurify.sanitize(holder, {
    IN_PLACE: true, USE_PROFILES: { mathMl: true }, ADD_TAGS: ['span'], ADD_ATTR: ['class', 'style'],
    FORBID_ATTR: ['href', 'id', 'name', 'src'], SANITIZE_NAMED_PROPS: false,
  })
  const math = holder.firstElementChild
  if (!math)
    return null
  if (kept.size >= 500)
    kept.delete(kept.keys().next().value!)
  kept.set(key, math)
  return math.cloneNode(true) as Element
}

/**
 * Two commands set a style as an attribute, which a policy without 'unsafe-inline' refuses: bold has another name, and
 * a formula with the other one stays its source.
 */
function withoutStyles(tex: string): string | null {
  let refused = false
  const safe = tex.replace(/\\(?:(pmb|sideset)(?![A-Za-z@])|[^])/g, (all, name: string | undefined) => {
    refused ||= name === 'sideset'
    return name === 'pmb' ? '\\boldsymbol' : all
  })
  return refused ? null : safe
}
