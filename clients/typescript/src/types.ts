import type { CoteError } from './http.js'
import type { components, paths } from './schema.js'
import type { Storage } from './storage.js'

type Schemas = components['schemas']

export type Chat = Schemas['Chat']
export type Message = Schemas['Message']
export type Part = Schemas['Part']
export type Frame = Schemas['Frame']
export type Generation = Schemas['Generation']
export type Siblings = Schemas['Siblings']
export type Sync = Schemas['Synced']
export type Running = Schemas['RunningReply']
export type User = Schemas['User']
export type Tokens = Schemas['TokenPair']
export type Upload = Schemas['Uploaded']
export type Media = Schemas['MediaInfo']
export type Model = Schemas['CatalogueModel']
export type Limits = Schemas['Limits']
export type SearchHit = Schemas['SearchHit']
export type Session = Schemas['SessionInfo']
export type ChatPatch = Schemas['ChatPatch']
export type NewUser = Schemas['NewUser']
export type NewChat = Schemas['NewChat']
export type ClientTool = Schemas['ClientTool']
export type ToolAnswer = Schemas['ToolAnswerBody']
/** What a regeneration may name; without an `id` the client makes one. */
export type Regeneration = Schemas['RegenerateBody']

/** What a send may name. `content` is required; an `id` of one's own is a UUID. */
export type Draft = Schemas['MessageBody']

/** A message that the server has not confirmed yet. */
export interface Pending {
  id: string
  content: string
  media_urls: string[]
  /** `waiting` is tried again by itself; `failed` was refused and stays until it is dismissed or retried. */
  state: 'waiting' | 'failed'
  error?: CoteError
}

export interface State {
  status: 'logged-out' | 'connecting' | 'live' | 'offline'
  user: User | null
  /** All chats, archived ones too, newest activity first. */
  chats: Chat[]
  /** The active path of each chat that was opened, by `seq`, with open replies as far as they have come. */
  messages: { [chat_id: string]: Message[] }
  /** What waits to be sent, or was refused, oldest first. */
  pending: { [chat_id: string]: Pending[] }
  /** True while the assistant types. */
  typing: { [chat_id: string]: boolean }
  /** True while the messages of an opened chat are fetched for the first time, or the page before them. */
  loading: { [chat_id: string]: boolean }
  /** True where there are messages before the first one that is held. */
  more: { [chat_id: string]: boolean }
  /** What ended the live connection for good. `start()` tries again. */
  error?: CoteError
}

export interface UploadOptions {
  /** The name of the file; without it that of a File, else `file`. */
  name?: string
  onProgress?: (sent: number, total: number) => void
  signal?: AbortSignal
}

/** What an upload answers: `url` stands in `media_urls` of a send. */
export interface Uploaded {
  url: string
  name: string
  size: number
}

export interface Options {
  /** The address of the server, such as `https://cote.example`; in a browser `''` is the page's own. */
  url: string
  fetch?: typeof globalThis.fetch
  /** Where tokens, unsent messages and the last state are kept; without it, in memory. */
  storage?: Storage
  /** `auto`: a socket, else server-sent events, else long-poll. */
  transport?: 'auto' | 'socket' | 'sse' | 'poll'
  /** For a Node without one: that of the package `ws`. */
  WebSocket?: new (url: string, protocols?: string[]) => WebSocket
  /** Where tabs share a storage: `navigator.locks`, which is taken by itself where there is one. */
  locks?: Pick<LockManager, 'request'> | null
  /** How this login is named among the sessions of the user. */
  device?: string
}

export interface RequestOptions {
  /** Milliseconds until it counts as cut, its whole answer included (60,000). */
  timeout?: number
  signal?: AbortSignal
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
/** What a route answers, as OpenAPI describes it. */
export type Answer<P extends keyof paths, M extends Method> =
  paths[P][M] extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : unknown

export interface Client {
  /** Makes an account and logs in. */
  register(username: string, email: string, password: string): Promise<User>
  register(user: NewUser): Promise<User>
  login(username: string, password: string): Promise<User>
  /** Ends the session and forgets everything that is stored. */
  logout(): Promise<void>
  /** Resumes what is stored and goes live. It resolves when there is a state to show, or no network, or no login. */
  start(): Promise<void>
  /** Stops the connection and every timer. What is stored stays. */
  close(): void
  /** Calls the listener after every change, once for those of one moment; returns what ends it. */
  subscribe(listener: () => void): () => void
  /** The present state: the same object until something changes. */
  getState(): State

  /** Makes a chat, however long the network is away; an `id` of one's own can be used at once. */
  createChat(chat: NewChat): Promise<Chat>
  updateChat(chat_id: string, patch: ChatPatch): Promise<Chat>
  deleteChat(chat_id: string): Promise<void>
  archiveAll(): Promise<void>
  fork(chat_id: string, from?: { message_id?: string; title?: string }): Promise<Chat>
  /** Fetches the messages of a chat and keeps them current from now on, until twenty others have been opened. */
  open(chat_id: string): Promise<void>
  /** Fetches the page before the first message that is held; false where there is none. */
  more(chat_id: string): Promise<boolean>

  /** Sends a message. It resolves when the server has it on disk, and rejects when the server refuses it. */
  send(chat_id: string, draft: Draft): Promise<Message>
  retrySend(chat_id: string, id: string): Promise<Message>
  dismiss(chat_id: string, id: string): void
  /** Sends another version of a question. */
  edit(chat_id: string, message_id: string, draft: Draft): Promise<Message>
  /** Makes another reply to a question, or to that of a reply. */
  regenerate(chat_id: string, message_id: string, options?: Regeneration): Promise<Message>
  siblings(chat_id: string, message_id: string): Promise<Message[]>
  /** Shows the path through a message, on every device. */
  switchTo(chat_id: string, message_id: string): Promise<Chat>
  /** Ends the open replies of a chat; answers how many. */
  stop(chat_id: string): Promise<number>
  read(chat_id: string, message_id: string): Promise<void>
  rate(chat_id: string, message_id: string, feedback: { rating: 1 | -1 | null; text?: string }): Promise<Message>
  deleteMessage(chat_id: string, message_id: string): Promise<void>
  /** Allows or denies a tool call, or answers one of a client's own. */
  answer(chat_id: string, message_id: string, call_id: string, answer: ToolAnswer): Promise<Message>
  claim(chat_id: string, message_id: string, call_id: string, client_id: string): Promise<void>
  /** One message of any branch, with whole thoughts and outputs where `parts` is `all`. */
  message(chat_id: string, message_id: string, options?: { parts?: 'none' | 'light' | 'all' }): Promise<Message>

  /** Uploads a file in pieces, and goes on after a cut. */
  upload(file: Blob, options?: UploadOptions): Promise<Uploaded>
  /** Every other route: a path of OpenAPI without parameters is typed by itself. */
  request<M extends Method, P extends keyof paths & string>(
    method: M | Uppercase<M>, path: P, body?: unknown, options?: RequestOptions): Promise<Answer<P, M>>
  request<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<T>
}
