import { tokenFetch } from './download.ts'
import { fail } from '../ui/toast.tsx'
import { titleOf } from '../shell/lists.ts'

/** Lets the browser save what is made on this page. */
export function save(data: Blob, name: string) {
  const url = URL.createObjectURL(data)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

const fileName = (title: string) =>
  title
    .replace(/[^\p{L}\p{N} ._-]+/gu, ' ')
    .trim()
    .slice(0, 80) || 'chat'

/** Saves a chat as the server exports it. */
export async function saveExport(chat: { id: string; title: string }, format: 'markdown' | 'json') {
  try {
    const data = await tokenFetch(`/chats/${chat.id}/export?format=${format}`)
    save(data, `${fileName(titleOf(chat))}.${format === 'json' ? 'json' : 'md'}`)
  } catch (error) {
    fail(error)
  }
}
