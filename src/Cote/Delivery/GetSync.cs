using System.Runtime.CompilerServices;
using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// The large answers of <c>GET /sync</c> that are under way on this node, by user: each costs a file and its reading.
/// </summary>
sealed class LargeSyncs() : UserLimit(4);

/// <summary>
/// <c>GET /sync</c>: all chats and pending replies, read in one transaction, page by page, and sent when it has
/// ended.
/// </summary>
static class GetSync
{
    const int PageRows = 500;
    const int PageCharacters = 500_000;

    static readonly Problem TooManyAtOnce = Problems.TooManyRequests with
    {
        Detail = "Several answers of this size are on their way to this account; wait until one has ended",
        RetryAfter = TimeSpan.FromSeconds(5),
    };

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, Database db, EventLog log, LargeSyncs large, DataOptions data,
        MediaLinks links, string? parts, CancellationToken ct)
    {
        var request = new RequestReader();
        var view = PartsQuery.Read(request, parts);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        await using var answer = new SyncBuffer(data.Directory);
        var isCounted = false;
        try
        {
            await using (var snapshot = await db.SnapshotAsync(ct))
            {
                var head = await snapshot.ListAsync(
                    $"select seq from heads where user_id = {user.Id}", row => row.GetInt64(0), ct);
                if (head is not [var seq])
                    return ApiResults.Of(Problems.InvalidToken);
                var json = answer.Json;
                json.WriteStartObject();
                json.WriteString("cursor"u8, new Cursor(log.Epoch, seq).ToString());
                json.WriteStartArray("chats"u8);
                await foreach (var chat in ChatsAsync(snapshot, user.Id, ct))
                {
                    JsonSerializer.Serialize(json, chat, WireJson.Chat);
                    if (!await KeepAsync())
                        return ApiResults.Of(TooManyAtOnce);
                }
                json.WriteEndArray();
                json.WriteStartArray("running"u8);
                await foreach (var reply in PendingAsync(snapshot, user.Id, ct))
                {
                    WriteRunning(json, reply, view, links);
                    if (!await KeepAsync())
                        return ApiResults.Of(TooManyAtOnce);
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            await answer.SendAsync(http.Response, ct);
            return Results.Empty;
        }
        finally
        {
            if (isCounted)
                large.End(user.Id);
        }

        async ValueTask<bool> KeepAsync()
        {
            if (!answer.IsFull)
                return true;
            if (!isCounted && !(isCounted = large.TryBegin(user.Id)))
                return false;
            await answer.SpillAsync(ct);
            return true;
        }
    }

    static async IAsyncEnumerable<Chat> ChatsAsync(
        ReadSession snapshot, string userId, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var isArchived in (bool[])[false, true])
            for (long? before = null; ;)
            {
                var characters = 0L;
                var chats = await snapshot.ListAsync(
                    ChatStore.SelectNewest(userId, isArchived, before, PageRows), ChatStore.Read, ct,
                    x => (characters += x.Title.Length + x.LastMessageContent.Length + (x.SystemPrompt?.Length ?? 0))
                        > PageCharacters);
                foreach (var chat in chats)
                    yield return chat;
                if (chats.Count == 0)
                    break;
                before = chats[^1].Place;
            }
    }

    static async IAsyncEnumerable<PendingReplyRow> PendingAsync(
        ReadSession snapshot, string userId, [EnumeratorCancellation] CancellationToken ct)
    {
        for ((string ChatId, long Seq) after = ("", 0); ;)
        {
            var characters = 0L;
            var replies = await snapshot.ListAsync(
                $"{PendingReplyRow.SelectAll(userId, null, after)} limit {PageRows}", PendingReplyRow.Read, ct,
                x => (characters += x.Content.Length + x.Parts.Items.Sum(y => y.Part.LongText?.Length ?? 0))
                    > PageCharacters);
            foreach (var reply in replies)
                yield return reply;
            if (replies.Count == 0)
                yield break;
            after = (replies[^1].ChatId, replies[^1].Seq);
        }
    }

    static void WriteRunning(Utf8JsonWriter json, PendingReplyRow row, PartsView view, MediaLinks links)
    {
        var reply = row.ToPendingReply();
        json.WriteStartObject();
        reply.WriteFields(json, view, links);
        json.WritePropertyName("generation"u8);
        JsonSerializer.Serialize(json, new Generation(row.State, reply.Attempt, row.Model), WireJson.Generation);
        json.WriteEndObject();
    }
}
