import { createElement, type FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** A component whose code is fetched when it is first shown. */
export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let known: FunctionComponent<P> | undefined
  return function Lazy(props: P) {
    const [failed, setFailed] = useState(false)
    const [, shown] = useState(0)
    useEffect(() => {
      if (known) return
      load().then(
        (component) => {
          known = component
          shown(1)
        },
        () => setFailed(true),
      )
    }, [])
    if (failed)
      return (
        <p class="notice" role="alert">
          This part of the page did not load. Reload the page to try again.
        </p>
      )
    return known ? (
      createElement(known, props)
    ) : (
      <div class="loading" role="status" aria-label="Loading">
        <span class="spinner" />
      </div>
    )
  }
}
