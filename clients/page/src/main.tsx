import { render } from 'preact'
import { App } from './shell/App.tsx'
import { keepPage } from './state/worker.ts'
import { show } from './state/theme.ts'
import './styles/font.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/chat.css'
import './styles/message.css'

show()
// A file that is dropped beside the places for files would take the browser away from the page.
for (const type of ['dragover', 'drop'] as const)
  addEventListener(type, (e) => {
    if (!e.defaultPrevented && e.dataTransfer?.types.includes('Files')) {
      e.preventDefault()
      e.dataTransfer.dropEffect = 'none'
    }
  })
addEventListener('load', () => setTimeout(() => void keepPage(), 2000))
render(<App />, document.getElementById('app')!)
