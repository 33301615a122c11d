// Pushes to this browser. The server sends them to the browser's own push service, encrypted for the browser; the
// service worker shows them.
import { client } from './client.ts'

export type Preview = 'off' | 'title' | 'text'

export interface Device {
  id: string
  kind: 'webpush' | 'fcm' | 'apns'
  preview: Preview
  created_at: string
  current: boolean
}

export const canNotify = () => 'PushManager' in window && 'Notification' in window && !!navigator.serviceWorker

/** Asks the person, then the browser's push service, and tells the server. */
export async function subscribe(key: string, preview: Preview) {
  if ((await Notification.requestPermission()) !== 'granted')
    throw new Error('This browser does not show notifications of this page.')
  const worker = await navigator.serviceWorker.ready
  const known = await worker.pushManager.getSubscription()
  // One that was made for another key of the server, or of another server here, brings nothing any more.
  if (known && text(known.options.applicationServerKey) !== key) await known.unsubscribe()
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  await client.request('POST', '/devices/', { kind: 'webpush', subscription: subscription.toJSON(), preview })
}

/** What comes to this browser ends here too, whatever the server hears of it. */
export async function unsubscribe() {
  const worker = await navigator.serviceWorker?.getRegistration('/')
  await (await worker?.pushManager?.getSubscription())?.unsubscribe()
}

/** The service worker shows what is this person's, and of nobody where nobody is logged in. */
export async function tellWorker(user: string | undefined) {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return
  const { active } = await navigator.serviceWorker.ready
  active?.postMessage({ user: user ?? null })
}

function text(key: ArrayBuffer | null) {
  const bytes = String.fromCharCode(...new Uint8Array(key ?? new ArrayBuffer(0)))
  return btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
