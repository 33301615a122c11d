import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Clip } from '../ui/icons.tsx'
import type { Uploads } from './uploads.ts'

const hasFiles = (e: DragEvent) => !!e.dataTransfer?.types.includes('Files')

/** Takes files that are dropped anywhere on the chat. */
export function DropZone({
  uploads,
  className,
  children,
}: {
  uploads: Uploads
  className: string
  children: ComponentChildren
}) {
  const [over, setOver] = useState(false)
  const depth = useRef(0)
  const leave = () => {
    depth.current = 0
    setOver(false)
  }
  return (
    <div
      class={className}
      onDragEnter={(e) => {
        if (hasFiles(e)) {
          e.preventDefault()
          depth.current++
          setOver(true)
        }
      }}
      onDragOver={(e) => {
        if (hasFiles(e)) e.preventDefault()
      }}
      onDragLeave={() => {
        if (--depth.current <= 0) leave()
      }}
      onDrop={(e) => {
        if (!hasFiles(e)) return
        e.preventDefault()
        leave()
        uploads.add(e.dataTransfer!.files)
      }}
    >
      {children}
      {over && (
        <div class="drop">
          <Clip />
          <span>Drop the files to add them</span>
        </div>
      )}
    </div>
  )
}
