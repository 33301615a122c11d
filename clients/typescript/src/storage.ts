/** Where a client keeps what must outlive it: texts by key. All three may answer at once or by a promise. */
export interface Storage {
  get(key: string): string | null | undefined | Promise<string | null | undefined>
  set(key: string, value: string): void | Promise<void>
  remove(key: string): void | Promise<void>
}

export function memoryStorage(): Storage {
  const values = new Map<string, string>()
  return {
    get: key => values.get(key),
    set: (key, value) => void values.set(key, value),
    remove: key => void values.delete(key),
  }
}

/** Small and shared by all tabs. A state that does not fit any more is not stored. */
export function localStorageStorage(prefix = 'cote:'): Storage {
  return {
    get: key => localStorage.getItem(prefix + key),
    set: (key, value) => localStorage.setItem(prefix + key, value),
    remove: key => localStorage.removeItem(prefix + key),
  }
}

/** Large and shared by all tabs. */
export function indexedDBStorage(name = 'cote'): Storage {
  let opened: Promise<IDBDatabase> | undefined
  const database = () => opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore('values')
    request.onsuccess = () => {
      const database = request.result
      database.onclose = database.onversionchange = () => { // the next call opens it again
        opened = undefined
        database.close()
      }
      resolve(database)
    }
    request.onerror = () => {
      opened = undefined
      reject(request.error)
    }
  })
  const run = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) => {
    const transaction = (await database()).transaction('values', mode)
    const request = act(transaction.objectStore('values'))
    return new Promise<T>((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = transaction.onerror = () => reject(transaction.error)
    })
  }
  return {
    get: key => run<string | undefined>('readonly', store => store.get(key)),
    set: async (key, value) => void await run('readwrite', store => store.put(value, key)),
    remove: async key => void await run('readwrite', store => store.delete(key)),
  }
}

/** What stands in a stored text; nothing where it cannot be read. */
export function parsed<T>(text: string | null | undefined): T | undefined {
  try {
    return text ? JSON.parse(text) as T : undefined
  } catch {
    return undefined
  }
}

/** Keeps what cannot be fetched again: in a storage that is full, in place of the state of the user. */
export async function keep(storage: Storage, key: string, value: unknown, user_id: string | undefined): Promise<void> {
  const text = JSON.stringify(value)
  try {
    await storage.set(key, text)
  } catch {
    await storage.remove(`state:${user_id}`)
    await storage.set(key, text)
  }
}
