// npm run schema -- http://127.0.0.1:8000: writes src/schema.ts anew, from what a server says of itself.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [server, out = 'src/schema.ts'] = process.argv.slice(2)
if (!server)
  throw new Error('Name a server, as in: npm run schema -- http://127.0.0.1:8000')
const folder = fileURLToPath(new URL('..', import.meta.url))
const generator = 'node_modules/openapi-typescript/bin/cli.js'
execFileSync(process.execPath, [generator, `${server.replace(/\/$/, '')}/openapi.json`, '-o', out],
  { cwd: folder, stdio: 'inherit' })
