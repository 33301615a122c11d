// What the routes of /admin answer with, as far as this page shows it (docs/api.md, "Admins").

export interface NodeInfo {
  id: string
  current: boolean
  version: string
  started_at: string
  at: string
  slots: { total: number; taken: number; waiting: number }
}

export interface Overview {
  version: string
  engine: string
  schema: number
  now: string
  database_bytes: number
  users: number
  admins: number
  disabled_users: number
  open_replies: { queued: number; running: number; waiting: number }
  nodes: NodeInfo[]
}

export interface Account {
  id: string
  username: string
  email: string
  role: string
  created_at: string
  disabled_at: string | null
}

export interface Caps {
  day_tokens: number | null
  day_cost_usd: number | null
  month_tokens: number | null
  month_cost_usd: number | null
}

export interface Budget {
  window: string
  unit: string
  cap: number
  used: number
  reserved: number
  resets_at: string
}

export interface AccountDetail extends Account {
  email_verified: boolean
  last_used_at: string | null
  sessions: number
  keys: number
  shares: number
  identities: number
  chats: number
  open_replies: number
  media_bytes: number
  caps: Caps
  budget: Budget[]
}

export interface Session {
  id: string
  device: string
  ip: string
  created_at: string
  last_seen_at: string
  current: boolean
}

export interface Key {
  id: string
  name: string
  scopes: string[]
  created_at: string
  last_used_at: string | null
  expires_at: string | null
  disabled_at?: string
}

export interface Share {
  id: string
  chat_id: string
  live: boolean
  created_at: string
  expires_at: string | null
  disabled_at?: string
}

export interface Device {
  id: string
  kind: string
  preview: string
  created_at: string
}

export interface OpenReply {
  id: string
  chat_id: string
  user_id: string
  username: string
  state: string
  model: string
  asked_at: string
  attempt: number
  takeovers: number
  waits_for: string | null
  until: string | null
  fault: string | null
  node: string | null
  heartbeat_age: number | null
  length: number
  stop_requested: boolean
  tool_calls: { call_id: string; name?: string; source: string; state: string }[]
}

interface Calls {
  open_calls: number
  calls: number
  failed_calls: number
  last_fault: string | null
  last_fault_at: string | null
}

export interface Provider {
  kind: 'models' | 'mcp'
  name: string
  node: string
  current: boolean
  at: string
  state: 'unused' | 'ok' | 'failing'
  models?: (Calls & {
    name: string
    state: string
    retries: number
    last_success_at: string | null
    retry_at: string | null
  })[] | null
  mcp?: (Calls & { connected: boolean; tools: number; listed_at: string | null }) | null
}

export interface UsageSum {
  day?: string
  model?: string
  user_id?: string
  calls: number
  unpriced_calls: number
  input_tokens: number
  output_tokens: number
  cost_usd?: number
}

export interface AuditEntry {
  id: string
  at: string
  action: string
  user_id: string | null
  actor: string
  ip: string
  detail: string
}

export interface FailedWebhook {
  id: string
  endpoint: string
  type: string
  user_id: string
  at: string
  failed_at: string
  tries: number
  fault: string | null
}

export interface Endpoint {
  endpoint: string
  failing_since: string | null
  waiting: number
  oldest_at: string | null
  failed: number
  dropped: number
  fault: string | null
}
