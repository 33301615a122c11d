import type { Part } from 'cote-client'

/** Shows a text of a model. `streaming` says that it still grows, `sources` what it cites. */
export function Markdown({ text }: { text: string; streaming?: boolean; sources?: Part[] }) {
  return <div class="md md-plain">{text}</div>
}
