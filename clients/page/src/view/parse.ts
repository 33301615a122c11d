import MarkdownIt, { type Token } from 'markdown-it'
import { mathRules } from './mathrules.ts'

/**
 * CommonMark with tables, strikes and bare addresses. HTML of the text is text (`html: false`), and nesting is bounded,
 * so that no text of any kind can exhaust the stack.
 */
const md = new MarkdownIt({ html: false, linkify: true, maxNesting: 40 })
md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
mathRules(md)
md.validateLink = () => true // links.ts says where a link may go, and where it may not its text stands

/** The blocks of a text as tokens. `definitions` are lines `[a]: address` that stand elsewhere in it. */
export function parse(text: string, definitions: string): Token[] {
  return md.parse(definitions ? `${text}\n\n${definitions}` : text, {})
}
