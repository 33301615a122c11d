/** A long text in pieces that are laid out each by itself. Only the last piece changes when the text grows. */
export class Pieces {
  #ended: string[] = []
  #length = 0

  constructor(readonly size = 4_000) {}

  /** The pieces of a text that begins with the text of the call before. */
  of(text: string): string[] {
    if (text.length < this.#length) {
      this.#ended = []
      this.#length = 0
    }
    while (text.length - this.#length > 2 * this.size) {
      const end = cut(text, this.#length + this.size)
      this.#ended.push(text.slice(this.#length, end))
      this.#length = end
    }
    return [...this.#ended, text.slice(this.#length)]
  }
}

/** After the next line or, where lines are long, the next space; never within a pair of surrogates. */
function cut(text: string, from: number): number {
  const near = text.slice(from, from + 2_000)
  const line = near.indexOf('\n')
  if (line >= 0)
    return from + line + 1
  const space = near.indexOf(' ')
  if (space >= 0)
    return from + space + 1
  const code = text.charCodeAt(from)
  return code >= 0xdc00 && code <= 0xdfff ? from + 1 : from
}
