using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Data.Sqlite;

namespace Cote.Tests.Admin;

public sealed partial class BackupTests
{
    // Turns, a branch, what was deleted, an upload that a message names: whatever a moment may hold.
    static async Task<string> FillAsync(CoteApp app, CoteClient ada)
    {
        var chat = await ada.CreateChatAsync("Ünïcödé 🕊️");
        app.Model.Script = FakeReply.Text("🕊", "️ und 漢字");
        var first = await ada.AskAsync(chat, "one");
        await EndAsync(ada, chat, first);
        var edited = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "two", version_of = first.GetProperty("id").GetString() })).Ok();
        await EndAsync(ada, chat, edited.Json);
        var doomed = await ada.AskAsync(chat, "deleted");
        await EndAsync(ada, chat, doomed);
        (await ada.DeleteAsync($"/chats/{chat}/messages/{doomed.GetProperty("id").GetString()}")).Ok();
        var photo = (await ada.UploadAsync(Samples.Png(extra: 1_500_000), "photo.png")).Ok()["url"];
        var shown = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "", type = "image", media_urls = new[] { photo } })).Ok();
        await EndAsync(ada, chat, shown.Json);
        return chat;
    }

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

    // That an end was written to its reader is noted up to two seconds later; until then a status may move.
    static Task DeliveredAsync(CoteClient client, string chat) => Patience.UntilAsync(
        async () => (await client.GetAsync($"/chats/{chat}/messages/?branches=all")).Ok().Json.EnumerateArray().All(
            x => x.GetProperty("sender").GetString() == "user" || x.GetProperty("status").GetString() != "sent"),
        "each end is noted as delivered");

    static async Task<Dictionary<string, string>> EverythingAsync(CoteClient client, string but)
    {
        var all = new Dictionary<string, string> { ["/users/me"] = (await client.GetAsync("/users/me")).Ok().Text };
        foreach (var chat in (await client.GetAsync("/chats/")).Ok().Json.EnumerateArray()
            .Select(x => x.GetProperty("id").GetString()!).Where(x => x != but))
            foreach (var path in new[] { $"/chats/{chat}", $"/chats/{chat}/messages/?branches=all&parts=all" })
            {
                var text = all[path] = (await client.GetAsync(path)).Ok().Text;
                foreach (var url in Media().Matches(text).Select(x => x.Value).Distinct())
                    all[url] = Convert.ToHexString(
                        SHA256.HashData(await Samples.BytesOf((await client.GetAsync(url)).Ok())));
            }
        all.Count.ShouldBeGreaterThan(3, "there is something that could be lost");
        all.Keys.ShouldContain(x => x.StartsWith("/media/", StringComparison.Ordinal));
        return all.ToDictionary(x => x.Key, x => Signature().Replace(x.Value, ""));
    }

    static string Key(CoteApp app) => Convert.ToBase64String(app.SigningKeyBytes);

    static List<string> KeysIn(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.key").Order(StringComparer.Ordinal)
            .Select(x => $"{Path.GetFileName(x)} {Convert.ToHexString(File.ReadAllBytes(x))}"),
    ];

    async Task<List<string>> ReadAsync(string sql)
    {
        await using var db = new SqliteConnection($"Data Source={At("data/cote.db")};Mode=ReadOnly;Pooling=False");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return rows;
    }

    string[] Embedded(CoteApp app) =>
        [$"--Cote:Data:Directory={At("data")}", "--Cote:Data:Postgres=", $"--Cote:Auth:SigningKey=base64:{Key(app)}"];

    Task<(int Code, string Output, string Error)> RestoreAsync(CoteApp app, params string[] more) =>
        SayAsync(["restore", "--from", At("b"), .. more, .. Embedded(app)]);

    static Task<(int Code, string Output, string Error)> RunAsync(CoteApp app, params string[] words) =>
        SayAsync([.. words, .. app.Place]);

    static async Task<(int Code, string Output, string Error)> SayAsync(params string[] words)
    {
        using StringWriter output = new(), error = new();
        try
        {
            var code = await CoteCommands.RunAsync(words, TextReader.Null, output, error);
            return (code ?? -1, output.ToString(), error.ToString());
        }
        catch (StartupException refused)
        {
            return (1, output.ToString(), refused.Message); // as the program says it
        }
    }

    [GeneratedRegex(@"/media/[0-9a-f-]{36}")]
    private static partial Regex Media();

    [GeneratedRegex(@"\?expires=[^""]*")]
    private static partial Regex Signature();
}
