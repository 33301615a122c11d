import { Component } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Code } from './Code.tsx'
import { MarkdownDocument, type Section } from './document.ts'
import { Long } from './Long.tsx'
import { mend } from './mend.ts'
import { parse } from './parse.ts'
import { renderBlocks, type Source } from './render.tsx'
import type { Block } from './split.ts'
import './view.css'

interface Props {
  text: string
  /** The text still grows. */
  streaming?: boolean
  /** What it cites: `[1]` in the text leads to the first one. */
  sources?: readonly Source[]
}

/** In UTF-16 units: what is shown in the frame that a text appears in, and the least and most of each frame after it. */
const first = 48_000
const least = 1_500
const most = 96_000

const none: readonly Source[] = []

/** Shows a text of a model, which may say anything: nothing of it becomes more than text, links and form. */
export function Markdown({ text, streaming = false, sources = none }: Props) {
  const document = useDocument(text, streaming)
  const list = document.sections
  return (
    <div class="md">
      {list.map((section, index) => (
        <SectionView
          key={section.key} section={section} document={document} definitions={document.definitions} sources={sources}
          skipped={list.length > 2 && index < list.length - 1}
        />
      ))}
    </div>
  )
}

/** Follows the text once a frame, and a long text by as much of it as a frame has time for. */
function useDocument(text: string, streaming: boolean): MarkdownDocument {
  const [own] = useState(() => {
    const document = new MarkdownDocument()
    document.update(text, streaming, first)
    return { document, text, streaming, frame: 0, quota: 16_000, seen: 0, drew: false, rests: 0, all: false }
  })
  const [, draw] = useState(0)
  own.text = text
  own.streaming = streaming
  useEffect(() => {
    const step = (now: number) => {
      const gap = now - own.seen // after a drawing, how long that took; else an idle wait
      own.seen = now
      if (own.drew && gap > 28) {
        // After a drawing that took several frames, the page gets as many for itself.
        own.rests = Math.min(20, Math.ceil(gap / 17) - 1)
        own.quota = Math.max(least, own.quota / 2)
      } else if (own.drew)
        own.quota = Math.min(most, own.quota * 1.25)
      own.drew = false
      if (own.rests > 0) {
        own.rests--
        own.frame = requestAnimationFrame(step)
        return
      }
      if (own.all) {
        own.frame = 0
        return
      }
      own.all = own.document.update(own.text, own.streaming, own.quota)
      own.drew = true
      own.frame = requestAnimationFrame(step)
      draw((count) => count + 1)
    }
    own.all = false
    if (own.frame === 0)
      own.frame = requestAnimationFrame(step)
  }, [text, streaming])
  useEffect(() => () => cancelAnimationFrame(own.frame), [])
  return own.document
}

interface SectionProps {
  section: Section
  document: MarkdownDocument
  definitions: number
  sources: readonly Source[]
  skipped: boolean
}

class SectionView extends Component<SectionProps> {
  #needed = ''

  override shouldComponentUpdate(next: this['props']): boolean {
    return next.section !== this.props.section
      || (next.definitions !== this.props.definitions && next.document.definitionsOf(next.section) !== this.#needed)
      || next.skipped !== this.props.skipped || next.sources.length !== this.props.sources.length
  }

  override render() {
    const { section, document, sources, skipped } = this.props
    this.#needed = document.definitionsOf(section)
    return (
      <div class={skipped ? 'md-section md-skip' : 'md-section'} style={skipped ? { containIntrinsicBlockSize: `auto ${Math.round(guess(section.blocks) * 1.6)}em` } : undefined}>
        {section.blocks.map((block) => (
          <BlockView
            key={block.start} block={block} sources={sources} definitions={document.definitionsFor(block)}
          />
        ))}
      </div>
    )
  }
}

/** The height of what was never laid out, in units of a line, by a guess: the browser remembers the true one. */
function guess(blocks: Block[]): number {
  return blocks.reduce((lines, { text }) => lines + 1 + Math.max(text.length / 80, text.split('\n').length), 0)
}

class BlockView extends Component<{ block: Block; definitions: string; sources: readonly Source[] }> {
  override shouldComponentUpdate(next: this['props']): boolean {
    return next.block !== this.props.block || next.definitions !== this.props.definitions
      || next.sources.length !== this.props.sources.length
  }

  override render() {
    const { block, definitions, sources } = this.props
    if (block.kind === 'fence')
      return <Code code={block.text} language={block.language} done={block.done} />
    if (block.kind === 'plain')
      return <Long text={block.text} />
    return <>{renderBlocks(parse(block.done ? block.text : mend(block.text), definitions), sources)}</>
  }
}
