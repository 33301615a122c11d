import { readdirSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { play, type Vector } from './play.js'

const folder = new URL('../../../vectors/', import.meta.url)

for (const file of readdirSync(folder).filter(x => x.endsWith('.json'))) {
  const vector = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector
  test(`${vector.name}: ${vector.about}`, () => void play(vector))
}
