// The gateway of /v1 by clients as they are published. Arguments: the address of the server, and an access token.
import assert from 'node:assert/strict';
import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError, RateLimitError } from 'openai';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText, tool, jsonSchema, stepCountIs } from 'ai';

const [url, token] = process.argv.slice(2);
const baseURL = `${url}/v1`;
const model = 'openai/fake';
const openai = new OpenAI({ baseURL, apiKey: token });
const ask = (content, rest = {}) => ({ model, messages: [{ role: 'user', content }], ...rest });

const calls = async () => {
    const answer = await fetch(`${url}/usage`, { headers: { Authorization: `Bearer ${token}` } });
    return (await answer.json()).reduce((sum, x) => sum + x.calls, 0);
};

// A call is settled right after its answer.
const billed = async expected => {
    for (let tries = 0; await calls() < expected && tries < 500; tries++)
        await new Promise(resolve => setTimeout(resolve, 20));
    assert.equal(await calls(), expected);
};

const failure = async (promise) => {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    assert.fail('it did not fail');
};

// openai: models
const ids = [];
for await (const listed of openai.models.list())
    ids.push(listed.id);
assert.ok(ids.includes(model), ids.join());
assert.equal((await openai.models.retrieve(model)).id, model);
assert.ok(await failure(openai.models.retrieve('openai/none')) instanceof NotFoundError);

// openai: a whole answer, a stream, the helper
const whole = await openai.chat.completions.create(ask('whole'));
assert.equal(whole.choices[0].message.content, 'Hello whole');
assert.equal(whole.model, model);
assert.equal(whole.usage.total_tokens, 30);
let text = '';
let usage;
for await (const chunk of await openai.chat.completions.create(
    ask('stream', { stream: true, stream_options: { include_usage: true } }))) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
}
assert.equal(text, 'Hello stream');
assert.equal(usage.prompt_tokens, 11);
const helper = openai.chat.completions.stream(ask('stream'));
assert.equal((await helper.finalChatCompletion()).choices[0].message.content, 'Hello stream');

// openai: tools, of a provider that speaks the same wire and of one that does not
const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: {} } } }];
for (const other of [model, 'anthropic/fake']) {
    const called = await openai.chat.completions.stream(ask('tool', { model: other, tools })).finalChatCompletion();
    const [call] = called.choices[0].message.tool_calls;
    assert.equal(call.function.name, 'add');
    assert.deepEqual(JSON.parse(call.function.arguments), { a: 1 });
    assert.equal(called.choices[0].finish_reason, 'tool_calls');
    const answered = await openai.chat.completions.stream({
        model: other, tools, messages: [
            { role: 'user', content: 'tool' }, called.choices[0].message,
            { role: 'tool', tool_call_id: call.id, content: '2' }],
    }).finalChatCompletion();
    assert.equal(answered.choices[0].message.content, 'Hello result');
}

// openai: errors are its own classes, with the code
const stranger = new OpenAI({ baseURL, apiKey: 'sk-wrong' });
assert.ok(await failure(stranger.chat.completions.create(ask('whole'))) instanceof AuthenticationError);
const unknown = await failure(openai.chat.completions.create(ask('whole', { model: 'nothing' })));
assert.ok(unknown instanceof NotFoundError);
assert.equal(unknown.code, 'model_not_found');
const unsupported = await failure(openai.chat.completions.create(ask('whole', { model: 'anthropic/fake', n: 2 })));
assert.ok(unsupported instanceof BadRequestError);
assert.deepEqual([unsupported.code, unsupported.param], ['unsupported_parameter', 'n']);

// openai: what was begun is never asked again by itself
let before = 7;
await billed(before);
const limited = await failure(openai.chat.completions.create(ask('limited')));
assert.ok(limited instanceof RateLimitError);
await billed(before + 1);
before += 1;
const broken = await failure((async () => {
    for await (const chunk of await openai.chat.completions.create(ask('broken', { stream: true })))
        text = chunk.choices[0]?.delta.content ?? text;
})());
assert.ok(broken instanceof APIError);
assert.equal(broken.code, 'bad_upstream');
await billed(before + 1);

// openai: injected 500s behind the gateway are mended there, and are one bill
before += 1;
assert.equal((await openai.chat.completions.create(ask('flaky'))).choices[0].message.content, 'Hello flaky');
await billed(before + 1);

// openai: a connection that is cut is asked again by the client; with a key it is one bill and one answer
before += 1;
let cuts = 1;
const cutting = new OpenAI({
    baseURL, apiKey: token, fetch: async (input, init) => {
        if (cuts-- <= 0)
            return fetch(input, init);
        const gone = new AbortController();
        await fetch(input, { ...init, signal: gone.signal }); // The stream has begun.
        gone.abort();
        throw new TypeError('the connection was cut');
    },
});
const kept = cutting.chat.completions.stream(ask('slow'), { headers: { 'Idempotency-Key': 'cut' } });
assert.equal((await kept.finalChatCompletion()).choices[0].message.content, 'Hello slow');
assert.equal(cuts, -1, 'it was asked twice');
await billed(before + 1);

// @langchain/openai
const chain = new ChatOpenAI({ model, apiKey: token, configuration: { baseURL } });
assert.equal((await chain.invoke('whole')).content, 'Hello whole');
text = '';
for await (const chunk of await chain.stream('stream'))
    text += chunk.content;
assert.equal(text, 'Hello stream');
const withTools = await chain.bindTools(tools).invoke('wholetool');
assert.deepEqual(withTools.tool_calls.map(x => [x.name, x.args]), [['add', { a: 1 }]]);
const vectors = new OpenAIEmbeddings({ model, apiKey: token, configuration: { baseURL } });
assert.deepEqual(await vectors.embedQuery('vector'), [1, 0.5]);

// @ai-sdk/openai-compatible
const provider = createOpenAICompatible({ name: 'cote', baseURL, apiKey: token, includeUsage: true });
assert.equal((await generateText({ model: provider(model), prompt: 'whole' })).text, 'Hello whole');
const thinking = streamText({ model: provider(model), prompt: 'think' });
assert.equal(await thinking.text, 'Hello think');
assert.equal(await thinking.reasoningText, 'hm');
assert.equal((await thinking.usage).inputTokens, 11);
const steps = streamText({
    model: provider(model), prompt: 'tool', stopWhen: stepCountIs(3),
    tools: {
        add: tool({ inputSchema: jsonSchema({ type: 'object', properties: { a: { type: 'number' } } }),
            execute: async ({ a }) => `${a + 1}` }),
    },
});
assert.equal(await steps.text, 'Hello result');

console.log('done');
