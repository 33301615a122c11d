import { Replies, isOpen } from './replies.js'
import type { Chat, Frame, Message, Sync } from './types.js'

/** What the replica lacks: the whole state, one chat's row, or messages of a chat (`null`: its newest page). */
export type Want = 'sync' | { chat: string } | { chat_id: string; after: number | null }

/** What is known of the messages of one chat. */
interface Shown {
  /** Questions and ended replies of the active path above `floor`, by `seq`. */
  items: Message[]
  /** What is at or below this `seq` was not fetched. */
  floor: number
  /** Whether it is to be fetched again by itself. */
  isOpened: boolean
  isLoaded: boolean
  want?: number | null
  /** The fetch that is under way, and the frames that came since it began. */
  fetch?: { after: number | null; log: Frame[] }
  /** How often messages went or moved. */
  edition: number
  view?: Message[]
}

export interface Saved {
  cursor: string | null
  chats: Chat[]
  messages: { [chat_id: string]: { items: Message[]; floor: number } }
  open: Message[]
  /** What was still to be fetched of these. */
  wants: Want[]
}

/**
 * What a device knows: chats, messages of the active paths, and the cursor. Frames, and answers to what it wants, lead
 * from one state to the next; it does no I/O and reads no clock.
 */
export class Replica {
  cursor: string | null = null
  /** Raised by every change. */
  version = 0
  #rows = new Map<string, Chat>()
  #list?: Chat[]
  #shown = new Map<string, Shown>()
  /** Whose messages are being fetched, one fetch a chat: what was shown may be let go, and opened anew, meanwhile. */
  #fetching = new Map<string, Shown>()
  #replies = new Replies()
  #wantedRows = new Set<string>()
  #fetchedRows = new Set<string>()
  #sync: 'no' | 'wanted' | 'under way' = 'wanted'
  /** Frames that came while a sync was wanted. */
  #kept: Frame[] = []
  /** Chats that were deleted: an answer of before does not bring them back. */
  #gone = new Set<string>()

  /** All chats, newest activity first. */
  get chats(): Chat[] {
    // An older server tells no place: then those that move are above.
    return this.#list ??= [...this.#rows.values()].sort((a, b) => (b.activity ?? 0) - (a.activity ?? 0))
  }

  chat(id: string): Chat | undefined {
    return this.#rows.get(id)
  }

  /** Whether it waits for the whole state. */
  get needsSync(): boolean {
    return this.#sync !== 'no'
  }

  /** Whether the messages of a chat are held as far as events have told. */
  isCurrent(chat_id: string): boolean {
    const shown = this.#shown.get(chat_id)
    return !!shown?.isLoaded && shown.want === undefined && !shown.fetch && !this.needsSync
  }

