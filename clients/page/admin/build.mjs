// Builds the page of admins at /admin: one module and its style. It has a build of its own, so that the chat's first
// load holds nothing of it and is not cut into more files for its sake.
import { fileURLToPath } from 'node:url'
import { bundle, removeOld, writePage } from '../bundle.mjs'

removeOld('admin')
writePage('admin.html', 'admin/index.html', await bundle('admin/main.tsx', {
  entryFileNames: 'admin-[hash].js',
  codeSplitting: false,
  assetFileNames: (asset) => asset.names.some((name) => name.endsWith('.css'))
    ? 'admin-[hash][extname]' : '[name]-[hash][extname]',
}, {
  resolve: { alias: { 'cote-client': fileURLToPath(new URL('../../typescript/src/index.ts', import.meta.url)) } },
}))
