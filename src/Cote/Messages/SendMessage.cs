using Cote.Chats;
using Cote.Data;
using Cote.Events;
using Cote.Http;
using Cote.Media;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Messages;

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
        ReplyStream follow, MediaStore uploads, MediaLinks links, MessagesOptions options, Clock clock, CancellationToken ct)
    {
        var check = await Body.ReadAsync(http);
        var content = check.Text("content", 0, options.MaxContentLength);
        var type = check.Choice("type", "text", "text", "image", "audio", "video", "file", "code");
        var urls = check.Texts("media_urls", MostMedia, LongestUrl);
        var replyTo = check.OptionalId("reply_to_id");
        var importance = check.Choice("importance_level", "normal", "low", "normal", "high");
        var id = check.OptionalId("id") ?? clock.NewId();
        List<string> media = [.. urls.Select(MediaLinks.IdOf).OfType<string>()];
        if (media.Count < urls.Count)
            FailMedia();
        else if (media.Count == 0 && type is not ("text" or "code"))
            check.AddError("media_urls", $"a message of type {type} needs at least one");
        else if (media.Count == 0 && content.Length == 0 && check.Problem is null)
            check.Text("content", 1, options.MaxContentLength);
        if (check.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat)
            return ApiResults.Of(Problems.ChatNotFound);

        var draft = new NewMessage(id, clock.NewId(), chat, content, type, importance, replyTo, media, FingerprintOf(), clock.Now);
        var named = await uploads.ListAsync(user.Id, media, ct);
        if (named.Count < media.Distinct().Count())
            return await AnswerRepeatedAsync(); // swept since, if it was sent before
        if (media.Count > 0 && !named.Any(x => x.Suits(type)))
        {
            check.AddError("media_urls", $"a message of type {type} needs at least one");
            return ApiResults.Of(check.Problem!);
        }

        var place = queue.TryAcquireSlot();
        SendResult sent;
        try
        {
            sent = await messages.SendAsync(user.Id, draft, place);
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
                id, chat, reply.QuestionSeq, content, type, Senders.User, draft.At, Statuses.Sent, draft.MediaPaths, replyTo, importance, draft.ReplyId)
            {
                EventSeq = reply.QuestionEvent,
            }, x => follow.CopyAsync(user, x, reply.ToOpenReply(), http));
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

        void FailMedia() => check.AddError("media_urls", "no such upload of yours", code: "media_not_found");

        async Task<IResult> AnswerRepeatedAsync()
        {
            if (!await chats.ExistsAsync(user.Id, chat, ct))
                return ApiResults.Of(Problems.ChatNotFound);
            if (await messages.FindOriginAsync(user.Id, id, ct) is not { } origin)
            {
                if ((await uploads.ListAsync(user.Id, media, ct)).Count < media.Distinct().Count())
                    FailMedia();
                else
                    check.AddError("reply_to_id", "no such message in this chat");
                return ApiResults.Of(check.Problem!);
            }
            if (origin.IsDeleted)
                return ApiResults.Of(Problems.Gone);
            if (origin.Fingerprint != draft.Fingerprint)
                return ApiResults.Of(Problems.IdConflict);
            if (await messages.FindAsync(user.Id, chat, id, ct) is not { } first)
                return ApiResults.Of(Problems.Gone);
            http.Response.Headers["Idempotent-Replayed"] = "true";
            return await AnswerAsync(first, x => follow.CopyAsync(user, x, http));
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
