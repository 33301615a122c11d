// The official client of OpenAI, LangChain's and the AI SDK's, in turns of chats: node turns.mjs <url> <token>
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ChatOpenAI } from '@langchain/openai';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';

const [url, token] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
const weather = {
  type: 'function', name: 'weather', description: 'The weather of a city', strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

async function events(stream) {
  const all = [];
  for await (const event of stream) all.push(event);
  return all;
}

const texts = list => list.filter(x => x.type === 'response.output_text.delta').map(x => x.delta).join('');
const ascends = list => list.every((x, i) => i === 0 || x.sequence_number > list[i - 1].sequence_number);

async function keepsAndGoesOn() {
  const first = await client.responses.create({
    model: 'demo', input: 'Hello', instructions: 'Be brief.', metadata: { tag: 'one' }, temperature: 0.5,
  });
  assert.equal(first.status, 'completed');
  assert.match(first.output_text, /You wrote: “Hello”/);
  assert.deepEqual([first.instructions, first.metadata, first.temperature], ['Be brief.', { tag: 'one' }, 0.5]);
  assert.ok(first.usage.total_tokens > 0);

  const second = await client.responses.create({ model: 'demo', input: 'And more', previous_response_id: first.id });
  assert.equal(second.previous_response_id, first.id);
  assert.equal(second.conversation.id, first.conversation.id);

  const items = [];
  for await (const item of client.conversations.items.list(first.conversation.id, { order: 'asc', limit: 2 }))
    items.push(item);
  assert.deepEqual(items.map(x => x.role), ['user', 'assistant', 'user', 'assistant']);
  assert.equal((await client.conversations.items.retrieve(items[0].id, { conversation_id: first.conversation.id }))
    .content[0].text, 'Hello');

  // An older response branches: what was said after it is not in its prompt, and the chat shows the new path.
  const branch = await client.responses.create({ model: 'demo', input: 'Otherwise', previous_response_id: first.id });
  const shown = await client.conversations.items.list(first.conversation.id, { order: 'asc' });
  assert.deepEqual(shown.data.filter(x => x.role === 'user').map(x => x.content[0].text), ['Hello', 'Otherwise']);
  assert.equal((await client.responses.delete(branch.id).catch(x => x))?.status, undefined);
  await assert.rejects(client.responses.retrieve(branch.id), OpenAI.NotFoundError);
}

async function streamsAndResumes() {
  const stream = client.responses.stream({ model: 'demo/thinks', input: 'Think aloud' });
  const seen = await events(stream);
  const final = await stream.finalResponse();
  assert.deepEqual(final.output.map(x => x.type), ['reasoning', 'message']);
  assert.ok(ascends(seen));

  // From the middle on, and after the end: the same numbers, the rest of the text.
  const all = await events(await client.responses.retrieve(final.id, { stream: true }));
  assert.equal(texts(all), final.output_text);
  const middle = seen.filter(x => x.type === 'response.output_text.delta')[2];
  const rest = await events(await client.responses.retrieve(
    final.id, { stream: true, starting_after: middle.sequence_number }));
  assert.ok(rest.every(x => x.sequence_number > middle.sequence_number));
  const before = seen.slice(0, seen.indexOf(middle) + 1);
  assert.equal(texts(before) + texts(rest), final.output_text);
  assert.deepEqual(rest.at(-1).sequence_number, seen.at(-1).sequence_number);
}

async function runsInTheBackground() {
  const begun = await client.responses.create({ model: 'demo', input: 'Go on alone', background: true });
  assert.ok(['queued', 'in_progress', 'completed'].includes(begun.status));
  const seen = await events(await client.responses.retrieve(begun.id, { stream: true }));
  assert.equal(seen.at(-1).type, 'response.completed');
  const done = await client.responses.retrieve(begun.id);
  assert.equal(done.background, true);
  assert.equal(done.output_text ?? done.output[0].content[0].text, texts(seen));

  const long = await client.responses.create({ model: 'demo', input: 'x'.repeat(20000), background: true });
  const stopped = await client.responses.cancel(long.id);
  assert.equal(stopped.status, 'cancelled');
  assert.equal((await client.responses.cancel(long.id)).status, 'cancelled');
}

async function callsTools() {
  const asked = await client.responses.create({ model: 'demo/client-tool', input: 'In Graz?', tools: [weather] });
  const call = asked.output.find(x => x.type === 'function_call');
  assert.equal(call.name, 'weather');
  const error = await client.responses.create({
    previous_response_id: asked.id, input: [{ type: 'function_call_output', call_id: 'call_none', output: '1' }],
  }).catch(x => x);
  assert.ok(error instanceof OpenAI.BadRequestError);
  const answered = await client.responses.create({
    previous_response_id: asked.id, input: [{ type: 'function_call_output', call_id: call.call_id, output: 'sunny' }],
  });
  assert.equal(answered.id, `${asked.id}_2`);
  assert.match(answered.output_text, /sunny/);
  assert.equal((await client.responses.retrieve(asked.id)).status, 'completed');
  const input = await client.responses.inputItems.list(answered.id);
  assert.deepEqual(input.data.map(x => [x.type, x.output]), [['function_call_output', 'sunny']]);

  const allowed = await client.responses.create({ model: 'demo/approval', input: 'Note this' });
  const request = allowed.output.find(x => x.type === 'mcp_approval_request');
  const after = await events(await client.responses.create({
    previous_response_id: allowed.id, stream: true,
    input: [{ type: 'mcp_approval_response', approval_request_id: request.id, approve: true }],
  }));
  assert.deepEqual(after.at(-1).response.output.map(x => x.type), ['mcp_call', 'message']);
  assert.equal(after[0].sequence_number, 0);
}

async function completesInAChat() {
  const chat = await client.conversations.create({ metadata: { topic: 'doves' } });
  assert.deepEqual((await client.conversations.retrieve(chat.id)).metadata, { topic: 'doves' });
  const metadata = { chat_id: chat.id };
  const once = await client.chat.completions.create({
    model: 'demo', metadata, messages: [{ role: 'system', content: 'Be kind.' }, { role: 'user', content: 'Coo' }],
  });
  assert.match(once.choices[0].message.content, /“Coo”/);
  assert.equal(once.choices[0].finish_reason, 'stop');
  const runner = client.chat.completions.stream({
    model: 'demo', metadata, stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'ignored' }, { role: 'assistant', content: 'ignored' },
      { role: 'user', content: 'Coo again' }],
  });
  assert.match(await runner.finalContent(), /“Coo again”/);
  assert.ok((await runner.totalUsage()).total_tokens > 0);

  const tools = [{ type: 'function', function: { name: 'weather', parameters: weather.parameters } }];
  const messages = [{ role: 'user', content: 'In Graz?' }];
  const asked = await client.chat.completions.create({ model: 'demo/client-tool', metadata, messages, tools });
  assert.equal(asked.choices[0].finish_reason, 'tool_calls');
  const [call] = asked.choices[0].message.tool_calls;
  const answered = await client.chat.completions.create({
    model: 'demo/client-tool', metadata, tools,
    messages: [...messages, asked.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'rain' }],
  });
  assert.match(answered.choices[0].message.content, /rain/);
  await client.conversations.delete(chat.id);
  await assert.rejects(client.conversations.retrieve(chat.id), OpenAI.NotFoundError);
}

