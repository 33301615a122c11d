// A chat in the terminal: node examples/chat.mjs <server> <username> <password>. Type; an empty line stops the reply.
import { createInterface } from 'node:readline'
import { createClient } from 'cote-client'

const [url, username, password] = process.argv.slice(2)
const client = createClient({ url })
const user = await client.login(username, password).catch(() =>
  client.register(username, `${username}@example.com`, password))
await client.start()

const chat = client.getState().chats[0] ?? await client.createChat({ auto_title: true })
await client.open(chat.id)
console.log(`${user.username} in “${chat.title}”`)

// Prints what has come of each message since the last time.
const shown = new Map()
const show = () => {
  for (const { id, sender, content, generation } of client.getState().messages[chat.id] ?? []) {
    const before = shown.get(id) ?? { length: 0 }
    if (!before.length && content)
      process.stdout.write(`\n${sender}: `)
    process.stdout.write(content.slice(before.length))
    const state = generation?.state
    if (state && state !== before.state && !['queued', 'running'].includes(state))
      process.stdout.write(` [${state}]\n`)
    shown.set(id, { length: content.length, state })
  }
}
show()
client.subscribe(show)

for await (const line of createInterface({ input: process.stdin }))
  if (line)
    client.send(chat.id, { content: line }).catch(error => console.log(error.detail))
  else
    await client.stop(chat.id)
client.close()