  /** The chats whose messages are held, those that were opened last at the end. */
  get held(): string[] {
    return [...this.#shown].filter(([, shown]) => shown.isLoaded).map(([id]) => id)
  }

  messagesAreHeld(chat_id: string): boolean {
    return !!this.#shown.get(chat_id)?.isLoaded
  }

  isLoading(chat_id: string): boolean {
    const shown = this.#shown.get(chat_id)
    return !!shown && !shown.isLoaded && (shown.want !== undefined || !!shown.fetch)
  }

  /** Whether there are messages before the first that is held. */
  hasMore(chat_id: string): boolean {
    return (this.#shown.get(chat_id)?.floor ?? 0) > 0
  }

  /** The `seq` above which messages are held, and a number that changes when messages go. */
  place(chat_id: string): { floor: number; edition: number } | undefined {
    return this.#shown.get(chat_id)
  }

  /** The active path, by `seq`, with the open replies on it. */
  messages(chat_id: string): Message[] {
    const shown = this.#shown.get(chat_id)
    return shown ? shown.view ??= this.#path(chat_id, shown) : []
  }

  // An open reply is on the path where it is the leaf or something follows it there.
  #path(chat_id: string, shown: Shown): Message[] {
    const followed = new Set(shown.items.map(x => x.parent_id))
    const leaf = this.#rows.get(chat_id)?.leaf_id
    const open = this.#replies.of(chat_id)
      .filter(x => x.seq > shown.floor && (x.id === leaf || followed.has(x.id)))
    const all = [...shown.items, ...open].sort((a, b) => a.seq - b.seq)
    const ids = new Set(all.map(x => x.id))
    // A frame that was written before a deletion names the parent of then.
    return all.map((message, at) => {
      const before = all[at - 1]
      if (ids.has(message.parent_id ?? '') || (!before && shown.floor > 0)
        || (before?.reply_id && before.reply_id === message.parent_id))
        return message
      const parent_id = before?.id ?? null
      return message.parent_id === parent_id ? message : { ...message, parent_id }
    })
  }

  /** What is to be fetched, and not being fetched yet. */
  wanted(): Want[] {
    if (this.#sync !== 'no')
      return this.#sync === 'wanted' ? ['sync'] : []
    const wants: Want[] = [...this.#wantedRows].filter(x => !this.#fetchedRows.has(x)).map(chat => ({ chat }))
    for (const [chat_id, shown] of this.#shown)
      if (shown.want !== undefined && !this.#fetching.has(chat_id))
        wants.push({ chat_id, after: shown.want })
    return wants
  }

  /** A fetch begins: from now on frames are kept, to be applied again to its answer. */
  begin(want: Want): void {
    if (want === 'sync')
      this.#sync = 'under way'
    else if ('chat' in want) {
      this.#wantedRows.delete(want.chat)
      this.#fetchedRows.add(want.chat)
    } else {
      const shown = this.#shown.get(want.chat_id)
      if (shown) {
        [shown.fetch, shown.want] = [{ after: want.after, log: [] }, undefined]
        this.#fetching.set(want.chat_id, shown)
      }
    }
  }

  /** A fetch got no answer: it is wanted again. Where the thing itself is gone, it is not. */
  failed(want: Want, isGone = false): void {
    if (want === 'sync')
      this.#sync = 'wanted'
    else if ('chat' in want) {
      this.#fetchedRows.delete(want.chat)
      if (!isGone)
        this.#wantedRows.add(want.chat)
    } else {
      const shown = this.#end(want.chat_id)
      if (shown && !isGone)
        this.#want(shown, want.after)
    }
  }

  /** Messages of this chat are wanted, and kept current from now on. */
  open(chat_id: string): void {
    const shown = this.#shown.get(chat_id)
      ?? { items: [], floor: 0, isOpened: true, isLoaded: false, edition: 0 }
    shown.isOpened = true
    if (!shown.isLoaded && !shown.fetch)
      shown.want = null
    this.#shown.delete(chat_id) // to the end
    this.#shown.set(chat_id, shown)
    for (const [id, { isLoaded }] of this.#shown)
      if (this.#shown.size > 20 && isLoaded && id !== chat_id)
        this.#shown.delete(id)
    this.version++
  }

  /** The whole state is wanted: the server refuses the cursor. */
  needSync(): void {
    if (this.#sync === 'no')
      this.#sync = 'wanted'
  }

  apply(frame: Frame): void {
    if (this.#sync !== 'no') {
      this.#kept.push(frame)
      return
    }
    if (frame.type === 'reset')
      return this.needSync()
    const cursor = 'cursor' in frame ? frame.cursor : undefined
    if (cursor) {
      const [own, its] = [split(this.cursor), split(cursor)]
      if (own?.epoch !== its?.epoch || its!.number > own!.number + 1) {
        this.needSync()
        this.#kept.push(frame)
        return
      }
      if (its!.number <= own!.number)
        return this.#replies.close(frame)
      this.cursor = cursor
      this.#row(frame, its!.number)
    }
    const shown = this.#shown.get(chatOf(frame))
    shown?.fetch?.log.push(frame)
    this.#effect(frame)
    this.version++
  }

  /** The answer of `GET /sync`. */
  sync(answer: Sync): void {
    const [old, now] = [split(this.cursor), split(answer.cursor)!]
    const isOther = old?.epoch !== now.epoch || old.number > now.number
    this.#wantedRows.clear()
    this.#rows = new Map(answer.chats.map(x => [x.id, x]))
    this.#list = undefined
    this.#replies.sync(answer.running)
    for (const [id, shown] of this.#shown) {
      const row = this.#rows.get(id)
      shown.view = undefined
      const isStale = !row || isOther || row.changed > old!.number
      if (!row && shown.isLoaded || !shown.isOpened && isStale)
        this.#shown.delete(id)
      else if (row && isStale && (shown.isLoaded || shown.fetch)) { // an answer under way may be of before
        shown.edition++
        this.#want(shown, isOther || !shown.isLoaded ? null : shown.floor)
      }
    }
    this.cursor = answer.cursor
    this.#sync = 'no'
    this.version++
    for (const frame of this.#kept.splice(0)) {
      const of = split('cursor' in frame ? frame.cursor : frame.type === 'reset' ? frame.data.cursor : undefined)
      const isOld = of && (frame.type === 'reset' ? of.epoch === now.epoch : of.epoch !== now.epoch)
      isOld ? this.#replies.close(frame) : this.apply(frame)
    }
  }

  /** The answer of `GET /chats/{id}`. */
  row(chat: Chat): void {
    this.#fetchedRows.delete(chat.id)
    const old = this.#rows.get(chat.id)
    if (!old)
      return
    if (old.changed > chat.changed) { // it was read before what has come since
      this.#wantedRows.add(chat.id)
      return
    }
    this.#rows.set(chat.id, chat)
    this.#changed(chat.id)
  }

  /** The answer of `GET …/messages/`, with all its pages; `more` says that there are older ones. */
  fetched(chat_id: string, after: number | null, items: Message[], more = false): void {
    const log = this.#fetching.get(chat_id)?.fetch?.log
    const shown = this.#end(chat_id)
    if (!shown || !log)
      return
    const known = new Map(shown.items.map(x => [x.id, x]))
    shown.items = after === null ? [] : shown.items.filter(x => x.seq <= after)
    if (after === null)
      [shown.floor, shown.edition] = [more && items.length ? items[0]!.seq - 1 : 0, shown.edition + 1]
    for (const item of items)
      this.#put(shown, isOpen(item) && known.get(item.id) || item) // it may have ended since
    shown.isLoaded = true
    this.#changed(chat_id)
    for (const frame of log)
      this.#effect(frame)
  }

  // A fetch has ended: whose answer it is, unless that was let go.
  #end(chat_id: string): Shown | undefined {
    const shown = this.#fetching.get(chat_id)
    this.#fetching.delete(chat_id)
    if (!shown?.fetch)
      return undefined
    shown.fetch = undefined
    return this.#shown.get(chat_id) === shown ? shown : undefined
  }

  /** The page before the messages that are held, unless something went in the meantime: then false. */
  older(chat_id: string, place: { floor: number; edition: number }, items: Message[], more: boolean): boolean {
    const shown = this.#shown.get(chat_id)
    if (shown?.floor !== place.floor || shown.edition !== place.edition)
      return false
    shown.floor = more && items.length ? items[0]!.seq - 1 : 0
    for (const item of items)
      this.#put(shown, item)
    this.#changed(chat_id)
    return true
  }

  /** What answers a write of one's own, unless its event has come already. */
  put(what: { chat: Chat } | { message: Message }): void {
    if ('chat' in what) {
      const old = this.#rows.get(what.chat.id)
      if (old ? old.changed < what.chat.changed : !this.#gone.has(what.chat.id))
        this.#rows.set(what.chat.id, what.chat)
      this.#changed(what.chat.id)
    } else if (!(what.message.seq <= this.#rows.get(what.message.chat_id)?.last_seq!)) {
      const frame: Frame = { type: 'message', data: what.message }
      this.#row(frame)
      this.#effect(frame)
    }
  }

  /** All that another replica needs to go on from here; of each of these chats at most so many messages. */
  save(chat_ids: string[], most = Infinity): Saved {
    const wants: Want[] = [...this.#wantedRows, ...this.#fetchedRows].map(chat => ({ chat }))
    const messages: Saved['messages'] = {}
    for (const chat_id of chat_ids) {
      const { items, floor, want, fetch } = this.#shown.get(chat_id)!
      messages[chat_id] = items.length <= most ? { items, floor }
        : { items: items.slice(-most), floor: items.at(-most)!.seq - 1 }
      for (const after of [want, fetch?.after])
        if (after !== undefined)
          wants.push({ chat_id, after })
    }
    return { cursor: this.cursor, chats: [...this.#rows.values()], messages, open: this.#replies.all, wants }
  }

  load(saved: Saved): void {
    this.cursor = saved.cursor
    this.#sync = 'no'
    this.#rows = new Map(saved.chats.map(x => [x.id, x]))
    this.#list = undefined
    this.#replies.load(saved.open)
    for (const [id, { items, floor }] of Object.entries(saved.messages))
      this.#shown.set(id, { items, floor, isOpened: !!this.#shown.get(id)?.isOpened, isLoaded: true, edition: 0 })
    for (const want of saved.wants)
      if (want !== 'sync')
        'chat' in want ? this.#wantedRows.add(want.chat) : this.#want(this.#shown.get(want.chat_id)!, want.after)
    this.version++
  }

  // What an event says of its chat.
  #row(frame: Frame, number?: number): void {
    const id = chatOf(frame)
    const old = this.#rows.get(id)
    if (frame.type === 'chat.created' || frame.type === 'chat.updated')
      this.#rows.set(id, frame.data)
    else if (frame.type === 'chat.deleted')
      this.#rows.delete(id)
    else if (old) {
      const chat = { ...old, changed: Math.max(old.changed, number ?? 0) }
      if (frame.type === 'message') // the answer to a send comes before its event
        this.#move(chat, frame.data, number ?? Math.max(0, this.chats[0]!.activity ?? 0) + 1)
      else if (frame.type === 'chat.path')
        [chat.leaf_id, chat.last_message_content] = [frame.data.leaf_id, frame.data.last_message_content]
      else if (frame.type === 'message.deleted')
        this.#wantedRows.add(id)
      this.#rows.set(id, chat)
    }
    this.#changed(id)
  }

  #move(chat: Chat, message: Message, activity: number): void {
    const last = message.reply_id ? message.seq + 1 : message.seq
    const isShown = message.on_path !== false
    ;[chat.last_message_time, chat.activity] = [message.timestamp, activity]
    if (isShown && (message.sender === 'user' || message.content))
      chat.last_message_content = excerpt(message.content)
    if (isShown && message.reply_id && last >= chat.last_seq)
      chat.leaf_id = message.reply_id
    chat.last_seq = Math.max(chat.last_seq, last)
  }

  // What a frame says of messages.
  #effect(frame: Frame): void {
    const id = chatOf(frame)
    const shown = this.#shown.get(id)
    if (shown)
      shown.view = undefined
    switch (frame.type) {
      case 'message':
        if (shown)
          this.#put(shown, frame.data)
        else if (!isOpen(frame.data))
          this.#replies.drop(frame.data.id)
        break
      case 'message.deleted':
        this.#delete(id, frame.data.message_id)
        break
      case 'message.status':
        this.#change(id, frame.data.message_id, x =>
          ranks[x.status] < ranks[frame.data.status] ? { ...x, status: frame.data.status } : x)
        break
      case 'message.feedback':
        this.#change(id, frame.data.message_id, ({ feedback: _, ...x }) =>
          frame.data.feedback ? { ...x, feedback: frame.data.feedback } : x)
        break
      case 'chat.created':
        if (shown?.isOpened && !shown.isLoaded)
          this.#want(shown, null)
        break
      case 'chat.deleted':
        this.#gone.add(id)
        this.#shown.delete(id)
        this.#wantedRows.delete(id)
        this.#replies.dropAll(id)
        break
      case 'chat.path':
        if (shown)
          this.#cut(id, shown, frame.data.after_seq)
        break
      default:
        this.#replies.apply(frame, shown?.items, this.#rows.get(id)?.last_message_time)
    }
  }

  // Another path is active above a place.
  #cut(chat_id: string, shown: Shown, after: number): void {
    shown.edition++
    if (!shown.isOpened)
      this.#shown.delete(chat_id)
    else if (shown.isLoaded) {
      shown.items = shown.items.filter(x => x.seq <= after)
      this.#want(shown, after)
    }
  }

  // Of several fetches the lowest, which is the whole.
  #want(shown: Shown, after: number | null): void {
    if (after !== null && after < shown.floor)
      after = null
    shown.want = shown.want === undefined ? after
      : shown.want === null || after === null ? null : Math.min(shown.want, after)
  }

  #put(shown: Shown, message: Message): void {
    if (isOpen(message))
      return this.#replies.merge(message)
    this.#replies.drop(message.id)
    const at = shown.items.findIndex(x => x.id === message.id)
    if (message.seq <= shown.floor)
      shown.edition++ // an older page that is under way may have it as it was
    if (message.on_path === false || message.seq <= shown.floor)
      at >= 0 && (shown.items = shown.items.toSpliced(at, 1))
    else if (at >= 0)
      shown.items = shown.items.with(at, message)
    else
      shown.items = shown.items.toSpliced(shown.items.findLastIndex(x => x.seq < message.seq) + 1, 0, message)
  }

  // What followed it follows its parent.
  #delete(chat_id: string, id: string): void {
    const shown = this.#shown.get(chat_id)
    const gone = shown?.items.find(x => x.id === id) ?? this.#replies.get(id)
    this.#replies.drop(id)
    // A queued reply may never have been seen: its parent is its question, which names it.
    const parent_id = gone ? gone.parent_id : shown?.items.find(x => x.reply_id === id)?.id
    if (parent_id !== undefined)
      this.#replies.follow(id, parent_id)
    if (!shown)
      return
    shown.edition++
    // What a message below the floor followed is not known here: the server says what the oldest follows now.
    if (parent_id === undefined && shown.floor > 0 && shown.items[0]?.parent_id === id)
      this.#want(shown, shown.floor)
    shown.items = shown.items.filter(x => x.id !== id)
      .map(x => parent_id !== undefined && x.parent_id === id ? { ...x, parent_id } : x)
  }

  #change(chat_id: string, id: string, to: (message: Message) => Message): void {
    const shown = this.#shown.get(chat_id)
    const at = shown?.items.findIndex(x => x.id === id) ?? -1
    if (at >= 0)
      shown!.items = shown!.items.with(at, to(shown!.items[at]!))
    else {
      this.#replies.change(id, to)
      if (shown)
        shown.edition++ // as above
    }
  }

  #changed(chat_id: string): void {
    const shown = this.#shown.get(chat_id)
    if (shown)
      shown.view = undefined
    this.#list = undefined
    this.version++
  }
}

const ranks = { sent: 0, delivered: 1, read: 2 }

function split(cursor: string | null | undefined): { epoch: string; number: number } | undefined {
  const at = cursor?.lastIndexOf('-') ?? -1
  return at < 0 ? undefined : { epoch: cursor!.slice(0, at), number: Number(cursor!.slice(at + 1)) }
}

function chatOf(frame: Frame): string {
  const data = frame.data as { chat_id?: string; id?: string } | undefined
  return data?.chat_id ?? data?.id ?? ''
}

/** The first 500 UTF-16 units; one less where the cut would split a pair. */
function excerpt(text: string): string {
  return text.slice(0, /[\uD800-\uDBFF]/.test(text[499] ?? '') && text.length > 500 ? 499 : 500)
}
