import { Recording, type Server } from './recording.js'
import type { Vector } from '../test/play.js'
import type { Chat, Frame, Message } from '../src/types.js'

interface Scenario {
  about: string
  /** It ends the server in between. */
  alone?: boolean
  run(server: Server, name: string, about: string): Promise<Vector>
}

const model = (id: string) => ({ model: `demo/${id}` })

/** A user with one opened chat. */
function scenario(about: string, fields: object, act: (r: Recording, chat: Chat) => Promise<void>, alone = false) {
  return {
    about, alone,
    async run(server: Server, name: string, about: string) {
      const r = await Recording.begin(server, name, about)
      const chat = await r.chat({ title: 'A chat', ...fields })
      await r.until(x => x.type === 'chat.created')
      await r.open(chat)
      await act(r, chat)
      return r.end()
    },
  } satisfies Scenario
}

/** Sends, and takes frames until the reply has ended or waits. */
async function turn(r: Recording, chat: Chat, content: string, more: object = {}): Promise<Message> {
  const question = await r.send(chat, content, more)
  await r.reply(question.reply_id!)
  return question
}

const path = (x: Frame) => x.type === 'chat.path'
const reply = (chat: Chat, id: string) => `/chats/${chat.id}/messages/${id}`

export const scenarios: Record<string, Scenario> = {
  'plain-turn': scenario('A question and its streamed reply', {}, async (r, chat) => {
    await turn(r, chat, 'Hello')
  }),
  'emoji': scenario('Snapshot and deltas count UTF-16 units, and a preview splits no pair', model('instant'),
    async (r, chat) => {
      await turn(r, chat, '👩‍🚀 says hi 🎉')
      await turn(r, chat, 'x'.repeat(499) + '😀😀')
    }),
  'several-chats': scenario('A message moves its chat to the top; one that was not opened has its row alone',
    model('instant'), async (r, chat) => {
      const other = await r.chat({ title: 'Another', ...model('instant') })
      await turn(r, chat, 'In the first chat')
      await turn(r, other, 'In the second chat')
      await turn(r, chat, 'In the first again')
      await r.open(other)
    }),
  'chat-fields': scenario('Title, pin, archive and settings of a chat', model('instant'), async (r, chat) => {
    const auto = await r.chat({ auto_title: true, ...model('instant') })
    await turn(r, auto, 'A title comes from this line\nnot from this one')
    await r.ask('PATCH', `/chats/${chat.id}`, { title: 'Renamed', is_pinned: true })
    await r.ask('PATCH', `/chats/${chat.id}`, { is_archived: true, system_prompt: 'Be short.', temperature: 0.5 })
  }),
  'rating': scenario('A reply is rated, rated otherwise, and the rating is taken back', model('instant'),
    async (r, chat) => {
      const [first, second] = [await turn(r, chat, 'One'), await turn(r, chat, 'Two')]
      const rate = (id: string, feedback: object) => r.ask('PUT', `${reply(chat, id)}/feedback`, feedback)
      await rate(first.reply_id!, { rating: 1 })
      await rate(second.reply_id!, { rating: -1, text: 'No' })
      await rate(first.reply_id!, { rating: null })
    }),
  'status': scenario('A reply is marked as read', model('instant'), async (r, chat) => {
    const question = await turn(r, chat, 'Read this')
    await r.ask('PUT', `${reply(chat, question.reply_id!)}/read`)
  }),
  'stop': scenario('A running reply and a queued one are stopped', model('slow'), async (r, chat) => {
    await r.send(chat, 'One')
    const second = await r.send(chat, 'Two')
    await r.until(x => x.type === 'message.delta')
    await r.ask('POST', `/chats/${chat.id}/stop`)
    await r.until(x => x.type === 'message' && x.data.id === second.reply_id)
  }),
  'failure': scenario('A reply fails in the middle of its text, and one before its first word', model('fail-mid-way'),
    async (r, chat) => {
      await turn(r, chat, 'This breaks')
      await r.ask('PATCH', `/chats/${chat.id}`, { max_tokens: 4, ...model('demo') })
      await turn(r, chat, 'This is cut')
    }),
  'thoughts': scenario('Thoughts stream, and are repeated by their length alone', model('thinks'), async (r, chat) => {
    await turn(r, chat, 'Think')
  }),
  'citations': scenario('Sources stand beside the text', model('cites'), async (r, chat) => {
    await turn(r, chat, 'How do doves find home?')
  }),
  'tool': scenario('A tool is called and answers; one that is not there fails', model('tool'), async (r, chat) => {
    await turn(r, chat, 'What time is it?')
    await r.ask('PATCH', `/chats/${chat.id}`, model('fail-in-tool'))
    await turn(r, chat, 'And now?')
  }),
  'approval': scenario('A call waits for permission, is allowed, and the next one denied', model('approval'),
    async (r, chat) => {
      for (const approve of [true, false]) {
        const question = await r.send(chat, approve ? 'Note this' : 'Note that')
        const waits = await r.reply(question.reply_id!)
        if (waits.type !== 'message.waiting')
          throw new Error('The reply should wait.')
        const { call_id } = waits.data.calls[0]!
        await r.ask('POST', `${reply(chat, question.reply_id!)}/tool_calls/${call_id}`, { approve })
        await r.until(x => x.type === 'message' && x.data.id === question.reply_id)
      }
    }),
  'client-tool': scenario('A tool of the client waits for its output; a later call still waits at the end',
    model('client-tool'), async (r, chat) => {
      const tools = { client_id: 'phone', client_tools: [{ name: 'place', description: 'Where the phone is.' }] }
      const question = await r.send(chat, 'Where am I?', tools)
      const waits = await r.reply(question.reply_id!)
      if (waits.type !== 'message.waiting')
        throw new Error('The reply should wait.')
      await r.ask('POST', `${reply(chat, question.reply_id!)}/tool_calls/${waits.data.calls[0]!.call_id}`,
        { output: { city: 'Bern' } })
      await r.until(x => x.type === 'message' && x.data.id === question.reply_id)
      await turn(r, chat, 'And now?', tools)
    }),
  'edit': scenario('A question is edited, also the first one', model('instant'), async (r, chat) => {
    const first = await turn(r, chat, 'First')
    const second = await turn(r, chat, 'Second')
    await turn(r, chat, 'Second, edited', { version_of: second.id })
    await turn(r, chat, 'First, edited', { version_of: first.id })
  }),
  'regenerate': scenario('A reply is made again, and streams after its path', {}, async (r, chat) => {
    const question = await turn(r, chat, 'Again')
    const again = await r.ask<Message>('POST', `${reply(chat, question.reply_id!)}/regenerate`, {})
    await r.reply(again.id)
  }),
  'switch': scenario('Another branch is shown, and the first one again', model('instant'), async (r, chat) => {
    const first = await turn(r, chat, 'First')
    await turn(r, chat, 'Follows the first')
    await turn(r, chat, 'First, edited', { version_of: first.id })
    await r.ask('PUT', `/chats/${chat.id}/leaf`, { message_id: first.id })
    await r.until(path)
  }),
  'two-paths': scenario('Of two changes of the path in a row the lower one is fetched', model('instant'),
    async (r, chat) => {
      const first = await turn(r, chat, 'First')
      const second = await turn(r, chat, 'Second')
      const third = await turn(r, chat, 'Third')
      r.delaysFetches = true
      await turn(r, chat, 'Third, edited', { version_of: third.id })
      await turn(r, chat, 'Second, edited', { version_of: second.id })
      r.delaysFetches = false
      await r.fetchWanted()
      await r.ask('PUT', `/chats/${chat.id}/leaf`, { message_id: third.id })
      await r.until(path)
      await r.ask('PUT', `/chats/${chat.id}/leaf`, { message_id: first.id })
    }),
  'switch-while-running': scenario('A branch is left while its reply streams, and shown again', model('slow'),
    async (r, chat) => {
      const first = await r.send(chat, 'Slowly')
      await r.until(x => x.type === 'message.delta')
      await r.ask('PATCH', `/chats/${chat.id}`, { ...model('slow'), max_tokens: 6 })
      const other = await r.send(chat, 'Another', { version_of: first.id })
      await r.until(path)
      await r.until(x => x.type === 'message.delta')
      await r.ask('PUT', `/chats/${chat.id}/leaf`, { message_id: first.id })
      await r.until(path)
      await r.until(x => x.type === 'message.delta')
      await r.ask('POST', `/chats/${chat.id}/stop`)
      await r.until(x => x.type === 'message' && x.data.id === other.reply_id)
    }),
  'delete-middle': scenario('A question in the middle is deleted: what followed it follows its parent',
    model('instant'), async (r, chat) => {
      await turn(r, chat, 'First')
      const second = await turn(r, chat, 'Second')
      await turn(r, chat, 'Third')
      await r.ask('DELETE', reply(chat, second.id))
      await r.until(x => x.type === 'message.deleted' && x.data.message_id === second.reply_id)
    }),
  'delete-leaf': scenario('The last question is deleted, a version, and a reply alone', model('instant'),
    async (r, chat) => {
      const first = await turn(r, chat, 'First')
      const second = await turn(r, chat, 'Second')
      const edited = await turn(r, chat, 'Second, edited', { version_of: second.id })
      await r.ask('DELETE', reply(chat, edited.id))
      await r.until(path)
      await r.ask('DELETE', reply(chat, second.id))
      await r.until(path)
      await r.ask('DELETE', reply(chat, first.reply_id!))
      await r.until(path)
    }),
  'delete-running': scenario('A question is deleted while its reply streams, another while it is queued',
    model('slow'), async (r, chat) => {
      const first = await r.send(chat, 'First')
      const second = await r.send(chat, 'Second')
      const third = await r.send(chat, 'Third')
      await r.until(x => x.type === 'message.delta')
      await r.ask('DELETE', reply(chat, second.id))
      await r.ask('DELETE', reply(chat, first.id))
      await r.until(x => x.type === 'message.delta' && x.data.message_id === third.reply_id)
      await r.ask('POST', `/chats/${chat.id}/stop`)
      await r.until(x => x.type === 'message' && x.data.id === third.reply_id)
    }),
  'delete-chat': scenario('A chat is deleted, with a reply that streams', model('slow'), async (r, chat) => {
    const other = await r.chat({ title: 'Stays', ...model('instant') })
    await turn(r, other, 'Here')
    await r.open(other)
    await r.send(chat, 'Slowly')
    await r.until(x => x.type === 'message.delta')
    await r.ask('DELETE', `/chats/${chat.id}`)
    await r.until(x => x.type === 'chat.deleted')
  }),
  'fork': scenario('A copy of a chat comes by one event, and is fetched', model('instant'), async (r, chat) => {
    const first = await turn(r, chat, 'First')
    await turn(r, chat, 'Second')
    const fork = await r.ask<Chat>('POST', `/chats/${chat.id}/fork`, { message_id: first.reply_id })
    await r.until(x => x.type === 'chat.created')
    await r.open(fork)
    await turn(r, fork, 'Only in the copy')
  }),
  'during-fetch': scenario('Frames come while messages are fetched, and are applied to the answer again', {},
    async (r, chat) => {
      const other = await r.chat({ title: 'Opened late', ...model('slow'), max_tokens: 5 })
      await turn(r, chat, 'First')
      const question = await r.send(other, 'Slowly')
      await r.until(x => x.type === 'message.delta')
      r.opened.push(other.id)
      r.take({ open: other.id })
      const [want] = r.replica.wanted()
      r.take({ want: [want!] })
      const items = await r.ask<Message[]>('GET', `/chats/${other.id}/messages/`)
      await r.reply(question.reply_id!) // the answer knows less
      r.take({ messages: { chat_id: other.id, after: null, items } })
    }),
  'reset-epoch': scenario('A cursor of another epoch is reset', model('instant'), async (r, chat) => {
    await turn(r, chat, 'Before')
    r.cut()
    await turnUnseen(r, chat, 'Meanwhile')
    await r.connect('another-1')
    await r.until(x => x.type === 'reset')
    await turn(r, chat, 'After')
  }),
  'reset-ahead': scenario('A cursor that is newer than the log is reset', model('instant'), async (r, chat) => {
    await turn(r, chat, 'Before')
    r.cut()
    await turnUnseen(r, chat, 'Meanwhile')
    await r.connect(r.replica.cursor!.replace(/-\d+$/, '-100000'))
    await r.until(x => x.type === 'reset')
    await turn(r, chat, 'After')
  }),
  'reset-too-far': scenario('Too many events are missing: chats have gone, come and changed', model('instant'),
    (r, chat) => missMany(r, chat, { Cote__Events__ReplayMaxEvents: '2' }), true),
  'reset-trimmed': scenario('The missing events are no longer kept', model('instant'),
    (r, chat) => missMany(r, chat, { Cote__Events__RetentionDays: '0', Cote__Events__RetentionEvents: '1' }, true),
    true),
  'resume': scenario('A cut in the middle of a reply: the missed events, a snapshot, and what follows', model('slow'),
    async (r, chat) => {
      const question = await r.send(chat, 'Slowly')
      await r.until(x => x.type === 'message.delta')
      r.cut()
      const other = await r.chat({ title: 'Made meanwhile' })
      await r.ask('PATCH', `/chats/${other.id}`, { title: 'Renamed meanwhile' })
      await r.connect()
      await r.until(x => x.type === 'message.delta')
      await r.ask('POST', `/chats/${chat.id}/stop`)
      await r.until(x => x.type === 'message' && x.data.id === question.reply_id)
    }),
  'second-attempt': scenario('The server is killed in the middle of a reply, whose text is taken back', {},
    async (r, chat) => {
      const question = await r.send(chat, 'Survive')
      for (let deltas = 0; deltas < 30;)
        deltas += (await r.next()).type === 'message.delta' ? 1 : 0
      await r.server.kill()
      r.cut()
      await r.server.start()
      await r.connect()
      await r.reply(question.reply_id!)
    }, true),
}

