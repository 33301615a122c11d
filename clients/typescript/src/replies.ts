import type { Frame, Message, Part, Running } from './types.js'

type Snapshot = Extract<Frame, { type: 'message.snapshot' }>['data']
type Growth = Extract<Frame, { type: 'message.delta' | 'message.part' | 'message.part.delta' }>

/** Whether a message is a reply that has not ended. */
export function isOpen(message: Message): boolean {
  return ['queued', 'running', 'waiting'].includes(message.generation?.state ?? '')
}

/** The open replies of all chats, on whatever path: their texts, parts, and what is held back. */
export class Replies {
  #open = new Map<string, Message>()
  /** The `rev` of each part. */
  #revs = new Map<string, number[]>()
  /** Frames that begin behind what is known. */
  #held = new Map<string, Growth[]>()

  get all(): Message[] {
    return [...this.#open.values()]
  }

  of(chat_id: string): Message[] {
    return this.all.filter(x => x.chat_id === chat_id)
  }

  get(id: string): Message | undefined {
    return this.#open.get(id)
  }

  load(messages: Message[]): void {
    this.#open = new Map(messages.map(x => [x.id, x]))
  }

  /** All that are open, by `GET /sync`: the others have ended. */
  sync(running: Running[]): void {
    const old = this.#open
    this.#open = new Map()
    for (const reply of running) {
      const known = old.get(reply.message_id)
      if (known)
        this.#open.set(known.id, known)
      this.#show(reply, known?.timestamp ?? '')
      this.change(reply.message_id, x => ({ ...x, generation: { ...x.generation, ...reply.generation } }))
    }
    for (const id of old.keys())
      if (!this.#open.has(id))
        this.drop(id)
  }

  /** An event that is not applied any more still says that its reply is not open. */
  close(frame: Frame): void {
    if (frame.type === 'message' && !isOpen(frame.data))
      this.drop(frame.data.id)
    else if (frame.type === 'message.deleted')
      this.drop(frame.data.message_id)
    else if (frame.type === 'chat.deleted')
      this.dropAll(frame.data.chat_id)
  }

  drop(id: string): void {
    this.#open.delete(id)
    this.#revs.delete(id)
    this.#held.delete(id)
  }

  dropAll(chat_id: string): void {
    for (const reply of this.of(chat_id))
      this.drop(reply.id)
  }

  change(id: string, to: (message: Message) => Message): void {
    const reply = this.#open.get(id)
    if (reply)
      this.#open.set(id, to(reply))
  }

  /** What followed a deleted message follows its parent. */
  follow(gone: string, parent_id: string | null | undefined): void {
    for (const reply of this.all.filter(x => x.parent_id === gone))
      this.change(reply.id, x => ({ ...x, parent_id }))
  }

  /** A fetched message: of the same attempt the longer text stays. */
  merge(message: Message): void {
    const old = this.#open.get(message.id)
    if (!old || isNewer(message, old)) {
      this.#open.set(message.id, message)
      this.#revs.set(message.id, (message.parts ?? []).map(() => 0))
      this.#retry(message.id)
    } else
      this.#open.set(message.id, { ...message, content: old.content, parts: old.parts, generation: old.generation })
  }

  /** A frame that is about text, parts or the state of a reply; the others are ignored. */
  apply(frame: Frame, listed: Message[] | undefined, time: string | undefined): void {
    switch (frame.type) {
      case 'message.snapshot': {
        const { message_id, reply_to_id } = frame.data
        if (!listed?.some(x => x.id === message_id)) // it has ended
          this.#show(frame.data, listed?.find(x => x.id === reply_to_id)?.timestamp ?? time ?? '')
        break
      }
      case 'message.waiting':
        this.change(frame.data.message_id, x => withState(x, frame.data.calls.length ? 'waiting' : 'queued'))
        break
      case 'message.delta':
      case 'message.part':
      case 'message.part.delta':
        if (this.#grow(frame) === 'applied')
          this.#retry(frame.data.message_id)
        break
    }
  }

  #show(data: Snapshot | Running, timestamp: string): void {
    const old = this.#open.get(data.message_id)
    if (old && isNewer(old, { content: data.content, generation: { attempt: data.attempt } })
      || old && attemptOf(old) === data.attempt && (data.rev ?? 0) < Math.max(0, ...this.#revs.get(old.id) ?? []))
      return
    const { parts, ...base } = old ?? {
      id: data.message_id, chat_id: data.chat_id, type: 'text', sender: 'ai', timestamp, status: 'sent',
      media_urls: [], media: [], reply_to_id: data.reply_to_id, importance_level: 'normal',
    } satisfies Partial<Message>
    const reply: Message = {
      ...base, seq: data.seq, content: data.content, parent_id: data.parent_id,
      generation: { state: 'running', ...old?.generation, attempt: data.attempt, model: data.model },
    }
    if (data.siblings)
      reply.siblings = data.siblings
    if (data.parts?.length)
      reply.parts = data.parts
    this.#open.set(reply.id, reply.generation!.state === 'queued' ? withState(reply, 'running') : reply)
    this.#revs.set(reply.id, (data.parts ?? []).map(() => data.rev ?? 0))
    this.#held.delete(reply.id)
  }

  #retry(id: string): void {
    for (let goesOn = true; goesOn;) {
      const held = this.#held.get(id) ?? []
      this.#held.delete(id)
      goesOn = held.map(x => this.#grow(x)).includes('applied')
    }
  }

  #grow(frame: Growth): 'applied' | 'ignored' | 'held' {
    const id = frame.data.message_id
    const reply = this.#open.get(id)
    const attempt = reply ? attemptOf(reply) : 0
    if (!reply || frame.data.attempt < attempt)
      return 'ignored'
    const isHigher = frame.data.attempt > attempt
    if (frame.type === 'message.delta')
      return this.#append(frame, reply, isHigher)
    if (isHigher)
      return 'ignored'
    const parts = reply.parts ?? []
    const { index } = frame.data
    const revs = this.#revs.get(id) ?? []
    if (index > parts.length || frame.type === 'message.part.delta' && index === parts.length)
      return this.#hold(frame)
    let part: Part
    if (frame.type === 'message.part') {
      if (index < parts.length && frame.data.rev <= (revs[index] ?? 0))
        return 'ignored'
      part = frame.data.part
      this.#revs.set(id, index < revs.length ? revs.with(index, frame.data.rev) : [...revs, frame.data.rev])
    } else {
      const old = parts[index]!
      const length = old.length ?? old.text?.length ?? 0
      if (frame.data.offset > length)
        return this.#hold(frame)
      const text = frame.data.text.slice(length - frame.data.offset)
      if (!text)
        return 'ignored'
      part = { ...old, length: length + text.length }
      if ((old.text ?? '').length === length)
        part.text = (old.text ?? '') + text
    }
    this.#open.set(id, { ...reply, parts: [...parts.slice(0, index), part, ...parts.slice(index + 1)] })
    return 'applied'
  }

  #append(frame: Extract<Growth, { type: 'message.delta' }>, reply: Message, isHigher: boolean) {
    const { attempt, offset, text } = frame.data
    if (offset > (isHigher ? 0 : reply.content.length))
      return this.#hold(frame)
    const { parts, ...rest } = reply
    if (isHigher) { // what was shown is taken back
      this.#revs.delete(reply.id)
      this.#open.set(reply.id, withState(
        { ...rest, content: text, generation: { ...reply.generation, attempt } }, 'running'))
      return 'applied'
    }
    const tail = text.slice(reply.content.length - offset)
    if (!tail)
      return 'ignored'
    const content = reply.content + tail
    const last = parts?.at(-1)
    const grown = last?.type === 'text' ? parts!.with(-1, { ...last, end: content.length }) : parts
    this.#open.set(reply.id, withState({ ...rest, content, ...grown && { parts: grown } }, 'running'))
    return 'applied'
  }

  #hold(frame: Growth): 'held' {
    const held = this.#held.get(frame.data.message_id) ?? []
    this.#held.set(frame.data.message_id, [...held.slice(-999), frame])
    return 'held'
  }
}

function attemptOf(message: Pick<Message, 'generation'>): number {
  return message.generation?.attempt ?? 0
}

function isNewer(one: Pick<Message, 'content' | 'generation'>, other: Pick<Message, 'content' | 'generation'>) {
  const [a, b] = [attemptOf(one), attemptOf(other)]
  return a > b || a === b && one.content.length > other.content.length
}

function withState(message: Message, state: 'queued' | 'running' | 'waiting'): Message {
  return { ...message, generation: { ...message.generation, state } }
}
