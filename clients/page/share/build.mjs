// Builds the viewer of a shared chat: one classic script with its style, and two more scripts for code and formulas.
// Its document has no origin, from which a browser loads neither modules nor fonts.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundle, folder, removeOld, writePage } from '../bundle.mjs'

const lazy = fileURLToPath(new URL('lazy.ts', import.meta.url))

const ownLoader = {
  name: 'own-loader',
  enforce: 'pre',
  resolveId: (source, from) => source === './lazy.ts' && from?.includes('/src/view/') ? lazy : null,
  transform: (code, id) => id.includes('Temml-Local.css') ? code.replace(/@font-face\s*\{[^}]*\}/, '') : null,
}

const script = (entry, name, define = {}) => bundle(`share/${entry}`, {
  format: 'iife', entryFileNames: `${name}-[hash].js`, assetFileNames: `${name}-[hash][extname]`,
}, { define, plugins: [ownLoader] })

removeOld('share')
const code = await script('code.ts', 'share-code')
const math = await script('math.ts', 'share-math')
if (math.style)
  rmSync(`${folder}/${math.style}`) // it stands in the viewer's own
writePage('share.html', 'share/index.html', await script('main.tsx', 'share', {
  __CODE__: JSON.stringify(`/app/${code.script}`), __MATH__: JSON.stringify(`/app/${math.script}`),
}))
