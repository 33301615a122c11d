using System.Data.Common;
using System.Text.Json;
using Cote.Chats;
using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

/// <summary>What tests of search do again and again.</summary>
static class Searching
{
    /// <summary>The hits of a query.</summary>
    public static async Task<IReadOnlyList<JsonElement>> FindAsync(
        this CoteClient client, string query, string parameters = "") =>
        [.. (await client.SearchAsync(query, parameters)).Ok().Json.EnumerateArray()];

    public static Task<Reply> SearchAsync(this CoteClient client, string query, string parameters = "") =>
        client.GetAsync($"/search?q={Uri.EscapeDataString(query)}{parameters}");

    /// <summary>A field's text, or null where it is absent.</summary>
    public static string? TextOrNull(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>What the ranges of a hit mark, after checks that hold for every hit.</summary>
    public static IReadOnlyList<string> Found(this JsonElement hit)
    {
        var snippet = hit.Text("snippet");
        snippet.Length.ShouldBeLessThanOrEqualTo(300);
        var (end, found) = (0, new List<string>());
        foreach (var range in hit.GetProperty("ranges").EnumerateArray())
        {
            var (from, to) = (range[0].GetInt32(), range[1].GetInt32());
            from.ShouldBeGreaterThanOrEqualTo(end);
            to.ShouldBeGreaterThan(from);
            found.Add(snippet[from..(end = to)]);
        }
        found.ShouldNotBeEmpty();
        return found;
    }

    /// <summary>Sends messages and waits for their replies; the ids of the messages.</summary>
    public static async Task<List<string>> TellAsync(this CoteClient client, string chat, params string[] texts)
    {
        var ids = new List<string>();
        foreach (var text in texts)
        {
            var asked = await client.AskAsync(chat, text);
            await client.EndOfAsync(chat, asked.Text("reply_id"));
            ids.Add(asked.Text("id"));
        }
        return ids;
    }

    /// <summary>The ids of all messages that a search finds, page after page.</summary>
    public static async Task<List<string>> PagesAsync(this CoteClient client, string? path)
    {
        var found = new List<string>();
        while (path is not null)
        {
            var page = (await client.GetAsync(path)).Ok();
            found.AddRange(page.Json.EnumerateArray().Select(x => x.TextOrNull("message_id") ?? x.Text("chat_id")));
            path = page.Header("Link") is { } link ? link[1..link.IndexOf('>', StringComparison.Ordinal)] : null;
        }
        return found;
    }

    /// <summary>Waits until the index has everything of a user.</summary>
    public static Task IndexedAsync(this CoteApp app, CoteClient client) => Patience.UntilAsync(async () =>
        await app.CountAsync($"""
            select count(*) from heads h join search_marks s on s.user_id = h.user_id
            where h.user_id = '{client.Id}' and s.mark >= h.seq and s.goal = 0
            """) == 1, "the index is complete");

    /// <summary>The number that a query answers.</summary>
    public static async Task<long> CountAsync(this CoteApp app, string sql)
    {
        await using var db = await app.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Gives a chat messages as an import does: rows that no event tells of, below those that it has. A server that
    /// runs reads them with the next event of the user.
    /// </summary>
    public static Task FillAsync(
        this CoteApp app, CoteClient client, string chat, int count, Func<int, string> text) => app.WriteAsync(
        [
            .. Enumerable.Range(1, count).Chunk(200).Select(chunk => $"""
                insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp,
                  listed, event_seq)
                values {string.Join(", ", chunk.Select(i => $"""
                  ('{client.Id}', '{Guid.CreateVersion7()}', '{chat}', {100_000 + i}, 'user', 'text',
                   '{text(i).Replace("'", "''", StringComparison.Ordinal)}', 'read', 'normal',
                   {1_700_000_000_000 + i}, 1, 1)
                  """))}
                """),
            $"update search_marks set mark = 0 where user_id = '{client.Id}'",
        ]);

    /// <summary>A server whose index does not follow by itself.</summary>
    public static void WithoutLoop(CoteBuilder add) =>
        add.Services.Remove(add.Services.Single(x => x.ImplementationType == typeof(SearchLoop)));

    /// <summary>Reads all messages of a user into the index, as the loop does, and without its pauses.</summary>
    public static async Task IndexAsync(this IServiceProvider services, CoteClient client)
    {
        var (store, index) = (services.GetRequiredService<SearchStore>(), services.GetRequiredService<SearchIndex>());
        var mark = await store.FindMarkAsync(client.Id, default);
        await index.BeginAsync(mark with { Goal = mark.Head, Place = "m~" });
        while (true)
        {
            mark = await store.FindMarkAsync(client.Id, default);
            var page = await index.ListIdsAsync(client.Id, mark.Place[1..], 500, default);
            var added = await index.ListMissingAsync(client.Id, index.AreMessages(page), 500, default);
            var next = page.Count > 0 ? mark with { Place = "m" + page[^1] }
                : mark with { Mark = mark.Goal, Goal = 0, Place = "" };
            (await index.CommitAsync([new(mark, next) { Added = added }], default)).ShouldBeTrue();
            if (page.Count == 0)
                return;
        }
    }

    /// <summary>Changes rows behind a server's back.</summary>
    public static async Task WriteAsync(this CoteApp app, params string[] statements)
    {
        await using var read = await app.ConnectAsync();
        await using DbConnection db = read is SqliteConnection
            ? new SqliteConnection($"Data Source={Path.Combine(app.Data, "cote.db")};Pooling=False;Default Timeout=60")
            : await app.ConnectAsync();
        if (db is SqliteConnection)
            await db.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = db.CreateCommand();
            command.CommandText = statement;
            await command.ExecuteNonQueryAsync();
        }
    }
}
