import type { MarkdownIt } from 'markdown-it'

/** `$…$`, `$$…$$`, `\(…\)` and `\[…\]` as tokens `math_inline` and `math_block`, never in code. */
export function mathRules(md: MarkdownIt): void {
  md.inline.ruler.before('escape', 'math', (state, silent) => {
    const found = inlineMath(state.src, state.pos, state.posMax)
    if (!found)
      return false
    if (!silent) {
      const token = state.push('math_inline', 'math', 0)
      token.content = found.tex
      token.markup = found.display ? '$$' : '$'
    }
    state.pos = found.end
    return true
  })
  md.block.ruler.before('fence', 'math', (state, line, last, silent) => {
    const begin = state.bMarks[line]! + state.tShift[line]!
    if (state.sCount[line]! - state.blkIndent >= 4)
      return false
    const open = state.src.slice(begin, begin + 2)
    const close = open === '$$' ? '$$' : open === '\\[' ? '\\]' : null
    if (!close)
      return false
    const lines: string[] = []
    for (let at = line; at < last; at++) {
      const text = state.src.slice(state.bMarks[at]! + state.tShift[at]!, state.eMarks[at]!)
      const body = at === line ? text.slice(2) : text
      if (!text.trim() || (at > line && state.sCount[at]! < state.blkIndent))
        return false
      const end = body.indexOf(close)
      if (end < 0) {
        lines.push(body)
        continue
      }
      if (body.slice(end + 2).trim())
        return false // text follows: the inline rule takes it
      if (silent)
        return true
      lines.push(body.slice(0, end))
      const token = state.push('math_block', 'math', 0)
      token.block = true
      token.content = lines.join('\n').trim()
      token.map = [line, at + 1]
      state.line = at + 1
      return true
    }
    return false
  }, { alt: ['paragraph', 'reference', 'blockquote', 'list'] })
}

const most = 4_000

function inlineMath(src: string, at: number, end: number): { tex: string; end: number; display: boolean } | null {
  const first = src[at]
  if (first === '\\') {
    const close = src[at + 1] === '(' ? '\\)' : src[at + 1] === '[' ? '\\]' : null
    return close ? between(src, at + 2, end, close, close === '\\]') : null
  }
  if (first !== '$')
    return null
  if (src[at + 1] === '$')
    return between(src, at + 2, end, '$$', true)
  if (/[\w$\\]/.test(src[at - 1] ?? ' ') || /[\s$]/.test(src[at + 1] ?? ' '))
    return null
  for (let to = at + 2; to < Math.min(end, at + most); to++) {
    if (src[to] === '\\')
      to++
    else if (src[to] === '$') {
      const tex = src.slice(at + 1, to)
      // A dollar before a digit, or after a space, is money.
      return /\s$/.test(tex) || /\d/.test(src[to + 1] ?? '') || isProse(tex) ? null : { tex, end: to + 1, display: false }
    }
  }
  return null
}

function between(src: string, from: number, end: number, close: string, display: boolean) {
  const to = src.slice(0, Math.min(end, from + most)).indexOf(close, from)
  const tex = to < 0 ? '' : src.slice(from, to).trim()
  return tex && !tex.includes('`') ? { tex, end: to + 2, display } : null
}

function isProse(tex: string): boolean {
  return tex.includes('`') || tex.includes('\n\n')
    || (/^[\d.,]+\s*[^\s\\^_=+*/<>-]/.test(tex) && /[a-z]{2,}/i.test(tex) && !/[\\^_={}]/.test(tex))
    || (/[A-Za-z]{2,}[,.]?\s+[A-Za-z]{2,}/.test(tex) && !/[\\^_={}<>+]/.test(tex))
}
