// Keeps the page itself, so that it opens without a network; what it shows then comes from the client's own storage.
// Nothing of the API goes through here. Each version of the page has a cache of its own, which is whole once `/` is
// in it. Where the browser keeps nothing, everything comes from the server as if this were not here.
const prefix = 'page'
const patience = 4000
const anyVary = { ignoreVary: true }

// A worker that may not fetch would cut the page off: it is not installed.
self.addEventListener('install', (e) => e.waitUntil(fetch('/app/icon.svg').then(() => self.skipWaiting())))
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()))

self.addEventListener('message', (e) => {
  if (Array.isArray(e.data?.keep)) e.waitUntil(keep(e.data.keep).catch(() => {}))
  if (e.data?.user !== undefined) e.waitUntil(remember(e.data.user))
})

self.addEventListener('push', (e) => e.waitUntil(show(e.data)))
self.addEventListener('notificationclick', (e) => {
  e.notification.close()
  e.waitUntil(open(`/#/c/${e.notification.data.chat}`))
})

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname === '/' && e.request.mode === 'navigate') e.respondWith(front(e))
  else if (url.pathname.startsWith('/app/') && /-[\w-]{8}\.\w+$/.test(url.pathname)) e.respondWith(file(e))
})

// Who is logged in here; a page that is closed cannot be asked.
async function remember(user) {
  const cache = await caches.open('login')
  await (user ? cache.put('/user', new Response(user)) : cache.delete('/user'))
}

// What is meant for another person is not shown: the browser may have changed hands since it was sent. A later
// notification of a chat takes the place of an earlier one.
async function show(data) {
  const push = data?.json()
  const user = await (await (await caches.open('login')).match('/user'))?.text()
  if (!push || push.user_id !== user) return
  await self.registration.showNotification(push.title ?? 'Cote', {
    body: push.body,
    icon: '/app/icon.svg',
    tag: push.chat_id,
    renotify: true,
    data: { chat: push.chat_id },
  })
}

async function open(path) {
  const [page] = await self.clients.matchAll({ type: 'window' })
  if (!page) return self.clients.openWindow(path)
  await page.focus()
  return page.navigate(path).catch(() => self.clients.openWindow(path))
}

// The newest page where the server answers in time, else the one that was kept.
async function front(e) {
  const kept = await newest().then((cache) => cache?.match('/', anyVary)).catch(() => undefined)
  const answered = fetch(e.request)
  const copy = answered.then((answer) => answer.clone())
  e.waitUntil(copy.then(renew).catch(() => {}))
  if (!kept) return answered
  // An answer that leads elsewhere goes to the browser; one that is an error does not replace a page that works.
  const fresh = answered.then((answer) => (answer.ok || answer.type === 'opaqueredirect' ? answer : kept))
  const late = new Promise((resolve) => setTimeout(resolve, patience, kept))
  return Promise.race([fresh.catch(() => kept), late])
}

// A file whose name has the hash of its content never changes.
async function file(e) {
  const kept = await caches.match(e.request, anyVary).catch(() => undefined)
  if (kept) return kept
  const answer = await fetch(e.request)
  if (answer.ok) {
    const copy = answer.clone()
    e.waitUntil(newest().then((cache) => cache?.put(e.request, copy)).catch(() => {}))
  }
  return answer
}

const names = async () => (await caches.keys()).filter((name) => name.startsWith(prefix))

// The cache of the newest version that is whole.
async function newest() {
  for (const name of (await names()).reverse()) {
    const cache = await caches.open(name)
    if (await cache.match('/', anyVary)) return cache
  }
}

let last = Promise.resolve()

// One after the other: two tabs that open at once bring the same page twice.
function renew(answer) {
  last = last.catch(() => {}).then(() => put(answer))
  return last
}

// Keeps a page: its files first, then the page. The version before stays for the tabs that still show it.
async function put(answer) {
  if (!answer.ok || !/html/.test(answer.headers.get('content-type') ?? '')) return
  const text = await answer.clone().text()
  const before = await newest()
  const known = await before?.match('/', anyVary)
  if (known && (await known.text()) === text) return before.put('/', answer)
  const name = `${prefix} ${Date.now()}`
  await dropBroken()
  try {
    const cache = await caches.open(name)
    for (const [, path] of text.matchAll(/(?:src|href)="(\/app\/[^"?#]+)"/g)) await take(cache, path)
    await cache.put('/', answer)
  } catch (error) {
    await caches.delete(name)
    throw error
  }
  for (const old of (await names()).slice(0, -2)) await caches.delete(old)
}

// A worker that ended half-way leaves a cache without its page.
async function dropBroken() {
  for (const name of await names())
    if (!(await (await caches.open(name)).match('/', anyVary))) await caches.delete(name)
}

// Puts a file into a cache, from another cache or from the server.
async function take(cache, path) {
  if (await cache.match(path, anyVary)) return
  const answer = (await caches.match(path, anyVary)) ?? (await fetch(path))
  if (!answer.ok) throw new Error(`The server answers ${answer.status} for ${path}.`)
  await cache.put(path, answer)
}

async function keep(paths) {
  // The server answers `/` with the page only to those who ask for HTML.
  if (!(await newest())) await renew(await fetch('/', { headers: { Accept: 'text/html' } }))
  const cache = await newest()
  if (cache) for (const path of paths) if (path !== '/') await take(cache, path).catch(() => {})
}