async function repeatsAndRefuses() {
  const headers = { 'Idempotency-Key': `key-${Math.random()}` };
  const body = { model: 'demo', input: 'Once' };
  const [one, two] = await Promise.all([
    client.responses.create(body, { headers }), client.responses.create(body, { headers })]);
  assert.equal(one.id, two.id);
  await assert.rejects(client.responses.create({ ...body, input: 'Twice' }, { headers }), OpenAI.ConflictError);

  // A retry of the official client has no key: the same request is the same turn.
  let cuts = 1;
  const shaky = new OpenAI({
    baseURL: `${url}/v1`, apiKey: token, maxRetries: 2,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      if (cuts-- > 0) {
        await answer.text();
        throw new TypeError('fetch failed');
      }
      return answer;
    },
  });
  const retried = await shaky.responses.create({ model: 'demo', input: `Retry ${Math.random()}` });
  const items = await client.conversations.items.list(retried.conversation.id);
  assert.equal(items.data.length, 2);

  await assert.rejects(client.responses.create({ model: 'nobody/none', input: 'x' }), OpenAI.NotFoundError);
  await assert.rejects(client.responses.create({ model: 'demo', input: 5 }), OpenAI.BadRequestError);
  await assert.rejects(client.responses.retrieve('resp_nothing'), OpenAI.NotFoundError);
  await assert.rejects(new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 })
    .responses.create({ model: 'demo', input: 'x' }), OpenAI.AuthenticationError);
}

async function otherClients() {
  const chat = await client.conversations.create({});
  const model = new ChatOpenAI({
    model: 'demo', apiKey: token, configuration: { baseURL: `${url}/v1`, defaultHeaders: { 'X-Cote-Chat': chat.id } },
  });
  assert.match((await model.invoke('From LangChain')).content, /From LangChain/);
  const overResponses = new ChatOpenAI({
    model: 'demo', apiKey: token, useResponsesApi: true, configuration: { baseURL: `${url}/v1` },
  });
  assert.match((await overResponses.invoke('By responses')).text, /By responses/);

  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: token });
  const { text } = await generateText({ model: openai.responses('demo'), prompt: 'From the AI SDK' });
  assert.match(text, /From the AI SDK/);
  const stream = streamText({ model: openai.responses('demo/thinks'), prompt: 'Aloud' });
  let thought = '';
  for await (const part of stream.fullStream) if (part.type === 'reasoning-delta') thought += part.text;
  assert.ok(thought.length > 0);
  assert.ok((await stream.text).length > 0);
}

const all = [
  keepsAndGoesOn, streamsAndResumes, runsInTheBackground, callsTools, completesInAChat, repeatsAndRefuses, otherClients];
for (const run of all) {
  try {
    await run();
  } catch (error) {
    console.log(`${run.name}: ${error.stack}`);
    process.exit(1);
  }
}
console.log('done');
