using System.Text.Json;
using System.Text.RegularExpressions;
using Cote.Data;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Npgsql;

namespace Cote.Tests.Data;

/// <summary>
/// Where most users have a chat and two messages and one has thousands, statements look up his rows by their ids, and
/// do not join all rows that he has.
/// </summary>
public sealed partial class UserPlanTests : IAsyncLifetime
{
    // What grows with what a user writes; of sessions, devices and the like he has a few.
    static readonly string[] Growing =
    [
        "chats", "messages", "events", "calls", "tool_calls", "message_parts", "message_media", "media", "media_forms",
        "search_documents",
    ];

    static readonly string[] Known =
    [
        "insert into messages (", "update messages set state", "from events e", "insert into events",
        "search_documents d", "message_media mm", "update chats set", "with p (copy)",
    ];

    // Two rows for each of two thousand users, and three thousand for one, whose id is $big.
    const string Many = """
        (select u, k, u || '-' || k as id, row_number() over () as n from (
          select 'u' || i as u, k from generate_series(1, 2000) i, generate_series(1, 2) k
          union all select '$big', k from generate_series(1, 3000) k) each) many
        """;

    readonly LiveApp _live = new();

    public ValueTask InitializeAsync() => _live.InitializeAsync();

    public ValueTask DisposeAsync() => _live.DisposeAsync();

    [Fact]
    public async Task What_a_statement_joins_is_looked_up_and_not_read_for_the_whole_user()
    {
        using var ada = await _live.RegisterAsync();
        await PlantAsync(ada.Id);

        using var asked = new StatementListener(_live.App);
        await UseAsync(ada);
        var texts = asked.Texts.Distinct().ToList();

        // A statement of a batch stands within the text of the batch.
        var seen = SqlTexts.All.Where(x => Planned().IsMatch(x)
            && texts.Any(y => y.Contains(x, StringComparison.Ordinal))).Distinct().ToList();
        foreach (var known in Known)
            seen.ShouldContain(x => x.Contains(known, StringComparison.Ordinal), known);
        await using var db = (NpgsqlConnection)await _live.App.ConnectAsync();
        // An index of a part of the table is small by itself.
        var small = await ListAsync(db,
            "select indexrelid::regclass::text from pg_index where indpred is not null and not indisprimary");
        var (whole, planned) = (new List<string>(), 0);
        foreach (var sql in seen)
            if (await PostgresPlan.ExplainAsync(db, sql) is { } plan && ++planned > 0)
                whole.AddRange(WholeIn(plan).Except(small).Select(x => $"{x}: {sql}"));
        whole.ShouldBeEmpty();
        planned.ShouldBeGreaterThan(seen.Count * 9 / 10);
    }

    [Fact]
    public async Task Every_table_says_how_many_rows_a_user_has()
    {
        await using var db = (NpgsqlConnection)await _live.App.ConnectAsync();

        var without = await ListAsync(db, """
            select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
            where c.relkind = 'r' and c.relnamespace = cast(current_schema() as regnamespace)
              and not exists (select 1 from pg_index i
                where i.indrelid = c.oid and i.indisunique and i.indnatts = 1 and i.indkey[0] = a.attnum)
              and coalesce(array_to_string(a.attoptions, ','), '') not like 'n_distinct=-0.0%'
            """);

        without.ShouldBeEmpty();
    }

