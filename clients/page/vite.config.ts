import { fileURLToPath } from 'node:url'
import { defineConfig, type ProxyOptions } from 'vite'
import { licenses } from './licenses.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// `COTE_URL=http://127.0.0.1:8000 npm run dev` works on the page against a server that runs.
const server = process.env.COTE_URL ?? 'http://127.0.0.1:8000'
const routes = [
  '/users',
  '/token',
  '/chats',
  '/sync',
  '/events',
  '/search',
  '/models',
  '/tools',
  '/usage',
  '/limits',
  '/media',
  '/upload',
  '/sessions',
  '/logout',
  '/api-keys',
  '/import',
  '/shared',
  '/s/',
  '/password',
  '/health',
]
const proxy: Record<string, ProxyOptions> = Object.fromEntries(routes.map((route) => [route, { target: server }]))
proxy['/ws'] = { target: server, ws: true }

export default defineConfig(({ command }) => ({
  root: here('.'),
  base: command === 'build' ? '/app/' : '/',
  resolve: {
    alias: { 'cote-client': here('../typescript/src/index.ts') },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [licenses([here('./node_modules/@fontsource-variable/figtree')])],
  server: { proxy },
  build: {
    outDir: here('../../src/Cote/Http/Page'),
    emptyOutDir: true,
    assetsDir: '',
    assetsInlineLimit: 0,
    sourcemap: false,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
}))
