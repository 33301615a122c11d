import { Fragment, type ComponentChild, type ComponentChildren } from 'preact'
import type { Token } from 'markdown-it'
import { Code } from './Code.tsx'
import { Tex } from './Tex.tsx'
import { hostOf, safeAddress } from './links.ts'

/**
 * Elements for tokens. No HTML is written or read on the way: an element is one of those named here, its attributes
 * are those named here, and all else of the text is text.
 */
export function renderBlocks(tokens: Token[], sources: readonly Source[] = []): ComponentChild[] {
  return new Walk(tokens, sources).until(null)
}

/** What a text cites: `[1]` leads to the first one. */
export interface Source {
  title?: string | null
  url?: string | null
}

type Plain = 'p' | 'ul' | 'blockquote' | 'thead' | 'tbody' | 'tr' | 'strong' | 'em' | 's'

const plain: Record<string, Plain> = {
  paragraph_open: 'p', bullet_list_open: 'ul', blockquote_open: 'blockquote', thead_open: 'thead', tbody_open: 'tbody',
  tr_open: 'tr', strong_open: 'strong', em_open: 'em', s_open: 's',
}

class Walk {
  #at = 0

  constructor(readonly tokens: Token[], readonly sources: readonly Source[]) {}

  /** Elements up to the closing token of that name, or all. */
  until(close: string | null): ComponentChild[] {
    const out: ComponentChild[] = []
    for (; this.#at < this.tokens.length; this.#at++) {
      const token = this.tokens[this.#at]!
      if (token.type === close)
        return out
      out.push(this.#one(token, out.length))
    }
    return out
  }

  #inside(token: Token): ComponentChild[] {
    this.#at++
    return this.until(token.type.replace(/_open$/, '_close'))
  }

  #one(token: Token, key: number): ComponentChild {
    const Plain = plain[token.type]
    if (Plain === 'p' && token.hidden)
      return <Fragment key={key}>{this.#inside(token)}</Fragment>
    if (Plain)
      return <Plain key={key}>{this.#inside(token)}</Plain>
    switch (token.type) {
      case 'inline':
        return <Fragment key={key}>{new Walk(token.children ?? [], this.sources).until(null)}</Fragment>
      case 'text':
        return <Fragment key={key}>{words(token.content, this.sources)}</Fragment>
      case 'code_inline':
        return <code key={key}>{token.content}</code>
      case 'softbreak':
      case 'hardbreak':
        return <br key={key} />
      case 'hr':
        return <hr key={key} />
      case 'heading_open':
        return this.#heading(token, key)
      case 'ordered_list_open':
        return <ol key={key} start={start(token)}>{this.#inside(token)}</ol>
      case 'list_item_open':
        return this.#item(token, key)
      case 'table_open':
        return (
          <div class="md-table" key={key} role="group" aria-label="Table" tabIndex={0}>
            <table>{this.#inside(token)}</table>
          </div>
        )
      case 'th_open':
        return <th key={key} scope="col" class={align(token)}>{this.#inside(token)}</th>
      case 'td_open':
        return <td key={key} class={align(token)}>{this.#inside(token)}</td>
      case 'fence':
      case 'code_block':
        return <Code key={key} code={token.content.replace(/\n$/, '')} language={word(token.info)} done />
      case 'link_open':
        return this.#link(token, key)
      case 'image':
        return <Picture key={key} address={String(token.attrGet('src') ?? '')} alt={token.content} />
      case 'math_inline':
      case 'math_block':
        return <Tex key={key} tex={token.content} display={token.markup !== '$'} />
      default:
        return token.nesting === 1 ? <Fragment key={key}>{this.#inside(token)}</Fragment> : token.content
    }
  }

  /** The page has the headings of levels 1 and 2: those of a text are below them. */
  #heading(token: Token, key: number): ComponentChild {
    const level = Number(token.tag.slice(1))
    const Heading = `h${Math.min(6, level + 2)}` as 'h3'
    return <Heading key={key} class={`md-h${level}`}>{this.#inside(token)}</Heading>
  }

  #item(token: Token, key: number): ComponentChild {
    const first = this.tokens[this.#at + 2]
    const box = this.tokens[this.#at + 1]?.type === 'paragraph_open' && /^\[([ xX])\]\s/.exec(first?.content ?? '')
    if (!box || !first?.children?.[0] || first.children[0].type !== 'text')
      return <li key={key}>{this.#inside(token)}</li>
    const checked = box[1] !== ' '
    first.children[0].content = first.children[0].content.slice(box[0].length)
    return (
      <li key={key} class="md-task">
        <input type="checkbox" disabled checked={checked} aria-label={checked ? 'Done' : 'Not done'} />
        {this.#inside(token)}
      </li>
    )
  }

  #link(token: Token, key: number): ComponentChild {
    const inside = this.#inside(token)
    return <Link key={key} address={String(token.attrGet('href') ?? '')}>{inside}</Link>
  }
}

export function Link({ address, title, children }: { address: string; title?: string; children?: ComponentChildren }) {
  const safe = safeAddress(address)
  if (!safe)
    return <>{children}</>
  return (
    <a href={safe} title={title ? `${title}\n${safe}` : safe} target="_blank" rel="noopener noreferrer nofollow">{children}</a>
  )
}

/** A picture is never loaded: its request would tell another host who reads what. */
function Picture({ address, alt }: { address: string; alt: string }) {
  const safe = safeAddress(address)
  return safe
    ? <Link address={address}><span class="md-picture">{alt || 'Picture'} <small>({hostOf(safe)})</small></span></Link>
    : <span class="md-picture">{alt || 'Picture'}</span>
}

const tags = /<br\s*\/?>|<(sub|sup|kbd|mark|u)>([^<>]*)<\/\1>|\[(\d{1,3})\]/gi

/**
 * The few tags without attributes that models write between words, and citations. Every other tag is shown as it is
 * written.
 */
function words(text: string, sources: readonly Source[]): ComponentChild {
  if (!text.includes('<') && (sources.length === 0 || !text.includes('[')))
    return text
  const out: ComponentChild[] = []
  let at = 0
  for (const match of text.matchAll(tags)) {
    const [all, tag, inside, number] = match
    const source = number ? sources[Number(number) - 1] : undefined
    if (number && !source?.url)
      continue
    out.push(text.slice(at, match.index))
    const Tag = tag?.toLowerCase() as 'sub' | undefined
    if (source?.url)
      out.push(<sup class="md-cited"><Link address={source.url} title={source.title ?? undefined}>{number}</Link></sup>)
    else
      out.push(Tag ? <Tag>{inside}</Tag> : <br />)
    at = match.index + all.length
  }
  out.push(text.slice(at))
  return out
}

const word = (info: string) => /^[^\s`{]{0,40}/.exec(info.trim())![0]

function start(token: Token): number | undefined {
  const value = Number(token.attrGet('start') ?? 1)
  return value === 1 ? undefined : value
}

function align(token: Token): string | undefined {
  const style = String(token.attrGet('style') ?? '')
  return style.includes('center') ? 'md-center' : style.includes('right') ? 'md-right' : undefined
}
