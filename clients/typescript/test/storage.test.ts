import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import test from 'node:test'
import { indexedDBStorage, localStorageStorage, memoryStorage, type Storage } from '../src/index.js'

const values = new Map<string, string>()
Object.defineProperty(globalThis, 'localStorage', {
  value: {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
    removeItem: (key: string) => values.delete(key),
  },
})

const kinds: Record<string, () => Storage> = {
  memory: memoryStorage, localStorage: () => localStorageStorage(), IndexedDB: () => indexedDBStorage(),
}

for (const [name, make] of Object.entries(kinds))
  test(`A storage in ${name} keeps, replaces and removes`, async () => {
    const storage = make()
    assert.equal(await storage.get('key') ?? null, null)
    await storage.set('key', 'one')
    await storage.set('key', 'two 🎉')
    await storage.set('other', 'three')
    assert.equal(await storage.get('key'), 'two 🎉')
    await storage.remove('key')
    assert.equal(await storage.get('key') ?? null, null)
    assert.equal(await storage.get('other'), 'three')
  })

test('What IndexedDB keeps is there for the next one', async () => {
  await indexedDBStorage('shared').set('key', 'value')
  assert.equal(await indexedDBStorage('shared').get('key'), 'value')
})
