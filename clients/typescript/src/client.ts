import type { Client, Options } from './types.js'

export declare function createClient(options: Options): Client
