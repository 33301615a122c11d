import { render } from 'preact'
import { App } from './shell/App.tsx'
import { show } from './state/theme.ts'
import './styles/font.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/chat.css'
import './styles/message.css'

show()
render(<App />, document.getElementById('app')!)