    static async Task UseAsync(CoteClient ada)
    {
        var photo = (await ada.UploadAsync(Samples.Png(), "dove.png")).Ok()["url"];
        var chat = await ada.CreateChatAsync();
        var sent = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "a dove", media = new[] { new { type = "image", url = photo } } })).Ok().Json;
        await ada.EndOfAsync(chat, sent.Text("reply_id"));
        (await ada.PutAsync($"/chats/{chat}/messages/{sent.Text("reply_id")}/read")).Ok();
        (await ada.PutAsync($"/chats/{chat}/messages/{sent.Text("reply_id")}/feedback", new { rating = 1 })).Ok();
        var again = (await ada.PostAsync($"/chats/{chat}/messages/{sent.Text("reply_id")}/regenerate")).Ok().Json;
        await ada.EndOfAsync(chat, again.Text("id"));
        (await ada.PutAsync($"/chats/{chat}/leaf", new { message_id = sent.Text("reply_id") })).Ok();
        var fork = (await ada.PostAsync($"/chats/{chat}/fork")).Ok()["id"];
        (await ada.PostAsync($"/chats/{fork}/shares")).Ok();
        foreach (var path in new[]
            {
                "/chats/", $"/chats/{chat}", $"/chats/{chat}/messages/", $"/chats/{chat}/messages/?branches=all",
                $"/chats/{chat}/messages/{again.Text("id")}/siblings", $"/chats/{chat}/export", "/shares/", "/sync",
                "/events?cursor=&wait=0", "/search?q=dove", $"/search?q=dove&chat_id={chat}", "/usage",
            })
            (await ada.GetAsync(path)).Ok();
        (await ada.PatchAsync($"/chats/{chat}", new { title = "Doves", is_pinned = true })).Ok();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{again.Text("id")}")).Ok();
        (await ada.DeleteAsync($"/chats/{fork}")).Ok();
        await using var stream = await ada.StreamAsync(HttpMethod.Get, "/events");
    }

    async Task PlantAsync(string big)
    {
        string[] inserts =
        [
            "chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint) "
                + "select u, id, '', 0, 0, 0, k, k, ''",
            "messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp, listed, "
                + "parent_id) select u, id, id, 1, 'user', 'text', 'x', 'sent', 'normal', 0, 1, ''",
            "events (user_id, seq, type, chat_id, message_id, at) select u, k, 'message.created', id, id, 0",
            "calls (user_id, subject_id, purpose, model, owner, attempt, until, at, day, month, state) "
                + "select u, id, 'chat', 'm', '', 1, 0, 0, 0, 0, 1",
            "tool_calls (user_id, reply_id, call_id, provider_call_id, hash, data, input, state, epoch, step, idx, "
                + "part) select u, id, id, id, '', '{}', '{}', 'done', '', 0, 0, 0",
            "message_parts (user_id, message_id, idx, chunk, rev, data, text) select u, id, 0, 0, 1, '{}', ''",
            "message_media (user_id, message_id, place, chat_id, media_id) select u, id, 0, id, id",
            "media (user_id, id, blob_id, name, content_type, size, created_at) select u, id, id, '', '', 1, 0",
            "media_forms (user_id, media_id, kind, content_type, size, created_at) select u, id, 'text', '', 1, 0",
            "search_documents (id, user_id, chat_id, message_id, terms) select n, u, id, id, 'x'",
        ];
        await _live.App.PlantAsync(string.Concat(inserts.Select(x => $"insert into {x} from {Many};"))
            .Replace("$big", big, StringComparison.Ordinal) + "update heads set seq = 3000; analyze");
    }

    // An index that is walked for a user, once for each row of another table.
    static IEnumerable<string> WholeIn(JsonElement plan) =>
        from x in PostgresPlan.NodesOf(plan)
        where x.IsRepeated
            && x.Node.TryGetProperty("Relation Name", out var table) && Growing.Contains(table.GetString())
        let name = x.Node.TryGetProperty("Index Cond", out _) ? "Index Cond" : "Recheck Cond"
        where x.Node.TryGetProperty(name, out var condition)
            && condition.GetString()!.StartsWith("(user_id = ", StringComparison.Ordinal)
            && !condition.GetString()!.Contains(" AND ", StringComparison.Ordinal)
        select IndexOf(x.Node);

    static string IndexOf(JsonElement scan) =>
        scan.TryGetProperty("Index Name", out var name) ? name.GetString()! : IndexOf(scan.GetProperty("Plans")[0]);

    static async Task<List<string>> ListAsync(NpgsqlConnection db, string sql)
    {
        await using var command = new NpgsqlCommand(sql, db);
        await using var rows = await command.ExecuteReaderAsync();
        var list = new List<string>();
        while (await rows.ReadAsync())
            list.Add(rows.GetString(0));
        return list;
    }

    [GeneratedRegex(@"^\s*(select|insert|update|delete|with)\b")]
    private static partial Regex Planned();
}