/** A turn on another device, while this one is away. */
async function turnUnseen(r: Recording, chat: Chat, content: string): Promise<Message> {
  const question = await r.send(chat, content)
  for (let state; !['completed', 'stopped', 'failed'].includes(state!);)
    state = (await r.ask<Message>('GET', reply(chat, question.reply_id!))).generation!.state
  return question
}

async function missMany(
  r: Recording, chat: Chat, settings: Record<string, string>, deletes = false,
): Promise<void> {
  const [gone, kept] = [await r.chat({ title: 'Goes' }), await r.chat({ title: 'Stays as it is', ...model('instant') })]
  await turn(r, kept, 'Hello')
  await r.open(gone)
  await r.open(kept)
  const first = await turn(r, chat, 'Before')
  await new Promise(resolve => setTimeout(resolve, 6000)) // what is recorded later is recorded now
  r.cut()
  const edited = await r.send(chat, 'Edited meanwhile', { version_of: first.id })
  await turnUnseen(r, chat, 'And more')
  await r.ask('DELETE', `/chats/${gone.id}`)
  await r.chat({ title: 'Comes', ...model('instant') })
  await r.server.kill()
  await r.server.start(settings)
  if (deletes)
    await r.untilDeleted() // a moment after the start
  await r.connect()
  await r.until(x => x.type === 'reset')
  await turn(r, chat, `After ${edited.content}`)
  await r.server.kill()
  await r.server.start()
  await r.connect()
}
