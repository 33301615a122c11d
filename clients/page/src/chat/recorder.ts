import { useEffect, useRef, useState } from 'preact/hooks'
import { fail } from '../ui/toast.tsx'

const kinds = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus']

/** Records the voice: `start`, then `finish` for the file or `cancel`. */
export function useRecorder() {
  const [seconds, setSeconds] = useState<number>()
  const recorder = useRef<MediaRecorder | undefined>(undefined)
  const pieces = useRef<Blob[]>([])
  const release = () => {
    recorder.current?.stream.getTracks().forEach((t) => t.stop())
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
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      const mimeType = kinds.find((k) => MediaRecorder.isTypeSupported(k))
      recorder.current = new MediaRecorder(stream, mimeType ? { mimeType } : {})
      pieces.current = []
      recorder.current.ondataavailable = (e) => pieces.current.push(e.data)
      recorder.current.start(1000)
      setSeconds(0)
    } catch {
      fail(new Error('The browser does not let this page use the microphone.'))
    }
  }
  const finish = () =>
    new Promise<File | undefined>((resolve) => {
      const current = recorder.current
      if (!current) return resolve(undefined)
      current.onstop = () => {
        const type = current.mimeType.split(';')[0]!
        const name = `voice.${type.includes('mp4') ? 'm4a' : type.includes('ogg') ? 'ogg' : 'webm'}`
        release()
        resolve(new File(pieces.current, name, { type }))
      }
      current.stop()
    })
  return { seconds, start, finish, cancel: release }
}
