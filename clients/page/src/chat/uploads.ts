import { useEffect, useRef, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { newId } from '../state/id.ts'
import { sentence, tell } from '../ui/toast.tsx'

export interface Attachment {
  key: string
  file: File
  /** From 0 to 1. */
  progress: number
  url?: string
  error?: string
  /** An address of the picture on this device. */
  preview?: string
}

export interface Uploads {
  items: Attachment[]
  busy: boolean
  add: (files: Iterable<File>) => void
  retry: (key: string) => void
  remove: (key: string) => void
  /** Takes out of the field what stands there now; waits for what is under way. */
  take: () => Promise<Attachment[]>
}

const most = 32

/** Files of chats that nobody looked at when their upload failed; they stand beside the field when it is shown again. */
const left = new Map<string, File[]>()

export const leave = (chat: string | undefined, file: File) =>
  left.set(chat ?? '', [...(left.get(chat ?? '') ?? []), file])

export const forgetFiles = () => left.clear()

/** The files beside the message field: each is uploaded at once, and can be given up while it is. */
export function useUploads(chat: string | undefined): Uploads {
  const [items, setItems] = useState<Attachment[]>([])
  const running = useRef(new Map<string, { end: AbortController; done: Promise<Attachment | undefined> }>())
  const now = useRef(items)
  const set = (change: (items: Attachment[]) => Attachment[]) => {
    now.current = change(now.current)
    setItems(now.current)
  }
  const patch = (key: string, change: Partial<Attachment>) =>
    set((all) => all.map((a) => (a.key === key ? { ...a, ...change } : a)))

  useEffect(
    () => () => {
      for (const { end } of running.current.values()) end.abort()
      for (const item of now.current) if (item.preview) URL.revokeObjectURL(item.preview)
    },
    [chat],
  )

  const begin = (item: Attachment) => {
    const end = new AbortController()
    const onProgress = (sent: number, total: number) => patch(item.key, { progress: total ? sent / total : 0 })
    const done = client.upload(item.file, { name: item.file.name, onProgress, signal: end.signal }).then(
      (upload) => {
        patch(item.key, { url: upload.url, progress: 1 })
        return { ...item, url: upload.url }
      },
      (error: unknown) => {
        if (!end.signal.aborted) patch(item.key, { error: sentence(error) })
        return undefined
      },
    )
    running.current.set(item.key, { end, done })
  }
  const uploads: Uploads = {
    items,
    busy: items.some((i) => !i.url && !i.error),
    add(files) {
      for (const file of files) {
        if (now.current.length >= most) {
          tell(`A message takes up to ${most} files.`)
          return
        }
        const item: Attachment = { key: newId(), file, progress: 0 }
        if (file.type.startsWith('image/')) item.preview = URL.createObjectURL(file)
        set((all) => [...all, item])
        begin(item)
      }
    },
    retry(key) {
      patch(key, { error: undefined, progress: 0 })
      const item = now.current.find((i) => i.key === key)
      if (item) begin(item)
    },
    remove(key) {
      running.current.get(key)?.end.abort()
      running.current.delete(key)
      set((all) =>
        all.filter((i) => {
          if (i.key === key && i.preview) URL.revokeObjectURL(i.preview)
          return i.key !== key
        }),
      )
    },
    async take() {
      const wanted = new Set(now.current.map((i) => i.key))
      await Promise.all(now.current.map((i) => running.current.get(i.key)?.done))
      // What was taken out meanwhile does not go, and what was added meanwhile goes with the next message.
      const ready = now.current.filter((i) => wanted.has(i.key))
      if (ready.some((i) => !i.url)) throw new Error('Not every file was uploaded. Try it again, or take it out.')
      for (const item of ready) {
        running.current.delete(item.key)
        if (item.preview) URL.revokeObjectURL(item.preview)
      }
      set((all) => all.filter((i) => !ready.includes(i)))
      return ready
    },
  }
  useEffect(() => {
    const files = left.get(chat ?? '')
    left.delete(chat ?? '')
    if (files) uploads.add(files)
  }, [chat])
  return uploads
}

/** The type of a message with these uploads. */
export function typeOf(files: File[]): 'text' | 'image' | 'audio' | 'file' {
  if (files.length === 0) return 'text'
  return files.every((f) => /^image\/(?!svg)/.test(f.type)) ? 'image' : 'file'
}
