// A client as people write one, with the generated types alone: no cast, no "any". It runs against the server in its
// first argument and ends with 0 where everything was as the types say.
import createClient from "openapi-fetch";
import type { components, paths } from "./cote.js";

type Schemas = components["schemas"];
type Frame = Schemas["Frame"];
type PolledFrame = Schemas["PolledFrame"];

const base = process.argv[2] ?? "http://localhost:8000";
// Of a route that answers JSON and a stream, the JSON.
const api = createClient<paths, "application/json">({ baseUrl: base });

function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

// Errors: code is a known one, a 422 is a list.
async function register(username: string): Promise<Schemas["User"]> {
  const wrong = await api.POST("/users", { body: { username: "a", email: "no", password: "short" } });
  check(wrong.error && Array.isArray(wrong.error.detail), "a wrong registration is a list");
  const places: string[] = wrong.error.detail.map(x => `${x.loc.join(".")}: ${x.msg}`);
  check(places.length === 3, `three fields are wrong: ${places.join(", ")}`);

  const body = { username, email: `${username}@example.com`, password: "correct horse battery" };
  const { data, error } = await api.POST("/users", { body });
  check(data, `registered: ${JSON.stringify(error)}`);
  const again = await api.POST("/users", { body });
  check(again.error?.code === "username_taken", "the name is taken");
  return data;
}

async function logIn(username: string): Promise<string> {
  const { data } = await api.POST("/token", {
    body: { username, password: "correct horse battery" },
    bodySerializer: body => new URLSearchParams(Object.entries(body).map(([key, value]) => [key, String(value)])),
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  check(data, "logged in");
  const expires: number = Date.now() + data.expires_in * 1000;
  check(expires > Date.now(), "the token expires later");
  return data.access_token;
}

// The union is told apart by its type alone.
function describe(frame: Frame): string {
  switch (frame.type) {
    case "message":
      return `${frame.data.sender} ${frame.data.seq} ${frame.data.content}`;
    case "message.snapshot":
      return frame.data.content;
    case "message.delta":
      return frame.data.text.slice(0, frame.data.offset + 1);
    case "message.part":
      return `${frame.data.part.type} ${frame.data.index + frame.data.rev}`;
    case "message.part.delta":
      return frame.data.text.slice(0, frame.data.offset + 1);
    case "message.status":
      return frame.data.status;
    case "message.deleted":
      return frame.data.message_id;
    case "chat.created":
    case "chat.updated":
      return frame.data.title;
    case "chat.deleted":
      return frame.data.chat_id;
    case "chat.path":
      return `${frame.data.leaf_id ?? ""} ${frame.data.after_seq + 1}`;
    case "message.waiting":
      return `${frame.data.calls.length} calls wait`;
    case "message.feedback":
      return frame.data.message_id;
    case "ready":
      return `${frame.data.cursor} ${frame.data.heartbeat_ms + 1}`;
    case "reset":
      return frame.data.reason;
    case "typing":
      return frame.data.is_typing ? frame.data.sender : "";
    case "ping":
    case "pong":
      return frame.type;
    case "error":
      return frame.data.code;
  }
}

async function converse(chat: string): Promise<void> {
  // type and importance_level have defaults: a request need not name them.
  const sent = await api.POST("/chats/{chat_id}/messages", {
    params: { path: { chat_id: chat } },
    body: { content: "Hello", id: crypto.randomUUID() },
  });
  check(sent.data, "sent");
  const next: number = sent.data.seq + 1;

  let cursor: string | undefined;
  for (let open = true; open; ) {
    const poll = await api.GET("/events", { params: { query: cursor ? { cursor, wait: 5 } : { cursor: `${await epoch()}-0` } } });
    check(poll.data, "polled");
    cursor = poll.data.cursor;
    const frames: PolledFrame[] = poll.data.events;
    for (const frame of frames) {
      check(describe(frame).length >= 0, "described");
      if (frame.type === "message" && frame.data.generation) {
        const state: "queued" | "running" | "completed" | "stopped" | "failed" | "interrupted" | "waiting" | undefined =
          frame.data.generation.state;
        check(state === "completed", `the reply ends: ${state}`);
        open = false;
      }
    }
  }
  const list = await api.GET("/chats/{chat_id}/messages", { params: { path: { chat_id: chat }, query: { limit: 10 } } });
  check(list.data, "listed");
  const ordered = [...list.data].sort((a, b) => a.seq - b.seq);
  check(ordered.at(-1)?.seq === next, "the reply follows its question");
}

async function epoch(): Promise<string> {
  const { data } = await api.GET("/sync");
  check(data, "synced");
  return data.cursor.split("-")[0] ?? "";
}

async function upload(): Promise<void> {
  const { data } = await api.POST("/upload", {
    body: { file: "doves" },
    bodySerializer: body => {
      const form = new FormData();
      form.set("file", new Blob([body.file], { type: "text/plain" }), "doves.txt");
      return form;
    },
  });
  check(data, "uploaded");
  const width: number | undefined = data.width;
  check(width === undefined, "a text has no width");
}

const name = `ts${Date.now()}`;
const user = await register(name);
check(user.username === name, "the user is who was registered");
const token = await logIn(name);
api.use({ onRequest: ({ request }) => (request.headers.set("Authorization", `Bearer ${token}`), request) });

const chat = await api.POST("/chats", { body: { title: "First chat" } });
check(chat.data, "a chat");
const patched = await api.PATCH("/chats/{chat_id}", {
  params: { path: { chat_id: chat.data.id } },
  body: { max_tokens: 100, temperature: 0.5, model: null },
});
check(patched.data && (patched.data.max_tokens ?? 0) + 1 === 101, "numbers are numbers");
await converse(chat.data.id);
await upload();
const limits = await api.GET("/limits");
check(limits.data && limits.data.rate_limits.messages_per_minute > 0, "limits");
console.log("done");
