#!/usr/bin/env bash
# The figures of docs/clients.md: lines of the clients without blank ones, and the bytes of the page as a browser fetches them.
set -euo pipefail
cd "$(dirname "$0")/.."

lines() { cat "$@" | grep -cv '^\s*$'; }

echo '| Client | Lines |'
echo '|---|--:|'
ts=clients/typescript/src
echo "| TypeScript: replica, replies, connection, outbox | $(lines $ts/{replica,replies,connection,outbox}.ts) |"
echo "| … without comments | $(node clients/typescript/scripts/size.mjs | awk -F'|' '/the core/ { print $3 + 0 }') |"
echo "| TypeScript: all but the generated types of the wire | $(find $ts -name '*.ts' ! -name schema.ts -print0 | xargs -0 cat | grep -cv '^\s*$') |"
echo "| C# | $(find clients/dotnet/src -name '*.cs' ! -path '*/obj/*' ! -path '*/bin/*' -print0 | xargs -0 cat | grep -cv '^\s*$') |"
echo "| Dart | $(find clients/dart/lib -name '*.dart' -print0 | xargs -0 cat | grep -cv '^\s*$') |"
echo
node --input-type=module - <<'JS'
import { readFileSync, readdirSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'
const folder = 'src/Cote/Http/Page/'
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
const size = name => {
  const bytes = readFileSync(folder + name)
  return /\.(html|js|css|svg|webmanifest|txt)$/.test(name) ? brotliCompressSync(bytes, options).length : bytes.length
}
const named = html => [...readFileSync(folder + html, 'utf8').matchAll(/(?:src|href)="\/app\/([^"]+)"/g)].map(x => x[1])
const sum = names => names.reduce((total, name) => total + size(name), 0).toLocaleString('en')
console.log('| The page | Bytes, compressed |\n|---|--:|')
console.log(`| What \`/\` names: HTML, scripts, styles | ${sum(['index.html', ...named('index.html')])} |`)
console.log(`| What the viewer at \`/s/{token}\` names | ${sum(['share.html', ...named('share.html')])} |`)
console.log(`| What \`/admin\` names | ${sum(['admin.html', ...named('admin.html')])} |`)
console.log(`| All files | ${sum(readdirSync(folder))} |`)
JS
