// npm run size: the lines of the core, as the table of docs/clients.md has them. The types of OpenAPI are made by a
// program and are not counted.
import { readdirSync, readFileSync } from 'node:fs'

const src = new URL('../src/', import.meta.url)
const rows = readdirSync(src).filter(x => x.endsWith('.ts') && x !== 'schema.ts').sort().map(name => {
  const lines = readFileSync(new URL(name, src), 'utf8').split('\n').map(x => x.trim()).filter(x => x)
  return { name, all: lines.length, code: lines.filter(x => !/^(\/\/|\/?\*)/.test(x)).length }
})
const sum = (rows, of) => rows.reduce((all, row) => all + row[of], 0)
// What is the same for every client of Cote: to hold a state, to keep it current over a bad line, to send once.
const isCore = ({ name }) => ['replica.ts', 'replies.ts', 'connection.ts', 'outbox.ts'].includes(name)
console.log('| File | Lines of code | with comments |\n|---|--:|--:|')
for (const [what, part] of [['the core', rows.filter(isCore)], ['around it', rows.filter(x => !isCore(x))]]) {
  for (const { name, all, code } of part)
    console.log(`| \`${name}\` | ${code} | ${all} |`)
  console.log(`| ${what} | ${sum(part, 'code')} | ${sum(part, 'all')} |`)
}
console.log(`| in all | ${sum(rows, 'code')} | ${sum(rows, 'all')} |`)
