import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { patiently, tokenFetch } from '../state/download.ts'
import { save } from '../state/files.ts'
import { Confirm } from '../ui/Dialog.tsx'
import { number } from '../ui/format.ts'
import { Export } from '../ui/icons.tsx'
import { fail, sentence, tell } from '../ui/toast.tsx'

interface Report {
  id?: string
  state?: string
  chats: number
  messages: number
  skipped: { item: number; reason: string }[]
  error?: { code: string; detail: string } | null
}

const reasons: Record<string, string> = {
  exists: 'are here already',
  deleted: 'were deleted by you',
  not_a_chat: 'are no chats',
  unreadable: 'cannot be read',
  empty: 'are empty',
  too_many_messages: 'have too many messages',
  text_too_long: 'have a text that is too long',
  too_deep: 'are nested too deep',
  unknown_role: 'have messages of an unknown role',
}

export function Data() {
  const [busy, setBusy] = useState(false)
  const [all, setAll] = useState<'archive' | 'delete'>()
  const exportAll = async () => {
    setBusy(true)
    try {
      save(await tokenFetch('/users/me/export'), 'cote-export.json')
    } catch (error) {
      fail(error)
    }
    setBusy(false)
  }
  const removeAll = () =>
    client.request('DELETE', '/chats/?archived=false').then(() => tell('The chats are being deleted.'), fail)
  return (
    <>
      <div class="panel">
        <h3>Export</h3>
        <p>
          One JSON file of everything: chats with every branch, sessions, keys without their secrets, usage. Files are
          linked.
        </p>
        <button type="button" class="button" disabled={busy} onClick={exportAll}>
          {busy ? <span class="spinner small" /> : <Export />}Export everything
        </button>
      </div>
      <Import />
      <div class="panel">
        <h3>All chats</h3>
        <div class="button-row">
          <button type="button" class="button" onClick={() => setAll('archive')}>
            Archive all chats
          </button>
          <button type="button" class="button button-danger" onClick={() => setAll('delete')}>
            Delete all chats
          </button>
        </div>
      </div>
      {all === 'archive' && (
        <Confirm
          title="Archive all chats?"
          text="They leave the list and stay in the archive."
          action="Archive all"
          onClose={() => setAll(undefined)}
          onConfirm={() => client.archiveAll().then(() => tell('The chats are being archived.'), fail)}
        />
      )}
      {all === 'delete' && (
        <Confirm
          title="Delete all chats?"
          text="All chats that are not archived are deleted for good."
          action="Delete all"
          onClose={() => setAll(undefined)}
          onConfirm={removeAll}
        />
      )}
    </>
  )
}

function Import() {
  const [report, setReport] = useState<Report>()
  const [phase, setPhase] = useState('')
  const [error, setError] = useState('')
  const start = async (file: File) => {
    setError('')
    setReport(undefined)
    setPhase(`Uploads ${file.name}…`)
    try {
      let answer = await patiently<Report>('POST', '/import', file)
      while (answer.id && answer.state !== 'done' && answer.state !== 'failed') {
        answer = { id: answer.id, ...((await client.request<Report>('GET', `/import/${answer.id}`)) as Report) }
        setPhase(
          answer.state === 'queued'
            ? 'Waits for its turn…'
            : `${number(answer.chats)} chats, ${number(answer.messages)} messages so far…`,
        )
        if (answer.state === 'queued' || answer.state === 'running') await new Promise((go) => setTimeout(go, 700))
      }
      if (answer.state === 'failed') setError(answer.error?.detail ?? 'The import failed.')
      else setReport(answer)
    } catch (caught) {
      setError(sentence(caught))
    }
    setPhase('')
  }
  return (
    <div class="panel">
      <h3>Import</h3>
      <p>
        Exports of Cote, ChatGPT (<code>conversations.json</code> or the ZIP), Open WebUI and LibreChat.
      </p>
      <label class="button file-button">
        <input
          type="file"
          aria-label="Choose a file to import"
          accept=".json,.zip,application/json,application/zip"
          disabled={!!phase}
          onChange={(e) => {
            const input = e.currentTarget
            const file = input.files?.[0]
            if (file) void start(file)
            input.value = ''
          }}
        />
        Choose a file
      </label>
      {phase && (
        <p role="status">
          <span class="spinner small" /> {phase}
        </p>
      )}
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      {report && <Result report={report} />}
    </div>
  )
}

function Result({ report }: { report: Report }) {
  const counts = new Map<string, number>()
  for (const { reason } of report.skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return (
    <div role="status">
      <p>
        <strong>
          {number(report.chats)} chats with {number(report.messages)} messages are imported.
        </strong>
      </p>
      {[...counts].map(([reason, n]) => (
        <p key={reason} class="quiet">
          {number(n)} {reasons[reason] ?? reason}.
        </p>
      ))}
    </div>
  )
}
