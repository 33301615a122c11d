import type { Step, Vector } from '../test/play.js'
import type { Frame, Message } from '../src/types.js'

type Kind = Frame['type']
const frameOf = (step: Step) => 'frame' in step ? step.frame : undefined
const is = (...kinds: Kind[]) => (step: Step) => kinds.includes(frameOf(step)?.type as Kind)

/** What a bad line or a restart makes of a recorded vector: it leads to the same end. */
export function derived(vector: Vector): Vector[] {
  return [...ofBadLines(vector), ...ofRestarts(vector)]
}

function ofRestarts(vector: Vector): Vector[] {
  const { name, about, steps } = vector
  const make = (suffix: string, more: string, changed: Step[]): Vector =>
    ({ ...vector, name: `${name}-${suffix}`, about: `${about}; ${more}`, steps: changed })
  const opened = (to: number) => steps.slice(0, to).filter(x => 'open' in x)
  const made: Vector[] = []
  if (['edit', 'two-paths', 'delete-middle'].includes(name))
    made.push(make('reload', 'a device that restarts before an answer wants the same again', steps.flatMap((x, at) =>
      'want' in x && x.want[0] !== 'sync' ? [x, { reload: true } as Step, ...opened(at), x] : [x])))
  if (name === 'plain-turn') {
    const question = steps.find(is('message')) as { frame: { data: Message } }
    made.push(make('late-answer', 'the answer to the question comes after a restart, when all has been told', [
      ...steps, { reload: true }, { put: { message: question.frame.data } }]))
  }
  if (name === 'delete-middle')
    made.push(make('old-row', 'a row that was read too early is fetched again', steps.flatMap((x): Step[] => 'chat' in x
      ? [{ chat: { ...x.chat, changed: 0, last_message_content: '' } }, { want: [{ chat: x.chat.id }] }, x] : [x])))
  return made
}

function ofBadLines(vector: Vector): Vector[] {
  const { name, steps } = vector
  const make = (suffix: string, about: string, changed: Step[]): Vector =>
    ({ ...vector, name: `${name}-${suffix}`, about: `${vector.about}; ${about}`, steps: changed })
  switch (name) {
    case 'plain-turn': {
      const deltas = steps.filter(is('message.delta'))
      const [gap, swap] = [deltas[5]!, deltas[10]!]
      const at = steps.indexOf(swap)
      const last = steps.findLastIndex(is('message.delta'))
      const end = steps[steps.findLastIndex(x => frameOf(x)?.type === 'message')] as { frame: { data: Message } }
      const { id, chat_id, content } = end.frame.data
      const question = steps.find(is('message')) as { frame: { data: Message } }
      const shown = (text: string): Step =>
        ({ expect: { messages: { [chat_id]: [question.frame.data, { id, content: text }].map(short) } } })
      const until = (delta: Step) => deltas.slice(0, deltas.indexOf(delta))
        .map(x => (x as { frame: { data: { text: string } } }).frame.data.text).join('')
      return [
        make('twice', 'every frame comes twice', steps.flatMap((x): Step[] => 'frame' in x ? [x, x] : [x])),
        make('gap', 'a delta is lost: those behind it are held back until the end', [
          ...steps.slice(0, last + 1).filter(x => x !== gap), shown(until(gap)), ...steps.slice(last + 1)]),
        make('swapped', 'a delta comes after the next one, which waits for it', [
          ...steps.slice(0, at), deltas[11]!, shown(until(swap)), swap,
          shown(until(deltas[12]!)), ...steps.slice(at + 1).filter(x => x !== deltas[11])]),
        make('snapshot', 'a delta is lost, and a snapshot brings what it had', steps.flatMap((x): Step[] => {
          if (x === gap)
            return []
          if (x !== deltas[15])
            return [x]
          const first = steps.find(is('message.snapshot')) as { frame: Extract<Frame, { type: 'message.snapshot' }> }
          const data = { ...first.frame.data, content: until(x) }
          return [shown(until(gap)), { frame: { type: 'message.snapshot', data } } as Step, shown(until(x)), x]
        })),
        make('unknown', 'types and fields that nobody knows come in between',
          steps.flatMap((x, at): Step[] => at % 3 ? [x] : [
            { frame: { type: 'something.new', data: { chat_id, message_id: id, x: 1 } } as unknown as Frame },
            'frame' in x && x.frame.type === 'message.delta'
              ? { frame: { ...x.frame, data: { ...x.frame.data, y: [content.length] } } as Frame } : x])),
      ]
    }
    case 'several-chats':
    case 'edit':
    case 'delete-middle': {
      const durable = steps.filter(x => !!(frameOf(x) as { cursor?: string } | undefined)?.cursor)
      const old = durable.slice(1, 4)
      const at = steps.findLastIndex(x => 'frame' in x) + 1
      return [make('late', 'frames that were applied come again at the end',
        [...steps.slice(0, at), ...old, ...steps.slice(at)])]
    }
    case 'switch': {
      // Whoever was away for all of it replays the events, and fetches at the end.
      const frames = steps.filter(x => !!(frameOf(x) as { cursor?: string } | undefined)?.cursor)
      const [chat_id] = Object.keys(vector.expect.messages)
      const sync = steps.slice(0, steps.findIndex(x => 'frame' in x))
      return [make('opened-last', 'the chat is opened when everything has happened', [
        ...sync, ...frames, { open: chat_id! }, { want: [{ chat_id: chat_id!, after: null }] },
        { messages: { chat_id: chat_id!, after: null, items: vector.expect.messages[chat_id!]! } }])]
    }
    case 'chat-fields': {
      const durable = steps.filter(x => !!(frameOf(x) as { cursor?: string } | undefined)?.cursor)
      const lost = durable.findLastIndex(is('chat.updated')) - 1
      const at = steps.indexOf(durable[lost]!)
      const [chat_id] = Object.keys(vector.expect.messages)
      const { cursor, messages } = vector.expect
      const chats = vector.expect.chats.map(x => ({ ...x, changed: Number(cursor!.split('-')[1]) }))
      return [make('hole', 'an event is lost: the whole state is fetched, and what came behind is not applied twice', [
        ...steps.slice(0, at), ...steps.slice(at + 1), { want: ['sync'] },
        { sync: { cursor: cursor!, chats, running: [] } },
        ...messages[chat_id!] ? [{ want: [{ chat_id: chat_id!, after: 0 }] } as Step,
          { messages: { chat_id: chat_id!, after: 0, items: messages[chat_id!] } } as Step] : []])]
    }
    default:
      return []
  }
}

function short({ id, content }: { id: string; content: string }) {
  return { id, content }
}
