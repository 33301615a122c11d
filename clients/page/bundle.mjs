// What the builds of the pages beside the chat share: one bundle of an entry, and a page that names it.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Where the built files lie. */
export const folder = here('../../src/Cote/Http/Page')

/** Removes what an earlier build of a page left. */
export function removeOld(name) {
  for (const file of readdirSync(folder))
    if (file.startsWith(name))
      rmSync(`${folder}/${file}`)
}

/** Bundles an entry of this folder; the names of its script and of its style, where it has one. */
export async function bundle(entry, output, options = {}) {
  const result = await build({
    root: here('.'),
    configFile: false,
    logLevel: 'warn',
    base: '/app/',
    publicDir: false,
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
      rollupOptions: { input: here(entry), output },
    },
    ...options,
  })
  return {
    script: result.output.find((file) => file.type === 'chunk').fileName,
    style: result.output.find((file) => file.type === 'asset' && file.fileName.endsWith('.css'))?.fileName,
  }
}

/** Writes the page from its source, which has places for the names of script and style. */
export function writePage(name, source, { script, style }) {
  writeFileSync(`${folder}/${name}`, readFileSync(here(source), 'utf8')
    .replace('%style%', `/app/${style}`).replace('%script%', `/app/${script}`))
}
