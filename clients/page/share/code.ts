import * as highlighter from '../src/view/highlighter.ts'

Object.assign(globalThis, { coteCode: highlighter })
