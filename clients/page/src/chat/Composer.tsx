import type { Chat, Limits, Message } from 'cote-client'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { newId } from '../state/id.ts'
import { useOnce } from '../state/models.ts'
import { go } from '../state/route.ts'
import { minutes, number } from '../ui/format.ts'
import { Camera, Clip, Close, Mic, Plus, Square, Up } from '../ui/icons.tsx'
import { Menu } from '../ui/Menu.tsx'
import { fail } from '../ui/toast.tsx'
import { Attachments } from './Attachments.tsx'
import { useDraft } from './draft.ts'
import { ModelPicker } from './ModelPicker.tsx'
import { useRecorder } from './recorder.ts'
import { stopChat } from './running.ts'
import { leave, typeOf, type Uploads } from './uploads.ts'

type Body = { content: string; media_urls?: string[]; type?: 'text' | 'image' | 'audio' | 'file' }

/** The field for the next message, with files, voice and the model. */
export function Composer({
  id,
  chat,
  options,
  onOptions,
  messages,
  running,
  uploads,
}: {
  id?: string
  chat?: Chat
  options: Partial<Chat>
  onOptions: (options: Partial<Chat>) => void
  messages: Message[]
  running: boolean
  uploads: Uploads
}) {
  const [text, setText] = useDraft(id)
  // What is on its way to the server before the message is: the files beside the text, or a voice message.
  const [busy, setBusy] = useState<'files' | 'voice'>()
  const sending = !!busy
  const field = useRef<HTMLTextAreaElement>(null)
  const files = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const recorder = useRecorder()
  const mounted = useMounted()
  const most = useOnce<Limits>('/limits')?.max_content_length ?? Infinity

  useLayoutEffect(() => grow(field.current), [text])
  useEffect(() => {
    // On a phone the keyboard would cover what there is to read.
    if (matchMedia('(hover: hover)').matches) field.current?.focus()
  }, [])

  const deliver = (body: Body) => {
    const chatId = id ?? begin(options)
    client.send(chatId, body).catch(() => {})
    // Who has gone elsewhere meanwhile stays there.
    if (!id && mounted.current) go(`/c/${chatId}`)
  }
  const send = async () => {
    const content = text
    if (sending || (!content.trim() && uploads.items.length === 0)) return
    if (content.length > most) {
      fail(
        new Error(
          `A message has up to ${number(most)} characters, and this one has ${number(content.length)}.`,
        ),
      )
      return
    }
    if (uploads.items.length) setBusy('files')
    try {
      const taken = uploads.items.length ? await uploads.take() : []
      if (!content.trim() && taken.length === 0) return
      setText('')
      deliver({
        content,
        ...(taken.length && { media_urls: taken.map((a) => a.url!), type: typeOf(taken.map((a) => a.file)) }),
      })
    } catch (error) {
      fail(error)
    } finally {
      setBusy(undefined)
      field.current?.focus()
    }
  }
  const sendVoice = async () => {
    const file = await recorder.finish()
    if (!file?.size) return
    setBusy('voice')
    try {
      const upload = await client.upload(file, { name: file.name })
      deliver({ content: '', media_urls: [upload.url], type: 'audio' })
    } catch (error) {
      fail(error)
      if (mounted.current) uploads.add([file])
      else leave(id, file)
    }
    setBusy(undefined)
  }
  const onKeyDown = (e: KeyboardEvent) => {
    // A keyboard that composes letters ends a word with Enter, which sends nothing.
    if (e.isComposing || e.keyCode === 229) return
    if (e.key === 'Enter' && !e.shiftKey && !e.altKey) {
      e.preventDefault()
      void send()
    } else if (e.key === 'ArrowUp' && !text) {
      const edits = document.querySelectorAll<HTMLButtonElement>('.question .edit-button')
      if (edits.length) {
        e.preventDefault()
        edits[edits.length - 1]!.click()
      }
    }
  }
  const onPaste = (e: ClipboardEvent) => {
    const pasted = e.clipboardData?.files
    // A table or a page brings a picture of itself beside its text.
    if (!pasted?.length || e.clipboardData!.types.includes('text/plain')) return
    e.preventDefault()
    uploads.add(pasted)
  }
  const pick = (e: Event) => {
    const input = e.currentTarget as HTMLInputElement
    if (input.files) uploads.add(input.files)
    input.value = ''
  }
  const nothing = !text.trim() && uploads.items.length === 0
  return (
    <form
      class="composer"
      aria-label="Write"
      onSubmit={(e) => {
        e.preventDefault()
        void send()
      }}
    >
      <div
        class="composer-box"
        onClick={(e) => {
          if (e.target === e.currentTarget) field.current?.focus()
        }}
      >
        <Attachments uploads={uploads} />
        {recorder.seconds !== undefined ? (
          <div class="recording">
            <span class="recording-dot" />
            <span role="timer" aria-label="Recording">
              {minutes(recorder.seconds)}
            </span>
            <span class="grow">Recording</span>
            <button
              type="button"
              class="icon-button"
              aria-label="Discard the recording"
              title="Discard"
              onClick={recorder.cancel}
            >
              <Close />
            </button>
            <button
              type="button"
              class="send-button"
              aria-label="Finish the recording"
              title="Finish"
              onClick={sendVoice}
            >
              <Up />
            </button>
          </div>
        ) : (
          <>
            <textarea
              ref={field}
              name="message"
              aria-label="Message"
              placeholder="Write a message"
              rows={1}
              value={text}
              readOnly={busy === 'files'}
              enterkeyhint="send"
              dir="auto"
              onInput={(e) => setText(e.currentTarget.value)}
              onKeyDown={onKeyDown}
              onPaste={onPaste}
            />
            <div class="composer-row">
              <Menu
                label="Add"
                button={<Plus />}
                items={[
                  { label: 'Files', icon: <Clip />, onSelect: () => files.current?.click() },
                  { label: 'Photo from the camera', icon: <Camera />, onSelect: () => camera.current?.click() },
                ]}
              />
              <button
                type="button"
                class="icon-button"
                aria-label="Record your voice"
                title="Record your voice"
                disabled={sending}
                onClick={recorder.start}
              >
                <Mic />
              </button>
              <ModelPicker chat={chat} options={options} onOptions={onOptions} />
              <span class="grow" />
              {running && id && (
                <button
                  type="button"
                  class="stop-button"
                  aria-label="Stop"
                  title="Stop (Esc)"
                  onClick={() => stopChat(id)}
                >
                  <Square />
                </button>
              )}
              <button
                type="submit"
                class="send-button"
                aria-label="Send"
                title="Send"
                disabled={nothing || sending}
                aria-busy={sending || uploads.busy}
              >
                {sending ? <span class="spinner small" /> : <Up />}
              </button>
            </div>
          </>
        )}
      </div>
      <input ref={files} type="file" multiple hidden aria-label="Files" onChange={pick} data-testid="files" />
      <input
        ref={camera}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        aria-label="Camera"
        onChange={pick}
        data-testid="camera"
      />
      {messages.length > 0 && <p class="composer-note">Models make mistakes. Check what matters.</p>}
    </form>
  )
}

/** The chats that this page began: they exist before the client's state says so. */
export const begun = new Set<string>()

/** Makes the chat of a first message; the message waits for it, also without a network. */
function begin(options: Partial<Chat>) {
  const id = newId()
  begun.add(id)
  client.createChat({ ...options, id, auto_title: true } as Parameters<typeof client.createChat>[0]).catch(fail)
  return id
}

function useMounted() {
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  return mounted
}

function grow(field: HTMLTextAreaElement | null) {
  if (!field) return
  field.style.height = 'auto'
  field.style.height = `${Math.min(field.scrollHeight, Math.round(window.innerHeight * 0.4))}px`
}
