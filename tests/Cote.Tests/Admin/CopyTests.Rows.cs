using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Data.Sqlite;

namespace Cote.Tests.Admin;

public sealed partial class CopyTests
{
    // Texts and numbers at their edges, what is null, what was deleted, what failed; the chat in which most of it is.
    static async Task<string> FillAsync(CoteApp app, CoteClient ada, CoteClient eve)
    {
        var chat = await ada.CreateChatAsync("Ünïcödé 🕊️ \"quoted\"");
        (await ada.PatchAsync($"/chats/{chat}",
            new
            {
                is_pinned = true,
                system_prompt = "kurz\tund\r\n\u0001 \\ gut",
                temperature = 0.1 + 0.2,
                max_tokens = 77
            })).Ok();
        app.Model.Script = FakeReply.Text("🕊", "️ und 漢字");
        foreach (var text in new[] { "one", "null", "\\N", "  ", "a\u0001b\u007f\uffff", "𐀀 beyond the first plane",
            new string('ü', 100_000) })
            await EndAsync(ada, chat, await ada.AskAsync(chat, text));
        var doomed = await ada.AskAsync(chat, "deleted");
        await EndAsync(ada, chat, doomed);
        (await ada.DeleteAsync($"/chats/{chat}/messages/{doomed.GetProperty("id").GetString()}")).Ok();
        app.Model.Script = FakeReply.Refuse(401);
        await EndAsync(ada, chat, await ada.AskAsync(chat, "it fails"));
        (await ada.DeleteAsync($"/chats/{await ada.CreateChatAsync("gone")}")).Ok();
        (await ada.PostAsync($"/chats/{chat}/shares", new { expires_in = 3_600, include = new[] { "tools" } })).Ok();
        app.Model.Script = FakeReply.Text("for Eve");
        var same =
            (await eve.PostAsync("/chats/",
            new { title = "the same id", id = ada == eve ? Guid.CreateVersion7().ToString() : chat })).Ok()["id"];
        await EndAsync(eve, same, await eve.AskAsync(same, "mine"));
        (await ada.UploadAsync("a note that no message names"u8.ToArray(), "note.txt")).Ok();
        return chat;
    }

    // What is under way when the server stops is not as it was afterwards: the reply has ended.
    static async Task<string> SendPhotoAsync(CoteClient ada, string chat, byte[] photo)
    {
        var url = (await ada.UploadAsync(photo, "grüße 🕊.png")).Ok()["url"];
        var image = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "", type = "image", media_urls = new[] { url } })).Ok();
        await ada.EndOfAsync(chat, image["reply_id"]);
        await using (await ada.ConnectAsync())
            (await ada.GetAsync("/chats/")).Ok();
        return url;
    }

    // A reply that is in the middle when the server stops.
    static async Task<(string Chat, string Reply)> HalfAReplyAsync(CoteApp app, CoteClient ada)
    {
        var chat = await ada.CreateChatAsync("unfinished");
        app.Model.Script = FakeReply.Text("half of ").ThenStall();
        var reply = (await ada.AskAsync(chat, "And then?")).GetProperty("reply_id").GetString()!;
        await Patience.UntilAsync(
            async () => (await ada.MessageAsync(chat, reply)).GetProperty("content").GetString() == "half of ",
            "half of the reply is shown");
        return (chat, reply);
    }

    static async Task EndAsync(CoteClient client, string chat, System.Text.Json.JsonElement question) =>
        await client.EndOfAsync(chat, question.GetProperty("reply_id").GetString()!);

    // Whether the end was written to its reader is noted up to two seconds later; until then a status may move.
    static Task DeliveredAsync(CoteClient client) => Patience.UntilAsync(async () =>
    {
        foreach (var chat in (await client.GetAsync("/chats/")).Ok().Json.EnumerateArray())
            foreach (var message in await client.MessagesAsync(chat.GetProperty("id").GetString()!))
                if (message.GetProperty("sender").GetString() == "ai"
                    && message.GetProperty("status").GetString() == "sent")
                    return false;
        return true;
    }, "every reply was delivered");

    // All that can be read, but for one chat that goes on meanwhile.
    static async Task<Dictionary<string, string>> EverythingAsync(CoteClient ada, CoteClient eve, string but)
    {
        var all = new Dictionary<string, string>();
        foreach (var client in new[] { ada, eve })
        {
            var who = (await client.GetAsync("/users/me")).Ok().Text;
            all[who] = who;
            foreach (var chat in (await client.GetAsync("/chats/"))
                .Ok().Json.EnumerateArray().Select(x => x.GetProperty("id").GetString()!).Where(x => x != but))
            {
                string[] paths = [$"/chats/{chat}", $"/chats/{chat}/messages/", $"/chats/{chat}/messages/?limit=3"];
                foreach (var path in paths)
                    all[who + path] = (await client.GetAsync(path)).Ok().Text;
                foreach (var message in await client.MessagesAsync(chat))
                    all[who + message.GetProperty("id")] =
                        (await client.MessageAsync(chat, message.GetProperty("id").GetString()!)).GetRawText();
            }
        }
        all.Count.ShouldBeGreaterThan(25, "there is something that could be lost");
        return all.ToDictionary(x => x.Key, x => Signature().Replace(x.Value, ""));
    }

    static Dictionary<string, string> Files(CoteApp app) =>
        Directory.GetFiles(app.Data, "*", SearchOption.AllDirectories)
            .Where(x => Path.GetFileName(x) != "cote.db.lock")
            .ToDictionary(x => x, x => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(x))));

    static async Task<List<object?[]>> EmbeddedAsync(string data, string sql)
    {
        await using var db = new SqliteConnection($"Data Source={Path.Combine(data, "cote.db")};Pooling=False");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add([.. row]);
        }
        return rows;
    }

    static Task<(int Code, string Output, string Error)> CopyAsync(string from, string to, params string[] more) =>
        RunAsync(["copy", "--from", from, $"--to={to}", .. more]);

    static async Task<(int Code, string Output, string Error)> RunAsync(params string[] words)
    {
        using StringWriter output = new(), error = new();
        try
        {
            return (await CoteCommands.RunAsync(words, TextReader.Null, output, error) ?? -1, output.ToString(),
                error.ToString());
        }
        catch (StartupException refused)
        {
            return (1, output.ToString(), refused.Message); // as the program says it
        }
    }

    [GeneratedRegex(@"\?expires=[^""]*")]
    private static partial Regex Signature();
}
