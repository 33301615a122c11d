import type { Chat } from 'cote-client'
import { client } from '../state/client.ts'
import { modelName, useModels } from '../state/models.ts'
import { Chevron } from '../ui/icons.tsx'
import { Menu } from '../ui/Menu.tsx'
import { fail } from '../ui/toast.tsx'

/** The model of the chat; another one holds from the next message on. */
export function ModelPicker({
  chat,
  options,
  onOptions,
}: {
  chat?: Chat
  options: Partial<Chat>
  onOptions: (options: Partial<Chat>) => void
}) {
  const models = useModels()
  const standard = models.find((m) => m.default)?.id
  const chosen = (chat ?? options).model ?? undefined
  const choose = (model: string | null) => {
    if (chat) client.updateChat(chat.id, { model }).catch(fail)
    else onOptions({ ...options, model: model ?? undefined })
  }
  const name = chosen ?? standard
  if (!name) return null
  const current = models.find((m) => m.id === chosen || m.provider === chosen)?.id ?? chosen
  return (
    <Menu
      label="Model"
      showLabel
      className="model-button"
      disabled={models.length === 0}
      button={
        <>
          <span class="visually-hidden">Model: </span>
          <span class="model-name">{modelName(name)}</span>
          <Chevron />
        </>
      }
      items={models.map((m) => ({
        label: m.id,
        note: [m.default && 'default', m.vision && 'sees pictures', m.audio && 'hears', m.tools && 'uses tools']
          .filter(Boolean)
          .join(' · '),
        checked: m.id === (current ?? standard),
        onSelect: () => choose(m.default ? null : m.id),
      }))}
    />
  )
}
