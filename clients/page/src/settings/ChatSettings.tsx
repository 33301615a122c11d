import type { Chat, ChatPatch } from 'cote-client'
import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { useModels, useOnce } from '../state/models.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { sentence } from '../ui/toast.tsx'
import './settings.css'

interface ToolInfo {
  name: string
  title?: string
  description?: string
  available?: boolean
  approval?: string
}

const efforts = ['none', 'low', 'medium', 'high'] as const

/** The model of a chat and how it answers; what is left empty is as the server has it. */
export function ChatSettings({
  chat,
  options,
  onOptions,
  onClose,
}: {
  chat?: Chat
  options: Partial<Chat>
  onOptions: (options: Partial<Chat>) => void
  onClose: () => void
}) {
  // As it was when this opened: what nobody touches here stays as it is meanwhile.
  const [given] = useState(chat ?? options)
  const models = useModels()
  const standard = models.find((m) => m.default)?.id
  const tools = useOnce<ToolInfo[]>('/tools') ?? []
  const [error, setError] = useState('')
  const [warm, setWarm] = useState(given.temperature ?? undefined)
  const [chosen, setChosen] = useState<string[] | null>(given.tools ?? null)

  const submit = async (e: SubmitEvent) => {
    e.preventDefault()
    const data = new FormData(e.currentTarget as HTMLFormElement)
    const text = (name: string) => String(data.get(name) ?? '')
    const tokens = Number(text('max_tokens'))
    const patch: ChatPatch = {
      model: text('model') || null,
      system_prompt: text('system_prompt').trim() || null,
      temperature: warm ?? null,
      max_tokens: tokens || null,
      reasoning_effort: (text('reasoning_effort') || null) as ChatPatch['reasoning_effort'],
      tools: chosen,
    }
    try {
      if (chat) await client.updateChat(chat.id, changes(patch, given))
      else
        onOptions({
          ...Object.fromEntries(Object.entries(patch).filter(([, v]) => v !== null)),
          temporary: options.temporary,
        })
      onClose()
    } catch (caught) {
      setError(sentence(caught))
    }
  }
  return (
    <Dialog title="Settings of this chat" onClose={onClose}>
      <form onSubmit={submit} class="chat-settings">
        <label class="field">
          <span>Model of this chat</span>
          <select name="model" defaultValue={given.model ?? ''} key={models.length}>
            <option value="">{standard ? `As the server has it (${standard})` : 'As the server has it'}</option>
            {given.model && !models.some((m) => m.id === given.model) && (
              <option value={given.model} selected>
                {given.model}
              </option>
            )}
            {models.map((m) => (
              <option key={m.id} value={m.id} selected={m.id === given.model}>
                {m.id}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>System prompt</span>
          <textarea
            name="system_prompt"
            rows={4}
            maxLength={32000}
            defaultValue={given.system_prompt ?? ''}
            placeholder="Who the assistant is in this chat, and how it answers"
          />
        </label>
        <div class="field">
          <label for="temperature">
            <span>
              Temperature <output>{warm === undefined ? 'as the model has it' : warm.toFixed(1)}</output>
            </span>
          </label>
          <div class="range-row">
            <input
              id="temperature"
              type="range"
              min={0}
              max={2}
              step={0.1}
              value={warm ?? 1}
              onInput={(e) => setWarm(Number(e.currentTarget.value))}
            />
            {warm !== undefined && (
              <button type="button" class="link" onClick={() => setWarm(undefined)}>
                Reset
              </button>
            )}
          </div>
        </div>
        <div class="field-row">
          <label class="field">
            <span>Most tokens of a reply</span>
            <input
              name="max_tokens"
              type="number"
              min={1}
              max={10000000}
              inputMode="numeric"
              defaultValue={given.max_tokens ?? ''}
              placeholder="As the server has it"
            />
          </label>
          <label class="field">
            <span>Reasoning</span>
            <select name="reasoning_effort" defaultValue={given.reasoning_effort ?? ''}>
              <option value="">As the model has it</option>
              {[...new Set([...efforts, given.reasoning_effort])].filter(isGiven).map((v) => (
                <option key={v} value={v} selected={v === given.reasoning_effort}>
                  {v}
                </option>
              ))}
            </select>
          </label>
        </div>
        {tools.length > 0 && <Tools tools={tools} chosen={chosen} onChange={setChosen} />}
        {error && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  )
}

const isGiven = <T,>(value: T | null | undefined): value is T => value !== null && value !== undefined

/** Only what is another value than before. */
function changes(patch: ChatPatch, before: Partial<Chat>): ChatPatch {
  const was = { ...before, system_prompt: before.system_prompt?.trim() || null }
  const isOther = ([name, value]: [string, unknown]) =>
    JSON.stringify(value ?? null) !== JSON.stringify(was[name as keyof Chat] ?? null)
  return Object.fromEntries(Object.entries(patch).filter(isOther))
}

function Tools({
  tools,
  chosen,
  onChange,
}: {
  tools: ToolInfo[]
  chosen: string[] | null
  onChange: (names: string[] | null) => void
}) {
  const has = (name: string) => chosen === null || chosen.includes(name)
  const toggle = (name: string) => {
    const names = tools.map((t) => t.name)
    // A tool that is not listed now stays chosen.
    const others = chosen?.filter((n) => !names.includes(n)) ?? []
    const now = names.filter((n) => (n === name ? !has(n) : has(n)))
    onChange(now.length === names.length && others.length === 0 ? null : [...now, ...others])
  }
  return (
    <fieldset class="checks">
      <legend>Tools that it may call</legend>
      {tools.map((t) => (
        <label key={t.name} title={t.description}>
          <input type="checkbox" checked={has(t.name)} onChange={() => toggle(t.name)} />
          {t.title ?? t.name}
          {t.approval === 'ask' && <small> asks first</small>}
          {t.available === false && <small> not reachable</small>}
        </label>
      ))}
    </fieldset>
  )
}
