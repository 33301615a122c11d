import type { Pending } from 'cote-client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { client, useClient } from '../state/client.ts'
import { read, write } from '../state/local.ts'
import { currentChat, go } from '../state/route.ts'
import { fail, sentence } from '../ui/toast.tsx'

// Each person on this device has drafts of their own.
const keyOf = (user: string | undefined, chat: string | undefined) => `draft.${user ?? ''}.${chat ?? 'new'}`

/** The field of a new chat, while it is shown. */
let field: ((text: string) => void) | undefined

/** What was typed and not sent stays on this device. */
export function useDraft(id: string | undefined): [string, (text: string) => void] {
  const user = useClient((s) => s.user?.id)
  const key = keyOf(user, id)
  const [text, setText] = useState(() => read<string>(key) ?? '')
  const own = useRef<{ text: string; timer?: ReturnType<typeof setTimeout>; save?: () => void }>({ text })
  const set = (next: string) => {
    const { current } = own
    clearTimeout(current.timer)
    current.text = next
    setText(next)
    current.save = () => {
      current.save = undefined
      write(key, next || undefined)
    }
    if (next) current.timer = setTimeout(current.save, 300)
    else current.save()
  }
  useEffect(() => {
    if (!own.current.text) setText((own.current.text = read<string>(key) ?? ''))
    if (!id) field = (more) => set(joined(own.current.text, more))
    return () => {
      if (!id) field = undefined
      clearTimeout(own.current.timer)
      own.current.save?.()
    }
  }, [key])
  return [text, set]
}

const joined = (...texts: string[]) => texts.filter((text) => text.trim()).join('\n\n')

/** Puts a text back into the field of a new chat, behind what stands there. */
function putBack(text: string) {
  if (field) return field(text)
  const key = keyOf(client.getState().user?.id, undefined)
  write(key, joined(read<string>(key) ?? '', text))
}

/**
 * Messages whose chat the server does not have, because it refused to make it or another device deleted it, come back
 * to the field of a new chat: nowhere else would they be seen.
 */
export function useStranded() {
  const stranded = useClient((s) =>
    Object.entries(s.pending).find(
      ([chat, all]) => all.some(isStranded) && !s.chats.some((c) => c.id === chat),
    )?.[0],
  )
  useEffect(() => {
    if (!stranded) return
    const all = (client.getState().pending[stranded] ?? []).filter(isStranded)
    putBack(joined(...all.map((p) => p.content)))
    if (all.some((p) => p.media_urls?.length)) fail(new Error(withoutFiles(all)))
    else fail(new Error('This chat is not on the server. Your text is back in the field of a new chat.'))
    for (const p of all) client.dismiss(stranded, p.id)
    if (currentChat() === stranded) go('/')
  })
}

const isStranded = (p: Pending) => p.state === 'failed' && p.error?.status === 404

const withoutFiles = (all: Pending[]) =>
  `${sentence(all[0]!.error)} Your text is back in the field of a new chat; add its files again.`
