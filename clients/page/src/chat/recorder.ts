import { useEffect, useRef, useState } from 'preact/hooks'
import { fail } from '../ui/toast.tsx'

const kinds = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus']

const end = (stream: MediaStream) => stream.getTracks().forEach((t) => t.stop())

/** Records the voice: `start`, then `finish` for the file or `cancel`. */
export function useRecorder() {
  const [seconds, setSeconds] = useState<number>()
  const recorder = useRef<MediaRecorder | undefined>(undefined)
  const pieces = useRef<Blob[]>([])
  // Of the last start or end: what the browser answers to an earlier one comes too late.
  const round = useRef(0)
  const asking = useRef(false)
  const release = () => {
    round.current++
    asking.current = false
    if (recorder.current) end(recorder.current.stream)
    recorder.current = undefined
    setSeconds(undefined)
  }
  useEffect(() => release, [])
  const recording = seconds !== undefined
  useEffect(() => {
    if (!recording) return
    const begun = performance.now()
    const timer = setInterval(() => setSeconds((performance.now() - begun) / 1000), 250)
    return () => clearInterval(timer)
  }, [recording])

  const start = async () => {
    if (!navigator.mediaDevices || typeof MediaRecorder === 'undefined') {
      fail(new Error('This browser records only on a page that came over HTTPS.'))
      return
    }
    if (asking.current || recorder.current) return
    asking.current = true
    const mine = ++round.current
    let stream: MediaStream | undefined
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      if (mine !== round.current) return end(stream)
      const mimeType = kinds.find((k) => MediaRecorder.isTypeSupported(k))
      const made = new MediaRecorder(stream, mimeType ? { mimeType } : {})
      const kept: Blob[] = []
      made.ondataavailable = (e) => kept.push(e.data)
      made.start(1000)
      recorder.current = made
      pieces.current = kept
      setSeconds(0)
    } catch {
      if (stream) end(stream)
      if (mine === round.current) fail(new Error('The browser does not let this page use the microphone.'))
    }
    if (mine === round.current) asking.current = false
  }
  const finish = () =>
    new Promise<File | undefined>((resolve) => {
      const current = recorder.current
      if (!current) return resolve(undefined)
      const kept = pieces.current
      const done = () => {
        const type = current.mimeType.split(';')[0]!
        const name = `voice.${type.includes('mp4') ? 'm4a' : type.includes('ogg') ? 'ogg' : 'webm'}`
        if (recorder.current === current) release()
        resolve(new File(kept, name, { type }))
      }
      // A microphone that was pulled out has ended it already.
      if (current.state === 'inactive') return done()
      current.onstop = done
      current.stop()
    })
  return { seconds, start, finish, cancel: release }
}
