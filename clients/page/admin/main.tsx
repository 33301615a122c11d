import { render } from 'preact'
import { show } from '../src/state/theme.ts'
import '../src/styles/font.css'
import '../src/styles/base.css'
import '../src/styles/shell.css'
import '../src/settings/settings.css'
import './admin.css'
import { App } from './App.tsx'

show()
render(<App />, document.getElementById('app')!)
