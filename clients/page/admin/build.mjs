// Builds the page of admins at /admin: one module and its style. It has a build of its own, so that the chat's first
// load holds nothing of it and is not cut into more files for its sake.
import { readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const folder = here('../../../src/Cote/Http/Page')

for (const file of readdirSync(folder))
  if (file.startsWith('admin'))
    rmSync(`${folder}/${file}`)
const { output } = await build({
  root: here('..'),
  configFile: false,
  logLevel: 'warn',
  base: '/app/',
  publicDir: false,
  resolve: { alias: { 'cote-client': here('../../typescript/src/index.ts') } },
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
      input: here('main.tsx'),
      output: {
        entryFileNames: 'admin-[hash].js',
        codeSplitting: false,
        assetFileNames: (asset) => asset.names.some((name) => name.endsWith('.css'))
          ? 'admin-[hash][extname]' : '[name]-[hash][extname]',
      },
    },
  },
})
const script = output.find((file) => file.type === 'chunk').fileName
const style = output.find((file) => file.type === 'asset' && file.fileName.endsWith('.css')).fileName
writeFileSync(`${folder}/admin.html`, readFileSync(here('index.html'), 'utf8')
  .replace('%style%', `/app/${style}`).replace('%script%', `/app/${script}`))
