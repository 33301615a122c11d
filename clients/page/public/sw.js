// Keeps the page itself, so that it opens without a network; what it shows then comes from the client's own storage.
// Nothing of the API goes through here.
const name = 'page'
const patience = 4000

// A worker that may not fetch would cut the page off: it is not installed.
self.addEventListener('install', (e) => e.waitUntil(fetch('/app/icon.svg').then(() => self.skipWaiting())))
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()))

self.addEventListener('message', (e) => {
  if (Array.isArray(e.data?.keep)) e.waitUntil(keep(e.data.keep))
})

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname === '/' && e.request.mode === 'navigate') e.respondWith(front(e.request))
  else if (url.pathname.startsWith('/app/') && /-[\w-]{8}\.\w+$/.test(url.pathname)) e.respondWith(file(e.request))
})

// The newest page where the server answers in time, else the one that was kept.
async function front(request) {
  const cache = await caches.open(name)
  const kept = await cache.match('/', { ignoreVary: true })
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok && /html/.test(answer.headers.get('content-type') ?? ''))
      await renew(cache, kept?.clone(), answer.clone())
    return answer
  })
  if (!kept) return fresh
  const late = new Promise((resolve) => setTimeout(resolve, patience, kept))
  return Promise.race([fresh.catch(() => kept), late])
}

// Another page has other files: those of the one before go.
async function renew(cache, before, now) {
  const text = await now.clone().text()
  if (before && (await before.text()) !== text) for (const request of await cache.keys()) await cache.delete(request)
  await cache.put('/', now)
}

// A file whose name has the hash of its content never changes.
async function file(request) {
  const cache = await caches.open(name)
  const kept = await cache.match(request, { ignoreVary: true })
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) await cache.put(request, answer.clone())
  return answer
}

async function keep(paths) {
  const cache = await caches.open(name)
  for (const path of paths) {
    if (await cache.match(path, { ignoreVary: true })) continue
    // The server answers `/` with the page only to those who ask for HTML.
    const answer = await fetch(path, path === '/' ? { headers: { Accept: 'text/html' } } : {}).catch(() => undefined)
    if (answer?.ok) await cache.put(path, answer)
  }
}
