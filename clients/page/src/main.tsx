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
addEventListener('load', () => setTimeout(() => void keepPage(), 2000))
render(<App />, document.getElementById('app')!)
