// Builds the viewer of a shared chat: one classic script with its style, and two more scripts for code and formulas.
// Its document has no origin, from which a browser loads neither modules nor fonts.
import { readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const folder = here('../../../src/Cote/Http/Page')

const ownLoader = {
  name: 'own-loader',
  enforce: 'pre',
  resolveId: (source, from) => source === './lazy.ts' && from?.includes('/src/view/') ? here('lazy.ts') : null,
  transform: (code, id) => id.includes('Temml-Local.css') ? code.replace(/@font-face\s*\{[^}]*\}/, '') : null,
}

async function bundle(entry, name, define = {}) {
  const { output } = await build({
    root: here('..'),
    configFile: false,
    logLevel: 'warn',
    base: '/app/',
    publicDir: false,
    define,
    plugins: [ownLoader],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: folder,
      emptyOutDir: false,
      assetsDir: '',
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      sourcemap: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: {
        input: here(entry),
        output: {
          format: 'iife', entryFileNames: `${name}-[hash].js`, assetFileNames: `${name}-[hash][extname]`,
        },
      },
    },
  })
  const script = output.find((file) => file.type === 'chunk').fileName
  const style = output.find((file) => file.type === 'asset' && file.fileName.endsWith('.css'))?.fileName
  return { script, style }
}

for (const file of readdirSync(folder))
  if (file.startsWith('share'))
    rmSync(`${folder}/${file}`)
const code = await bundle('code.ts', 'share-code')
const math = await bundle('math.ts', 'share-math')
if (math.style)
  rmSync(`${folder}/${math.style}`) // it stands in the viewer's own
const main = await bundle('main.tsx', 'share', {
  __CODE__: JSON.stringify(`/app/${code.script}`), __MATH__: JSON.stringify(`/app/${math.script}`),
})
writeFileSync(`${folder}/share.html`, readFileSync(here('index.html'), 'utf8')
  .replace('%style%', `/app/${main.style}`).replace('%script%', `/app/${main.script}`))
