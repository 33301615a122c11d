import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

const near = 48

/**
 * Keeps the end of a list in view while it grows, unless the reader scrolled up; keeps what they read in place when
 * older
 * messages come in above.
 */
export function useScroll(
  box: RefObject<HTMLDivElement | null>,
  content: RefObject<HTMLDivElement | null>,
  first: string | undefined,
) {
  const stuck = useRef(true)
  const height = useRef(0)
  const above = useRef(first)
  const [away, setAway] = useState(false)

  const toEnd = (smooth = false) => {
    const el = box.current
    if (!el) return
    stuck.current = true
    setAway(false)
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    el.scrollTo({ top: el.scrollHeight, behavior: smooth && !calm ? 'smooth' : 'instant' })
  }

  useLayoutEffect(() => {
    const el = box.current!
    if (stuck.current) el.scrollTop = el.scrollHeight
    else if (above.current !== first) el.scrollTop += el.scrollHeight - height.current
    above.current = first
    height.current = el.scrollHeight
  })

  useEffect(() => {
    const el = box.current!
    let last = el.scrollTop
    const scrolled = () => {
      const distance = el.scrollHeight - el.scrollTop - el.clientHeight
      // The list growing is no scrolling: only a move up lets go, only the end takes hold again.
      if (distance < near) stuck.current = true
      else if (el.scrollTop < last - 2) stuck.current = false
      last = el.scrollTop
      setAway(!stuck.current && distance > near * 3)
    }
    const up = (e: WheelEvent) => {
      if (e.deltaY < 0 && el.scrollTop > 0) stuck.current = false
    }
    const grown = new ResizeObserver(() => {
      height.current = el.scrollHeight
      if (stuck.current) el.scrollTop = el.scrollHeight
    })
    el.addEventListener('scroll', scrolled, { passive: true })
    el.addEventListener('wheel', up, { passive: true })
    grown.observe(el)
    grown.observe(content.current!)
    return () => {
      el.removeEventListener('scroll', scrolled)
      el.removeEventListener('wheel', up)
      grown.disconnect()
    }
  }, [])

  const release = () => {
    stuck.current = false
  }
  return { away, toEnd, release }
}
