/** Makes the end of a text that still grows look as it will when its last construct is complete. */
export function mend(text: string): string {
  const cut = text.lastIndexOf('\n\n') + 2
  const from = cut < 2 ? 0 : cut
  return text.slice(0, from) + mendLast(text.slice(from))
}

function mendLast(text: string): string {
  const lines = text.split('\n')
  const last = lines[lines.length - 1]!
  // "-" under a line would be a heading for a moment, and is the beginning of a list.
  if (lines.length > 1 && /^\s*(?:[-=*+]+|\d{1,9}[.)]?|#{1,6}|>|`{1,2})\s*$/.test(last)) {
    lines.pop()
    return mendLast(lines.join('\n'))
  }
  if (/^ {0,3}(?:`{3}|~{3})/m.test(text))
    return text
  return mendTable(lines) ?? mendInline(text)
}

/** A first row of which the second line is not there yet, or not whole, is a table already. */
function mendTable(lines: string[]): string | null {
  const head = lines[0]!
  if (!/^ {0,3}\|.+\|\s*$/.test(head) || lines.length > 2)
    return null
  const second = lines[1] ?? ''
  if (!/^[\s|:-]*$/.test(second))
    return null
  const columns = head.trim().slice(1, -1).split(/(?<!\\)\|/).length
  return `${head}\n|${' --- |'.repeat(columns)}\n`
}

/** Closes code, bold, italics and strikes that are open, and shows a link's text until its address is there. */
function mendInline(text: string): string {
  const ticks = [...text.matchAll(/`+/g)]
  let open: string | null = null
  for (const [run] of ticks)
    open = open === null ? run : open === run ? null : open
  if (open)
    return text.endsWith(open) ? text.slice(0, -open.length) : text + open
  let shown = text.replace(/!?\[([^[\]\n]*)\](?:\([^()\s]*)?$/, '$1')
  for (const mark of ['**', '~~', '__']) {
    const count = shown.split(mark).length - 1
    if (count % 2 === 0)
      continue
    if (shown.endsWith(mark))
      shown = shown.slice(0, -mark.length)
    else if (new RegExp(`(?:^|[\\s(])${mark.replaceAll('*', '\\*')}\\S`).test(shown))
      shown = shown.trimEnd() + mark
  }
  return shown
}
