using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Http;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>What the OpenAPI document says of sockets, streams and polls beyond the types.</summary>
static class DeliveryApi
{
    const string EventStream = "text/event-stream";
    const string Active = "`false`: nobody looks at what is shown, so it does not hold a push back";

    static JsonObject Flag() => new() { ["type"] = "boolean" };

    public static void Describe(ApiDocument api)
    {
        FrameSchemas.Add(api);
        SharedFrames.Add(api);
        api.Schema<Polled>().Note("cursor", "Where the next poll begins").Format("cursor", null)
            .Property("events", new JsonObject
            {
                ["type"] = "array",
                ["items"] = ApiDocument.Ref(FrameSchemas.PolledFrame)
            });
        api.Schema<Synced>().Note("cursor", "Drop events up to this one");
        api.Schema<RunningReply>().Note("An open reply with its text so far.").Note("model", "`provider/model`")
            .Note("attempt", "The attempt that text and parts belong to")
            .Property("parts", PartSchema.ListOfParts()).Note("rev", "The revision of `parts`");

        api.Operation("Socket")
            .Note("A WebSocket. The token goes into the `Authorization` header, into the subprotocols "
                + "`cote.v1, cote.bearer.<token>`, or into the query. Each message is a `Frame`; a bad token is closed "
                + "with 1008.")
            .Answers(101, "The connection is a WebSocket")
            .Query("token", "An access token").Query("ticket", "From `POST /ws/ticket`")
            .Query("cursor", "Where to go on; without it, at the newest event", FrameSchemas.Cursor())
            .Query("parts", PartSchema.View).Query("active", Active, Flag())
            .TokenIsOptional().Refuses(Problems.UpgradeRequired, Problems.Unavailable);
        api.Operation("Events")
            .Note("With `Accept: text/event-stream` the same frames as on the socket: `event` is the type, `data` the "
                + "whole frame, `id` the cursor. Without it a long-poll: answers as soon as there is a durable event, "
                + "else after `wait`.")
            .Query("cursor", "Where to go on; without it, at the newest event", FrameSchemas.Cursor())
            .Query("parts", PartSchema.View).Query("active", Active, Flag())
            .Query("wait", "Seconds that a poll waits for an event; 25 where absent", OperationRules.Integer(0, 60))
            .Query("token", "An access token, for EventSource")
            .Header("Last-Event-ID", "Goes before `cursor`; only of a stream", FrameSchemas.Cursor())
            .Answers(200, "Events", schema: ApiDocument.Ref<Polled>())
            .Answers(200, "Events", EventStream, ApiDocument.Ref(FrameSchemas.Frame));
        api.Operation(nameof(SharedEvents))
            .Note("Begins with `reset`: the viewer fetches `GET /shared/{token}` once the stream is open, and again "
                + "whenever one comes. `place` stands for every id. A link that is not live has no events.")
            .Answers(200, "The frames", EventStream, ApiDocument.Ref(SharedFrames.Frame))
            .Refuses(Problems.ShareNotFound, Problems.Unavailable);
        api.Operation(nameof(ReplyStream))
            .Note("Of an open reply: a snapshot, deltas, at last its `message`. Of one that has ended: its `message`.")
            .Query("parts", PartSchema.View)
            .Query("token", "An access token, for EventSource")
            .Answers(200, "The reply's frames", EventStream, ApiDocument.Ref(FrameSchemas.Frame));
        api.Operation(nameof(SendMessage)).Query("parts", PartSchema.View)
            .Answers(200, "The user's message", EventStream, ApiDocument.Ref(FrameSchemas.Frame));
        api.Operation(nameof(Regenerate)).Query("parts", PartSchema.View)
            .Answers(200, "The new reply", EventStream, ApiDocument.Ref(FrameSchemas.Frame));
        api.Operation(nameof(GetSync)).Query("parts", PartSchema.View)
            .Note("Everything that a client needs to begin again, of one moment: after a `reset`. "
                + "Four answers of more than a megabyte are sent to one user at a time.");
    }
}
