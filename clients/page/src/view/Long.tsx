import { useRef } from 'preact/hooks'
import { Pieces } from './pieces.ts'

/** Plain text of any length. */
export function Long({ text, label }: { text: string; label?: string }) {
  const pieces = useRef<Pieces>(null)
  pieces.current ??= new Pieces()
  const shown = pieces.current.of(text)
  return (
    <div class="md-long" role={label ? 'group' : undefined} aria-label={label}>
      {shown.map((piece, index) => <Piece key={index} text={piece} skipped={shown.length > 4} />)}
    </div>
  )
}

function Piece({ text, skipped }: { text: string; skipped: boolean }) {
  // A line break at the end of a block makes no line of its own.
  return <div class={skipped ? 'md-piece md-skip' : 'md-piece'}>{text.endsWith('\n') ? text.slice(0, -1) || ' ' : text}</div>
}
