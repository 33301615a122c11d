import { Splitter, type Block } from './split.ts'

/** Blocks that are laid out together: the browser skips a section that is out of sight. */
export interface Section {
  key: string
  blocks: Block[]
}

const sectionSize = 3_000

/** A text as sections of blocks. Sections and blocks that have ended stay the same objects. */
export class MarkdownDocument {
  sections: Section[] = []
  #splitter = new Splitter()
  #seen = ''
  #epoch = 0
  #ended: Block[] = [] // of the last section
  #size = 0
  #closed = false

  /**
   * Takes the text as it is now and looks at about `quota` units of what is new. True when all of it is shown. A text
   * that does not begin with what it was before is a new one.
   */
  update(text: string, streaming: boolean, quota: number): boolean {
    if (!continues(text, this.#seen) || (this.#closed && text.length > this.#seen.length))
      this.#restart()
    this.#seen = text
    if (this.#closed)
      return true
    const splitter = this.#splitter
    splitter.feed(text)
    for (const block of splitter.take(quota))
      this.#add(block)
    const all = !splitter.more
    let tail = null
    if (all && streaming)
      tail = splitter.tail()
    else if (all) {
      const block = splitter.end()
      if (block)
        this.#add(block)
      this.#closed = true
    }
    this.#show(tail)
    return all
  }

  /** Lines `[a]: address` that a block needs and that may stand in another one. */
  definitionsFor(block: Block): string {
    const all = this.#splitter.definitions
    if (all.size === 0 || block.kind !== 'markdown')
      return ''
    return mentions(block).map((name) => all.get(name)).filter(Boolean).join('\n')
  }

  /** All that the blocks of a section need. */
  definitionsOf(section: Section): string {
    return section.blocks.map((block) => this.definitionsFor(block)).filter(Boolean).join('\n')
  }

  /** Changes when a definition is added. */
  get definitions(): number {
    return this.#splitter.definitions.size
  }

  #add(block: Block): void {
    if (this.#size > sectionSize) {
      this.#show(null)
      this.#ended = []
      this.#size = 0
      this.sections = [...this.sections, { key: '', blocks: [] }]
    }
    this.#ended.push(block)
    this.#size += block.text.length + 300
  }

  /** Writes the last section anew. */
  #show(tail: Block | null): void {
    const index = Math.max(0, this.sections.length - 1)
    const blocks = tail ? [...this.#ended, tail] : [...this.#ended]
    const last = this.sections[index]
    if (!last || last.blocks.length !== blocks.length || last.blocks.some((block, i) => !same(block, blocks[i]!)))
      this.sections = [...this.sections.slice(0, index), { key: `${this.#epoch}.${index}`, blocks }]
  }

  #restart(): void {
    this.#epoch++
    this.#splitter = new Splitter()
    this.#ended = []
    this.#size = 0
    this.#closed = false
    this.sections = []
  }
}

const mentioned = new WeakMap<Block, string[]>()

/** The names in brackets of a block, which never changes. */
function mentions(block: Block): string[] {
  let names = mentioned.get(block)
  if (!names) {
    const found = [...block.text.matchAll(/\[([^[\]\n]{1,100})\]/g)].map(([, name]) => name!.toLowerCase())
    names = [...new Set(found)]
    mentioned.set(block, names)
  }
  return names
}

/** One comparison of memory: a loop over letters would cost more than the rest of a frame. */
function continues(text: string, seen: string): boolean {
  return text === seen || (text.length >= seen.length && text.slice(0, seen.length) === seen)
}

function same(a: Block, b: Block): boolean {
  return a === b || (a.start === b.start && a.kind === b.kind && a.done === b.done && a.text === b.text)
}
