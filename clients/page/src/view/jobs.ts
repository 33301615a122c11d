/**
 * Work that a text looks better for and can be read without: it is done when its element comes near the screen, a few
 * milliseconds a frame.
 */
type Job = () => void

const waiting = new Map<Element, Job>()
const ready: Job[] = []
const millisecondsPerFrame = 6
let scheduled = false

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting)
      continue
    const job = waiting.get(entry.target)
    forget(entry.target)
    if (job)
      ready.push(job)
  }
  schedule()
}, { rootMargin: '600px', scrollMargin: '600px' } as IntersectionObserverInit) // of the page's own scroller too

/** Does the job when the element is near the screen. */
export function whenNear(element: Element, job: Job): void {
  waiting.set(element, job)
  watcher.observe(element)
}

export function forget(element: Element): void {
  waiting.delete(element)
  watcher.unobserve(element)
}

function schedule(): void {
  if (scheduled || ready.length === 0)
    return
  scheduled = true
  requestAnimationFrame(() => {
    scheduled = false
    const end = performance.now() + millisecondsPerFrame
    do
      ready.shift()?.()
    while (ready.length > 0 && performance.now() < end)
    schedule()
  })
}
