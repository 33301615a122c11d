import { useState } from 'preact/hooks'
import { client } from '../state/client.ts'
import { canNotify, subscribe, unsubscribe, type Device, type Preview } from '../state/notify.ts'
import { Choices } from '../ui/Choices.tsx'
import { full } from '../ui/format.ts'
import { fail, tell } from '../ui/toast.tsx'
import { Loading } from './Loading.tsx'
import { useLoad } from './load.ts'

const previews: [Preview, string, string][] = [
  ['off', 'That there is something', 'The notification says no more than that a reply is ready.'],
  ['title', 'The title of the chat', 'Whoever sees the screen sees it too.'],
  ['text', 'The beginning of the reply', 'Whoever sees the screen can read it.'],
]

const kinds = { webpush: 'A browser', fcm: 'An app', apns: 'An app on a device of Apple' }

/** Notifications of replies that nobody was shown: in this browser, and what else of the account gets them. */
export function Notifications() {
  const { value, error, reload } = useLoad<Device[]>('/devices/')
  const limits = useLoad<{ push: { vapid_key: string | null; after_seconds: number } }>('/limits')
  const [chosen, choose] = useState<Preview>()
  const [busy, setBusy] = useState(false)
  if (!value || !limits.value) return <Loading error={error || limits.error} reload={reload} />
  const { vapid_key: key, after_seconds: after } = limits.value.push
  const here = value.find((d) => d.kind === 'webpush' && d.current)
  const preview = chosen ?? here?.preview ?? 'off'
  const change = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true)
    try {
      await work()
      tell(done)
    } catch (caught) {
      fail(caught)
    }
    setBusy(false)
    reload()
  }
  const remove = async (device: Device) => {
    if (device === here) await unsubscribe()
    await client.request('DELETE', `/devices/${device.id}`)
  }
  const toggle = () =>
    here
      ? change(() => remove(here), 'This browser gets no notifications any more.')
      : change(() => subscribe(key!, preview), 'This browser gets notifications.')
  return (
    <>
      <p class="quiet">
        A reply that has ended, or that asks something, and that you have not seen within {after} seconds comes as a
        notification.
      </p>
      {!key || !canNotify() ? (
        <p class="quiet">{key ? 'This browser can show none.' : 'This server sends none to browsers.'}</p>
      ) : (
        <>
          <Choices
            legend="What it shows"
            name="preview"
            choices={previews}
            value={preview}
            disabled={busy}
            choose={(value) => {
              choose(value)
              if (here) void change(() => subscribe(key, value), 'It is changed.')
            }}
          />
          <button type="button" class="button" role="switch" aria-checked={!!here} disabled={busy} onClick={toggle}>
            {here ? 'Stop notifications here' : 'Notify me in this browser'}
          </button>
        </>
      )}
      <ul class="rows">
        {value.map((d) => (
          <li key={d.id} class="row">
            <div class="row-text">
              <strong>
                {kinds[d.kind]}
                {d === here && <span class="badge">This one</span>}
              </strong>
              <small>since {full(d.created_at)}</small>
            </div>
            {d !== here && (
              <button
                type="button"
                class="button small"
                disabled={busy}
                onClick={() => change(() => remove(d), 'It gets no notifications any more.')}
              >
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
