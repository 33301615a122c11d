import { render } from 'preact'
import { Markdown } from './view/index.ts'

render(<Markdown text="Cote" />, document.getElementById('app')!)
