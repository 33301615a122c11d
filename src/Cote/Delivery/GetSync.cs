using System.Text.Json;
using Cote.Chats;
using Cote.Data;
using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary><c>GET /sync</c>: all chats and pending replies, read in one transaction.</summary>
static class GetSync
{
    public static async Task<IResult> Handle(CurrentUser user, Database db, EventLog log, CancellationToken ct)
    {
        await using var snapshot = await db.SnapshotAsync(ct);
        var head = await snapshot.ListAsync($"select seq from heads where user_id = {user.Id}", row => row.GetInt64(0), ct);
        if (head is not [var seq])
            return ApiResults.Of(Problems.InvalidToken);
        var chats = await snapshot.ListAsync(
            $"select {ChatStore.All} from chats c where c.user_id = {user.Id} and c.deleted_at is null order by c.activity desc",
            ChatStore.Read, ct);
        var pending = await snapshot.ListAsync(PendingReplyRow.SelectAll(user.Id, null), PendingReplyRow.Read, ct);
        return ApiResults.Json(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("cursor"u8, new Cursor(log.Epoch, seq).ToString());
            json.WritePropertyName("chats"u8);
            json.WriteStartArray();
            foreach (var chat in chats)
                JsonSerializer.Serialize(json, chat, WireJson.Chat);
            json.WriteEndArray();
            json.WritePropertyName("running"u8);
            json.WriteStartArray();
            foreach (var reply in pending)
                WriteRunning(json, reply);
            json.WriteEndArray();
            json.WriteEndObject();
        }));
    }

    static void WriteRunning(Utf8JsonWriter json, PendingReplyRow row)
    {
        var reply = row.ToPendingReply();
        json.WriteStartObject();
        reply.WriteFields(json);
        json.WritePropertyName("generation"u8);
        JsonSerializer.Serialize(json, new Generation(row.State, reply.Attempt, row.Model), WireJson.Generation);
        json.WriteEndObject();
    }
}
