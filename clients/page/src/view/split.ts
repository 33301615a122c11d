/**
 * Cuts a Markdown text that grows into blocks that can be shown one by one. A block that has ended is never looked at
 * again, so a frame costs what is new, not what is there.
 *
 * A cut is made only where CommonMark ends every open block: before and after a fence, before a heading, and at a blank
 * line before a line that cannot go on with a list. Lists, quotes and tables that are very long are cut between items,
 * lines and rows. What is longer than `most` without any of that is shown as plain text.
 */
export interface Block {
  /** Where it begins in the text: its key. */
  start: number
  kind: 'markdown' | 'fence' | 'plain'
  /** Markdown, the code of a fence, or plain text. */
  text: string
  /** The first word after the opening of a fence. */
  language: string
  /** False while it may still grow. */
  done: boolean
}

/** In UTF-16 units: what a block holds before it is cut where it can be, where it should be, and what it may have. */
export const bounds = { enough: 800, long: 6_000, most: 16_000 }

const fenceLine = /^( {0,3})(`{3,}|~{3,})\s*([^\s`{]*)[^`]*$/
const innerFence = /^\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})[^`]*$/
const marker = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/
const heading = /^#{1,6}(?:\s|$)/
const delimiterRow = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/
const definition = /^ {0,3}\[([^\]\n]{1,100})\]:\s*\S/

export class Splitter {
  /** Lines `[a]: address` by what stands in the brackets: they count for the whole text, the first one of a name. */
  readonly definitions = new Map<string, string>()
  #text = ''
  #at = 0 // where the line begins that is looked at next
  #start = 0 // where the block begins that is open
  #searched = 0
  #fence: { mark: string; indent: number; language: string; body: number } | null = null
  #inner: string | null = null // the mark of a fence within a list
  #list = false
  #blank = false // the line before was blank
  #head = '' // the first two lines of a table that goes on in further blocks
  #prefix = ''
  #line = 0 // lines of the open block so far
  #first = ''

  /** Takes the text as it is now, which begins with what it was before. */
  feed(text: string): void {
    this.#text = text
  }

  /** Whether there are whole lines left that were not looked at. */
  get more(): boolean {
    return this.#lineEnd() >= 0
  }

  /** Looks at up to about `quota` units of whole lines, and gives the blocks that have ended. */
  take(quota: number): Block[] {
    const out: Block[] = []
    const last = this.#at + quota
    for (let end = this.#lineEnd(); end >= 0 && this.#at < last; end = this.#lineEnd()) {
      const from = this.#at
      this.#at = end + 1
      this.#read(from, this.#text.slice(from, end).replace(/\r$/, ''), out)
    }
    return out
  }

  /** What stands after the blocks that have ended; null for nothing. */
  tail(): Block | null {
    if (this.#fence) {
      // The beginning of the closing line is no code.
      const last = this.#text.slice(this.#at)
      return this.#fenceBlock(/^ {0,3}[`~]+$/.test(last.slice(0, 100)) ? this.#at : this.#text.length, false)
    }
    return this.#start < this.#text.length ? this.#block(this.#text.length, false) : null
  }

  /** The tail as a block that has ended, once the text has ended. */
  end(): Block | null {
    const block = this.tail()
    this.#start = this.#at = this.#text.length
    this.#fence = null
    return block && { ...block, done: true }
  }

  #lineEnd(): number {
    const found = this.#text.indexOf('\n', Math.max(this.#at, this.#searched))
    this.#searched = found < 0 ? this.#text.length : found
    return found
  }

  #read(from: number, line: string, out: Block[]): void {
    if (this.#fence) {
      if (closes(line, this.#fence.mark)) {
        out.push(this.#fenceBlock(from, true))
        this.#fence = null
        this.#begin(this.#at)
      }
      return
    }
    if (!line.trim()) {
      this.#blank = true
      this.#head = ''
      return
    }
    const flush = line[0] !== ' ' && line[0] !== '\t'
    if (this.#inner) {
      if (closes(line.trimStart(), this.#inner))
        this.#inner = null
      else if (flush)
        this.#inner = null
      else
        return
    }
    this.#cut(from, line, flush, out)
    const opening = fenceLine.exec(line)
    if (opening && (!this.#list || flush)) {
      this.#close(from, out)
      this.#fence = { mark: opening[2]!, indent: opening[1]!.length, language: opening[3]!.slice(0, 40), body: this.#at }
      return
    }
    if (marker.test(line))
      this.#list = true
    this.#inner = innerFence.exec(line)?.[1] ?? null
    const name = definition.exec(line)?.[1]!.toLowerCase()
    if (name && this.definitions.size < 500 && line.length < 3_000 && !this.definitions.has(name))
      this.definitions.set(name, line)
    this.#line++
    if (this.#line === 1)
      this.#first = line
    else if (this.#line === 2 && this.#first.includes('|') && delimiterRow.test(line))
      this.#head = `${this.#first}\n${line}\n`
    if (heading.test(line))
      this.#close(this.#at, out, bounds.enough)
    this.#blank = false
  }

  /** Ends the open block before this line where it cannot go on, or is long and may be cut. */
  #cut(from: number, line: string, flush: boolean, out: Block[]): void {
    const size = from - this.#start
    if (!flush || size === 0)
      return
    const item = marker.test(line)
    if (heading.test(line) || (this.#blank && !(this.#list && item)))
      this.#close(from, out, bounds.enough)
    else if (size > bounds.long && ((this.#list && item) || (this.#blank && this.#list)))
      this.#close(from, out)
    else if (size > bounds.long && this.#head && line.includes('|')) {
      const head = this.#head
      this.#close(from, out)
      this.#head = this.#prefix = head
      this.#line = 2
    } else if (size > bounds.long && line[0] === '>')
      this.#close(from, out)
  }

  #close(end: number, out: Block[], enough = 0): void {
    if (end - this.#start < enough) {
      // Small blocks share one; a list that has ended must not keep what follows from being cut.
      this.#list = false
      this.#line = 0
      this.#head = ''
      return
    }
    if (end > this.#start)
      out.push(this.#block(end, true))
    this.#begin(end)
  }

  #begin(at: number): void {
    this.#start = at
    this.#list = this.#blank = false
    this.#inner = null
    this.#head = this.#prefix = this.#first = ''
    this.#line = 0
  }

  #block(end: number, done: boolean): Block {
    const text = this.#text.slice(this.#start, end)
    const kind = text.length > bounds.most ? 'plain' : 'markdown'
    return { start: this.#start, kind, text: kind === 'plain' ? text : this.#prefix + text, language: '', done }
  }

  #fenceBlock(end: number, done: boolean): Block {
    const { body, indent, language } = this.#fence!
    let text = this.#text.slice(body, Math.max(body, end))
    if (done && text.endsWith('\n'))
      text = text.slice(0, -1)
    if (indent > 0)
      text = text.replace(new RegExp(`^ {1,${indent}}`, 'gm'), '')
    return { start: this.#start, kind: 'fence', text, language, done }
  }
}

function closes(line: string, mark: string): boolean {
  const closing = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(line)
  return !!closing && closing[1]![0] === mark[0] && closing[1]!.length >= mark.length
}
