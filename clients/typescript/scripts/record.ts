import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { play } from '../test/play.js'
import { derived } from './derived.js'
import { freePort, Server, write } from './recording.js'
import { scenarios } from './scenarios.js'

// npm run record -- <program of the server> [name…]: writes clients/vectors anew.
const [program, ...names] = process.argv.slice(2)
if (!program)
  throw new Error('Name the program of the server, as in: npm run record -- path/to/Cote.Server')
const folder = new URL('../../../vectors/', import.meta.url).pathname
const data = mkdtempSync(`${tmpdir()}/cote-vectors-`)
const server = new Server(program, data, `http://127.0.0.1:${await freePort()}`)
await server.start()
try {
  const chosen = Object.entries(scenarios).filter(([name]) => !names.length || names.includes(name))
  // Those that end the server run alone.
  for (const alone of [false, true])
    for (const part of alone ? chosen.filter(([, x]) => x.alone).map(x => [x]) : [chosen.filter(([, x]) => !x.alone)])
      await Promise.all(part.map(async ([name, { about, run }]) => {
        try {
          const vector = await run(server, name, about)
          for (const each of [vector, ...derived(vector)]) {
            play(each)
            write(folder, each)
          }
          console.log(`${name}: ${vector.steps.length} steps`)
        } catch (error) {
          process.exitCode = 1
          console.error(`${name}: ${(error as Error).message}`)
        }
      }))
} finally {
  await server.kill()
  rmSync(data, { recursive: true })
}
