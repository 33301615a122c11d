import { render } from 'preact'
import 'temml/dist/Temml-Local.css'
import { follow } from './feed.ts'
import { Viewer } from './Viewer.tsx'
import './share.css'

const dark = matchMedia('(prefers-color-scheme: dark)')
const dress = () => document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light'
dress()
dark.addEventListener('change', dress)

const token = decoded(location.pathname.split('/')[2] ?? '')
const place = document.getElementById('app')!
follow(token, (state) => render(<Viewer state={state} token={token} />, place))

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
