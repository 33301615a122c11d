/** What `GET /shared/{token}` and its events say: docs/sharing.md. */
export interface SharedPart {
  type: string
  title?: string | null
  name?: string | null
  url?: string | null
  snippet?: string | null
  content_type?: string | null
  text?: string | null
  ms?: number | null
  state?: string | null
  input?: unknown
  output?: unknown
}

export interface SharedMessage {
  place: number
  sender: string
  content: string
  timestamp?: string
  parts?: SharedPart[] | null
  /** The attempt of a reply that is open; absent where it has ended, and where no frame has told of it yet. */
  attempt?: number
  /** A `message` frame brought it: it grows no more. */
  ended?: boolean
}

export interface Shared {
  title: string | null
  live: boolean
  messages: SharedMessage[]
}

export type State =
  | { is: 'loading' }
  | { is: 'gone' }
  | { is: 'full'; seconds: number }
  | { is: 'away' }
  | { is: 'shown'; chat: Shared; live: 'off' | 'on' | 'full' | 'away' }
