import type * as Highlighter from '../src/view/highlighter.ts'
import type * as Typesetter from '../src/view/typesetter.ts'

/** The page has no origin, so it may load no modules: these are classic scripts that leave what they make behind. */
declare const __CODE__: string
declare const __MATH__: string
declare const coteCode: typeof Highlighter
declare const coteMath: typeof Typesetter

const loads = new Map<string, Promise<void>>()

function load(address: string): Promise<void> {
  let loaded = loads.get(address)
  if (!loaded) {
    loaded = new Promise((resolve, reject) => {
      const script = document.createElement('script')
      script.src = address
      script.onload = () => resolve()
      script.onerror = () => {
        loads.delete(address)
        reject(new Error(`${address} did not load.`))
      }
      document.head.append(script)
    })
    loads.set(address, loaded)
  }
  return loaded
}

export const loadHighlighter = () => load(__CODE__).then(() => coteCode)
export const loadTypesetter = () => load(__MATH__).then(() => coteMath)
