import type { Part } from 'cote-client'
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'

interface Props {
  text: string
  streaming?: boolean
  sources?: Part[]
}

type View = FunctionComponent<Props>

// The form of texts is fetched behind the first look at the page; until it is there they are shown as they were
// written.
let view: View | undefined
let loading: Promise<void> | undefined

/** Fetches it before there is a text to show. */
export const prepareTexts = () =>
  (loading ??= import('../view/index.ts').then(
    (m) => {
      view = m.Markdown as unknown as View
    },
    () => {
      loading = undefined
    },
  ))

/** A text of a model in its form. */
export function Text(props: Props) {
  const [, loaded] = useState(!!view)
  useEffect(() => {
    if (!view) void prepareTexts().then(() => loaded(true))
  }, [])
  if (view) {
    const Markdown = view
    return <Markdown {...props} />
  }
  return <div class="plain">{props.text}</div>
}
