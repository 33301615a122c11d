import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { play, type Vector } from '../test/play.js'
import { derived } from './derived.js'
import { Server, write } from './recording.js'
import { scenarios } from './scenarios.js'

// npm run record -- <program of the server> [name…]: writes clients/vectors anew.
const [program, ...names] = process.argv.slice(2)
if (!program)
  throw new Error('Name the program of the server, as in: npm run record -- path/to/Cote.Server')
const folder = new URL('../../../vectors/', import.meta.url).pathname
const data = mkdtempSync(`${tmpdir()}/cote-vectors-`)
const probe = createServer().listen(0, '127.0.0.1')
await once(probe, 'listening')
const { port } = probe.address() as AddressInfo
probe.close()
const server = new Server(program, data, `http://127.0.0.1:${port}`)
await server.start()
try {
  const chosen = Object.entries(scenarios).filter(([name]) => !names.length || names.includes(name))
  const recorded: Vector[] = []
  // Those that end the server run alone.
  for (const alone of [false, true])
    for (const part of alone ? chosen.filter(([, x]) => x.alone).map(x => [x]) : [chosen.filter(([, x]) => !x.alone)])
      await Promise.all(part.map(async ([name, { about, run }]) => {
        const vector = await run(server, name, about)
        recorded.push(vector)
        console.log(`${name}: ${vector.steps.length} steps`)
      }))
  for (const vector of [...recorded, ...recorded.flatMap(derived)]) {
    play(vector)
    write(folder, vector)
  }
} finally {
  await server.kill()
  rmSync(data, { recursive: true })
}
