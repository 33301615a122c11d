/** Lets the browser keep the page, so that it opens without a network too. */
export async function keepPage() {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return
  try {
    await navigator.serviceWorker.register('/app/sw.js', { scope: '/' })
    const { active } = await navigator.serviceWorker.ready
    const files = performance
      .getEntriesByType('resource')
      .map((e) => new URL(e.name))
      .filter((u) => u.origin === location.origin)
    active?.postMessage({ keep: ['/', ...files.map((u) => u.pathname).filter((p) => p.startsWith('/app/'))] })
  } catch {
    // A browser that keeps nothing still shows the page while there is a network.
  }
}
