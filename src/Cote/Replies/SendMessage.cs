using Cote.Chats;
using Cote.Data;
using Cote.Delivery;
using Cote.Http;
using Cote.Media;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>POST /chats/{chat_id}/messages/</c>: stores a question and its queued reply; it never calls the model. Answers
/// when both are on disk; with <c>Accept: text/event-stream</c> it goes on with the reply.
/// </summary>
static class SendMessage
{
    public const int MostMedia = 32;
    const int LongestUrl = 2_048;

    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, MessageStore messages, ChatStore chats, ReplyQueue queue,
        ReplyStream stream, MediaStore uploads, MediaLinks links, MessagesOptions options, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var content = request.Text("content", 0, options.MaxContentLength);
        var type = request.Choice("type", "text", "text", "image", "audio", "video", "file", "code");
        var urls = request.Texts("media_urls", MostMedia, LongestUrl);
        var replyTo = request.OptionalId("reply_to_id");
        var importance = request.Choice("importance_level", "normal", "low", "normal", "high");
        var id = request.OptionalId("id") ?? clock.NewId();
        List<string> media = [.. urls.Select(MediaLinks.IdOf).OfType<string>()];
        if (media.Count < urls.Count)
            FailMedia();
        else if (media.Count == 0 && type is not ("text" or "code"))
            request.AddError("media_urls", $"a message of type {type} needs at least one");
        else if (media.Count == 0 && content.Length == 0 && request.Problem is null)
            request.Text("content", 1, options.MaxContentLength);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat)
            return ApiResults.Of(Problems.ChatNotFound);

        var newMessage = new NewMessage(id, clock.NewId(), chat, content, type, importance, replyTo, media, FingerprintOf(), clock.Now);
        var named = await uploads.ListAsync(user.Id, media, ct);
        if (named.Count < media.Distinct().Count())
            return await AnswerRepeatedAsync(); // swept since, if it was sent before
        if (media.Count > 0 && !named.Any(x => x.Suits(type)))
        {
            request.AddError("media_urls", $"a message of type {type} needs at least one");
            return ApiResults.Of(request.Problem!);
        }

        var place = queue.TryAcquireSlot();
        SendResult sent;
        try
        {
            sent = await messages.SendAsync(user.Id, newMessage, place);
        }
        catch
        {
            if (place)
                queue.ReleaseSlot();
            throw;
        }
        if (sent is { Outcome: Outcome.Committed, Happened: true, Reply: { } reply })
        {
            if (reply.State == States.Running)
                queue.Start(reply);
            else if (place)
                queue.ReleaseSlot(); // another reply of the chat is open: its end wakes this one
            else
                queue.Wake(user.Id, chat);
            return await AnswerAsync(new Message(
                id, chat, reply.QuestionSeq, content, type, Senders.User, newMessage.At, Statuses.Sent, newMessage.MediaPaths, replyTo, importance, newMessage.ReplyId)
            {
                EventSeq = reply.QuestionEvent,
            }, x => stream.CopyAsync(user, x, reply.ToOpenReply(), http));
        }
        if (place)
            queue.ReleaseSlot();
        return await AnswerRepeatedAsync();

        string FingerprintOf() => Fingerprint.Of(json =>
        {
            json.WriteString("chat_id"u8, chat);
            json.WriteString("content"u8, content);
            json.WriteString("type"u8, type);
            json.WriteString("reply_to_id"u8, replyTo);
            json.WriteString("importance_level"u8, importance);
            if (media.Count == 0)
                return;
            json.WriteStartArray("media"u8);
            foreach (var upload in media)
                json.WriteStringValue(upload);
            json.WriteEndArray();
        });

        void FailMedia() => request.AddError("media_urls", "no such upload of yours", code: "media_not_found");

        async Task<IResult> AnswerRepeatedAsync()
        {
            if (!await chats.ExistsAsync(user.Id, chat, ct))
                return ApiResults.Of(Problems.ChatNotFound);
            if (await messages.FindOriginAsync(user.Id, id, ct) is not { } record)
            {
                if ((await uploads.ListAsync(user.Id, media, ct)).Count < media.Distinct().Count())
                    FailMedia();
                else
                    request.AddError("reply_to_id", "no such message in this chat");
                return ApiResults.Of(request.Problem!);
            }
            if (record.IsDeleted)
                return ApiResults.Of(Problems.Gone);
            if (record.Fingerprint != newMessage.Fingerprint)
                return ApiResults.Of(Problems.IdConflict);
            if (await messages.FindAsync(user.Id, chat, id, ct) is not { } first)
                return ApiResults.Of(Problems.Gone);
            http.Response.Headers["Idempotent-Replayed"] = "true";
            return await AnswerAsync(first, x => stream.CopyAsync(user, x, http));
        }

        async Task<IResult> AnswerAsync(Message message, Func<Message, Task> stream)
        {
            if (!http.Request.GetTypedHeaders().Accept.Any(x => x.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase)))
                return ApiResults.Json(message.Signed(links), WireJson.Message);
            await stream(message);
            return Results.Empty;
        }
    }
}
