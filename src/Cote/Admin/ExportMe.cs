using System.Text.Json;
using Cote.Chats;
using Cote.Delivery;
using Cote.Http;
using Cote.Media;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /users/me/export</c>: all that is the user's, as one JSON stream, however much it is.</summary>
static class ExportMe
{
    const int PageRows = 200;

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, UserStore users, SessionStore sessions, ChatStore chats, MessageStore messages,
        MediaStore media, MediaLinks links, Audit audit, Clock clock, CancellationToken ct)
    {
        if (await users.FindAsync(current.Id, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidToken);
        await audit.WriteAsync(AuditActions.Exported, current.Id, http);
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.Headers.ContentDisposition = "attachment; filename=\"cote-export.json\"";
        var json = new Utf8JsonWriter(http.Response.BodyWriter);
        await using (json)
        {
            json.WriteStartObject();
            json.WriteString("exported_at"u8, clock.Now.ToString());
            json.WritePropertyName("user"u8);
            JsonSerializer.Serialize(json, account.User, UsersJson.Default.User);
            json.WriteString("created_at"u8, account.CreatedAt.ToString());
            json.WritePropertyName("sessions"u8);
            JsonSerializer.Serialize<IReadOnlyList<SessionInfo>>(json,
                [.. (await sessions.ListAsync(current.Id, clock.Now, ct)).Select(x => new SessionInfo(
                    x.Id, x.Device, x.Ip, x.CreatedAt, x.LastSeenAt, x.ExpiresAt, x.Id == current.SessionId))],
                UsersJson.Default.IReadOnlyListSessionInfo);
            json.WriteStartArray("chats"u8);
            for (long? before = null; ;)
            {
                var page = await chats.ListAsync(current.Id, before, PageRows, static _ => false, ct);
                foreach (var chat in page)
                    await WriteChatAsync(json, current.Id, chat, messages, links, ct);
                if (page.Count < PageRows)
                    break;
                before = page[^1].Activity;
            }
            json.WriteEndArray();
            json.WriteStartArray("media"u8);
            for (var after = ""; ;)
            {
                var page = await media.ListAllAsync(current.Id, after, PageRows, ct);
                foreach (var file in page)
                    JsonSerializer.Serialize(json, file.ToUploaded(links), MediaJson.Default.Uploaded);
                await json.FlushAsync(ct);
                if (page.Count < PageRows)
                    break;
                after = page[^1].Id;
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Results.Empty;
    }

    static async Task WriteChatAsync(Utf8JsonWriter json, string userId, Chat chat, MessageStore messages, MediaLinks links, CancellationToken ct)
    {
        json.WriteStartObject();
        json.WritePropertyName("chat"u8);
        JsonSerializer.Serialize(json, chat, WireJson.Chat);
        json.WriteStartArray("messages"u8);
        for (long after = 0; ;)
        {
            // By bytes too: two hundred of the longest messages are more than one wants to hold.
            var counted = new Page(PageRows);
            var page = await messages.ListAfterAsync(userId, chat.Id, after, PageRows, x => counted.IsFull([x.Content]), ct);
            foreach (var message in page)
                JsonSerializer.Serialize(json, message.Signed(links), WireJson.Message);
            await json.FlushAsync(ct);
            if (page.Count == 0)
                break;
            after = page[^1].Seq;
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
