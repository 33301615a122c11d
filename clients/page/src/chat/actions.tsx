import type { Chat, ChatPatch } from 'cote-client'
import { client } from '../state/client.ts'
import { saveExport } from '../state/files.ts'
import { currentChat, go } from '../state/route.ts'
import { Archive, Branch, Export, Pencil, Pin, Trash } from '../ui/icons.tsx'
import type { Item } from '../ui/Menu.tsx'
import { fail, tell } from '../ui/toast.tsx'

/** What can be done to a chat, in its row and in its head. */
export function chatActions(chat: Chat, rename: () => void, remove: () => void): Item[] {
  const update = (patch: ChatPatch) => client.updateChat(chat.id, patch).catch(fail)
  const archive = () => {
    update({ is_archived: !chat.is_archived })
    if (!chat.is_archived && currentChat() === chat.id) go('/')
    tell(chat.is_archived ? 'The chat is back in the list.' : 'The chat is archived.')
  }
  const items: (Item | false)[] = [
    { label: 'Rename', icon: <Pencil />, onSelect: rename },
    {
      label: chat.is_pinned ? 'Unpin' : 'Pin',
      icon: <Pin />,
      onSelect: () => update({ is_pinned: !chat.is_pinned }),
    },
    !chat.temporary && { label: 'Duplicate', icon: <Branch />, onSelect: () => fork(chat.id) },
    { label: 'Export as Markdown', icon: <Export />, onSelect: () => saveExport(chat, 'markdown') },
    { label: 'Export as JSON', icon: <Export />, onSelect: () => saveExport(chat, 'json') },
    { label: chat.is_archived ? 'Unarchive' : 'Archive', icon: <Archive />, onSelect: archive },
    { label: 'Delete', icon: <Trash />, danger: true, onSelect: remove },
  ]
  return items.filter((i): i is Item => !!i)
}

/** Makes a chat of its own from the path up to a message, and goes there. */
export async function fork(chat: string, message?: string) {
  try {
    const made = await client.fork(chat, message ? { message_id: message } : {})
    go(`/c/${made.id}`)
  } catch (error) {
    fail(error)
  }
}

export async function copy(text: string) {
  try {
    await navigator.clipboard.writeText(text)
    tell('Copied.')
  } catch {
    // A page that came over plain HTTP has no clipboard but this one.
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    if (done) tell('Copied.')
    else fail(new Error('The browser does not let this page copy.'))
  }
}
