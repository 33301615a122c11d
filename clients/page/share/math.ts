import * as typesetter from '../src/view/typesetter.ts'

Object.assign(globalThis, { coteMath: typesetter })
