// A page with useChat, without its rendering: it sends, is cut off and resumes, stops, regenerates, edits, allows a
// call and executes a tool of its own. The arguments are the address of the server and an access token.
import assert from 'node:assert/strict';
import net from 'node:net';
import { Chat } from '@ai-sdk/react';
import {
  DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls, validateUIMessages,
} from 'ai';

const [server, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };

// What stands between a page and the server breaks its connections.
const sockets = new Set();
const proxy = net.createServer(near => {
  const far = net.connect({ host: '127.0.0.1', port: Number(new URL(server).port) });
  for (const [socket, other] of [[near, far], [far, near]]) {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => { sockets.delete(socket); other.destroy(); }).pipe(other);
  }
});
await new Promise(done => proxy.listen(0, '127.0.0.1', done));
const page = `http://127.0.0.1:${proxy.address().port}`;
const cut = () => sockets.forEach(x => x.destroy());

const open = (id, options = {}, body = {}, sent = headers) => new Chat({
  id, transport: new DefaultChatTransport({ api: `${page}/api/chat`, headers: sent, body }), ...options,
});
const call = async (method, path, body) => {
  const answer = await fetch(server + path.replace(/^\//, ''), {
    method, headers: { ...headers, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
};
const textOf = message => message?.role === 'assistant'
  ? message.parts.filter(x => x.type === 'text').map(x => x.text).join('|') : '';
const until = async (holds, what) => {
  for (const end = Date.now() + 60_000; !holds(); await new Promise(done => setTimeout(done, 10)))
    assert.ok(Date.now() < end, `it did not come to be: ${what}`);
};
const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ') + ' ';

async function sends() {
  const chat = open('page-1');
  await chat.resumeStream();
  assert.deepEqual([chat.status, chat.error], ['ready', undefined], 'there is nothing to resume yet');
  await chat.sendMessage({ text: 'Hello' });
  assert.equal(chat.error, undefined);
  assert.deepEqual(chat.messages.map(x => x.role), ['user', 'assistant']);
  assert.equal(textOf(chat.lastMessage), 'Hello world');
  assert.equal(chat.lastMessage.metadata.state, 'completed');
  assert.equal(chat.lastMessage.metadata.seq, 2);
  await chat.sendMessage({ text: 'Hello', files: [
    { type: 'file', mediaType: 'text/plain', filename: 'a.txt', url: 'data:text/plain;base64,YQ==' }] });
  assert.equal(chat.error, undefined);
  assert.equal(chat.messages.length, 4);
  await validateUIMessages({ messages: chat.messages });
  return chat;
}

async function isCutAndResumes() {
  const chat = open('page-2');
  const sent = chat.sendMessage({ text: 'slow' });
  await until(() => textOf(chat.lastMessage).length > 20, 'some text has come');
  cut();
  await sent;
  assert.equal(chat.status, 'error', 'it is not taken for whole');
  const id = chat.lastMessage.id;
  await chat.resumeStream();
  assert.equal(chat.status, 'ready');
  assert.deepEqual(chat.messages.map(x => x.role), ['user', 'assistant']);
  assert.equal(chat.lastMessage.id, id);
  assert.equal(textOf(chat.lastMessage), words);

  // A page that is opened meanwhile has the messages before, and comes in the middle.
  const again = chat.sendMessage({ text: 'slow' });
  await until(() => chat.messages.length === 4 && textOf(chat.lastMessage).length > 20, 'some text has come');
  const other = open('page-2', { messages: chat.messages.slice(0, 3) });
  await Promise.all([again, other.resumeStream()]);
  assert.deepEqual(other.messages.at(-1).parts, chat.lastMessage.parts);
}

async function stops() {
  const chat = open('page-3');
  const sent = chat.sendMessage({ text: 'slow' });
  await until(() => textOf(chat.lastMessage).length > 20, 'some text has come');
  await Promise.all([chat.stop(), call('POST', '/api/chat/page-3/stop')]);
  await sent;
  const { chat_id: id } = chat.lastMessage.metadata;
  const stored = await call('GET', `/chats/${id}/messages/${chat.lastMessage.id}`);
  assert.equal(stored.generation.state, 'stopped');
  assert.ok(stored.content.startsWith(textOf(chat.lastMessage)), 'what was shown stays');
  // From elsewhere.
  const next = chat.sendMessage({ text: 'slow' });
  await until(() => chat.messages.length === 4 && textOf(chat.lastMessage).length > 20, 'some text has come');
  await call('POST', '/api/chat/page-3/stop');
  await next;
  assert.deepEqual([chat.status, chat.lastMessage.metadata.state], ['ready', 'stopped']);
}

async function regeneratesAndEdits(chat) {
  const before = chat.lastMessage.id;
  await chat.regenerate();
  assert.equal(chat.error, undefined);
  assert.equal(chat.messages.length, 4);
  assert.notEqual(chat.lastMessage.id, before);
  await chat.sendMessage({ text: 'Hello there', messageId: chat.messages[0].id });
  assert.equal(chat.error, undefined);
  assert.deepEqual(chat.messages.map(x => x.role), ['user', 'assistant']);
  await chat.sendMessage({ text: 'And now?' });
  const path = await call('GET', `/chats/${chat.lastMessage.metadata.chat_id}/messages/`);
  assert.deepEqual(path.map(x => x.content), ['Hello there', 'Hello world', 'And now?', 'Hello world']);
}

async function allows() {
  const id = crypto.randomUUID();
  await call('POST', '/chats/', { id, auto_title: true, model: 'demo/approval' });
  for (const approved of [true, false]) {
    const chat = open(id, { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses });
    await chat.sendMessage({ text: 'a' });
    const asked = chat.lastMessage.parts.find(x => x.type === 'dynamic-tool');
    assert.deepEqual([asked.toolName, asked.state, asked.input.text], ['demo_note', 'approval-requested', '“a”']);
    await chat.addToolApprovalResponse({ id: asked.approval.id, approved });
    const over = approved ? 'output-available' : 'output-denied';
    await until(() => chat.status === 'ready' && chat.lastMessage.parts.some(x => x.state === over), 'it is over');
    assert.deepEqual(chat.messages.map(x => x.role), ['user', 'assistant'], 'it goes on in its message');
    assert.match(textOf(chat.lastMessage), approved ? /Noted: “a”/ : /\|/);
    await validateUIMessages({ messages: chat.messages });
  }
}

async function executes() {
  const asked = [];
  const chat = open('page-4', {
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
    onToolCall: ({ toolCall }) => {
      asked.push(toolCall.input);
      chat.addToolOutput({ tool: toolCall.toolName, toolCallId: toolCall.toolCallId, output: { city: 'Berlin' } });
    },
  }, { client_tools: [{ name: 'place', parameters: { type: 'object' } }], client_id: 'page' });
  for (const count of [1, 2]) {
    await chat.sendMessage({ text: 'where am I?' });
    await until(() => chat.status === 'ready' && textOf(chat.lastMessage).includes('Berlin'), 'it is answered');
    assert.deepEqual([asked.length, chat.messages.length], [count, 2 * count]);
    const tool = chat.lastMessage.parts.find(x => x.type === 'tool-place');
    assert.deepEqual([tool.state, tool.output], ['output-available', { city: 'Berlin' }]);
  }
  assert.deepEqual(asked, [{ exact: true }, { exact: true }]);
  await validateUIMessages({ messages: chat.messages });
}

async function isRefused() {
  const chat = open('page-5', {}, {}, { authorization: 'Bearer none' });
  await chat.sendMessage({ text: 'Hello' });
  assert.deepEqual([chat.status, chat.error.statusCode], ['error', 401]);
  assert.equal(JSON.parse(chat.error.message).detail, 'Could not validate credentials');
  const failing = open('page-6');
  await failing.sendMessage({ text: 'fail' });
  assert.equal(failing.status, 'error');
  assert.equal(failing.error.message, failing.lastMessage.metadata.error.detail);
}

const first = await sends();
await isCutAndResumes();
await stops();
await regeneratesAndEdits(first);
await allows();
await executes();
await isRefused();
cut();
proxy.close();
console.log('done');
process.exit();
