import { useClient } from '../state/client.ts'
import { titleOf } from '../shell/lists.ts'
import { Loading } from './Loading.tsx'
import { useLoad } from './load.ts'
import { ShareRow, type Share } from './ShareRow.tsx'

export function Shares() {
  const { value, error, reload } = useLoad<Share[]>('/shares/')
  const chats = useClient((s) => s.chats)
  if (!value) return <Loading error={error} reload={reload} />
  if (value.length === 0)
    return <p class="empty-list">Nothing is shared. A chat is shared by the arrow at its top.</p>
  return (
    <ul class="rows">
      {value.map((s) => (
        <ShareRow key={s.id} share={s} title={titleOf(chats.find((c) => c.id === s.chat_id))} onGone={reload} />
      ))}
    </ul>
  )
}
