using System.Text;
using Cote.Admin;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

/// <summary><c>check</c>: it finds a fault of each kind, and none in a database that is well.</summary>
public sealed partial class CheckTests
{
    const string Question = "(select id from messages where sender = 'user' and content = 'two')";
    const string Answer = "(select reply_id from messages where sender = 'user' and content = 'two')";
    const string First = "(select id from messages where sender = 'user' and content = 'one')";
    const string Uid = "(select id from users where username_key = 'ada')";

    // What is done to a healthy database, what undoes it, and what is said of it.
    static readonly (string Plant, string Undo, string Says)[] Faults =
    [
        ("update shares set chat_id = 'x'", "update shares set chat_id = (select id from chats)",
            "rows: shares {share}: user_id, chat_id names a row of chats that is not there. Delete the row"),
        ("update media set blob_id = 'x'", "update media set blob_id = (select id from blobs)",
            "media {user} {media}: blob_id names a row of blobs that is not there"),
        ($"update messages set state = 'done' where id = {Question}",
            $"update messages set state = null where id = {Question}",
            "rows: message {question} of user {user} has the sender user and the state done"),
        ($"update messages set status = 'seen' where id = {Answer}",
            $"update messages set status = 'read' where id = {Answer}",
            "rows: message {answer} of user {user} has the status seen"),
        ($"update messages set text_attempt = 9 where id = {Answer}",
            $"update messages set text_attempt = attempt where id = {Answer}",
            "shows the text of an attempt that was never made"),
        ($"update messages set state = 'waiting' where id = {Answer}",
            $"update messages set state = 'completed' where id = {Answer}",
            "rows: message {answer} of user {user} waits, but no call of it does"),
        ($"update messages set state = 'running', owner = null, lease_until = 5 where id = {Answer}",
            $"update messages set state = 'completed', lease_until = 0 where id = {Answer}",
            "rows: message {answer} of user {user} is running without an owner"),
        ($"""
            insert into tool_calls (user_id, reply_id, call_id, provider_call_id, hash, data, input, state, epoch, step,
              idx, part)
            values ({Uid}, {Answer}, 'c1', '', '', '', '', 'running', '', 0, 0, 0)
            """, "delete from tool_calls", "rows: tool call c1 of message {answer} of user {user} is running"),
        ($"update messages set reply_to_id = 'x' where id = {Answer}",
            $"update messages set reply_to_id = {Question} where reply_to_id = 'x'",
            "rows: message {answer} of user {user} answers the message x"),
        ("delete from meta where key = 'epoch'", "insert into meta (key, value) values ('epoch', 'abc')",
            "events: the database has 0 epochs. Run new-epoch."),
        ("update events set seq = seq + 1000 where seq = 2", "update events set seq = 2 where seq = 1002",
            "events: the events of user {user} from 0 to "),
        ("update chats set changed = changed + 1000", "update chats set changed = changed - 1000",
            "events: chat {chat} of user {user} changed at the event "),
        ($"update messages set event_seq = event_seq + 1000 where id = {Answer}",
            $"update messages set event_seq = event_seq - 1000 where id = {Answer}",
            "events: message {answer} of user {user} was sent at the event "),
        ($"update messages set parent_id = 'x' where id = {Question}",
            $"update messages set parent_id = (select reply_id from messages where id = {First}) where id = {Question}",
            "tree: message {question} of user {user} follows x, which is not in its chat"),
        ($"update messages set seq = 100 where id = {First}", $"update messages set seq = 1 where id = {First}",
            "of user {user} comes before {first}, which it follows"),
        ("update chats set last_seq = 1", "update chats set last_seq = (select max(seq) from messages)",
            "tree: chat {chat} of user {user} has a message of the place "),
        ("update chats set leaf_id = 'x'", $"update chats set leaf_id = {Answer}",
            "tree: chat {chat} of user {user} ends at x"),
        ($"update chats set leaf_id = {Question}", $"update chats set leaf_id = {Answer}",
            "tree: chat {chat} of user {user} has {answer} on its path, behind its end"),
        ($"update messages set on_path = 0 where id = {First}", $"update messages set on_path = 1 where id = {First}",
            "on its path, but not the message before it"),
        ($"update messages set parent_id = '' where id = {Question}",
            $"update messages set parent_id = (select reply_id from messages where id = {First}) where id = {Question}",
            "tree: chat {chat} of user {user} has a path that goes two ways after ''"),
        ($"update messages set deleted_at = 1 where id = {Answer}",
            $"update messages set deleted_at = null where id = {Answer}",
            "tree: message {answer} of user {user} is deleted, and on the path"),
        ($"update calls set state = 0 where subject_id = {Answer}",
            $"update calls set state = 1 where subject_id = {Answer}",
            "of the reply {answer} of user {user} is reserved, but the reply has ended"),
        ($"update calls set state = 2, purpose = 'title' where subject_id = {Answer}",
            $"update calls set state = 1, purpose = 'chat' where subject_id = {Answer}",
            " of {answer} of user {user} was never settled"),
        ($"update budgets set day_tokens = day_tokens + 1 where user_id = {Uid}",
            $"update budgets set day_tokens = day_tokens - 1 where user_id = {Uid}",
            "ledger: day_tokens of the budget of '{user}' is "),
        ($"update budgets set month_reserved_cost = 5 where user_id = {Uid}",
            $"update budgets set month_reserved_cost = 0 where user_id = {Uid}",
            "ledger: month_reserved_cost of the budget of '{user}' is 5, its open calls have 0"),
        ("update search_marks set mark = mark + 1000", "update search_marks set mark = mark - 1000",
            "search: the index of user {user} has come to the event "),
        ($"update messages set content = '' where id = {Question}",
            $"update messages set content = 'two' where content = ''",
            "search: message {question} of user {user} is gone, and still in the index"),
        ("update search_documents set message_id = 'x' where message_id = " + Question,
            "update search_documents set message_id = " + Question + " where message_id = 'x'",
            "search: message {question} of user {user} is not in the index"),
    ];

    [Fact]
    public async Task A_fault_of_each_kind_is_found_with_its_row_and_what_to_do()
    {
        await using var app = await CoteApp.StartAsync(
            "Budgets:DayTokens=1000000", "Budgets:All:MonthTokens=1000000000");
        using var ada = await app.RegisterAsync("ada");
        var names = await FillAsync(app, ada);
        await app.StopAsync();
        await using var checks = await Checks.OpenAsync(app);
        (await checks.RunAsync()).ShouldBe((0, ""));

        foreach (var (plant, undo, says) in Faults.Concat(FaultsOfParts))
        {
            await app.PlantAsync(plant);
            var (code, said) = await checks.RunAsync();
            await app.PlantAsync(undo);

            code.ShouldBe(2, plant);
            said.ShouldContain(names.Aggregate(
                says, (x, y) => x.Replace($"{{{y.Key}}}", y.Value, StringComparison.Ordinal)));
        }
        (await checks.RunAsync()).ShouldBe((0, ""), "each was taken back");
    }

    [Fact]
    public async Task Bytes_that_are_gone_cut_or_changed_are_found()
    {
        var folder = Directory.CreateTempSubdirectory("cote-blobs-").FullName;
        string[] disk = ["--Cote:Media:Storage=disk", $"--Cote:Media:Directory={folder}"];
        await using var app = await CoteApp.StartAsync(disk);
        using var ada = await app.RegisterAsync("ada");
        (await ada.UploadAsync(Samples.Png(extra: 5_000), "a.png")).Ok();
        await app.StopAsync();
        var blob = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(blob);
        await using var checks = await Checks.OpenAsync(app, disk);

        (await checks.RunAsync(isDeep: true)).ShouldBe((0, ""));
        await File.WriteAllBytesAsync(blob, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        (await checks.RunAsync()).ShouldBe((0, ""), "only a deep check reads it");
        var deep = await checks.RunAsync(isDeep: true);
        await File.WriteAllBytesAsync(blob, bytes[..^1]);
        var cut = await checks.RunAsync();
        File.Delete(blob);
        var gone = await checks.RunAsync();
        await File.WriteAllBytesAsync(blob, bytes);
        await app.PlantAsync("update blobs set size = 0");
        var none = await checks.RunAsync();

        deep.Said.ShouldContain($"blobs: blob {Path.GetFileName(blob)} has other bytes than were uploaded");
        cut.Said.ShouldContain(
            $"{Path.GetFileName(blob)} has {bytes.Length - 1} bytes where {bytes.Length} were uploaded");
        gone.Said.ShouldContain($"{Path.GetFileName(blob)} has no bytes");
        none.Said.ShouldContain($"{Path.GetFileName(blob)} has {bytes.Length} bytes where 0 were uploaded");
        (deep.Code, cut.Code, gone.Code, none.Code).ShouldBe((2, 2, 2, 2));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_healthy_database_under_load_has_no_fault_at_any_moment()
    {
        await using var app = await CoteApp.StartAsync(
            "Budgets:DayTokens=100000000", "Budgets:All:MonthTokens=1000000000");
        app.Model.Script = FakeReply.Text("some ", "words");
        using var users = new CancellationTokenSource();
        var steps = 0;
        var busy = Enumerable.Range(0, 4)
            .Select(seed => WalkAsync(app, seed, () => Interlocked.Increment(ref steps), users.Token)).ToList();

        for (var i = 0; i < 4 || Volatile.Read(ref steps) < 60; i++)
            (await CheckAsync(app.Services)).ShouldBe((0, ""));
        await users.CancelAsync();
        await Task.WhenAll(busy);

        (await CheckAsync(app.Services)).ShouldBe((0, ""));
    }

    // Sends, edits, other versions, switches, deletions, uploads, shares, forks: whatever comes.
    static async Task WalkAsync(CoteApp app, int seed, Action stepped, CancellationToken until)
    {
        using var user = await app.RegisterAsync();
        var random = new Random(seed);
        var chat = await user.CreateChatAsync();
        for (var steps = 0; !until.IsCancellationRequested; steps++)
        {
            stepped();
            var messages = await user.MessagesAsync(chat);
            string any() => messages[random.Next(messages.Count)].GetProperty("id").GetString()!;
            _ = messages.Count == 0 ? await SendAsync(new { content = "first" }) : random.Next(9) switch
            {
                0 => await user.DeleteAsync($"/chats/{chat}/messages/{any()}"),
                1 => await user.PostAsync($"/chats/{chat}/messages/{any()}/regenerate", new { }),
                2 => await user.PutAsync($"/chats/{chat}/leaf", new { message_id = any() }),
                3 => await SendAsync(new { content = "edited", version_of = any() }),
                4 => await SendAsync(new { content = "elsewhere", parent_id = any(), stop = true }),
                5 => await SendAsync(new
                {
                    content = "",
                    type = "image",
                    media_urls = new[] { (await user.UploadAsync(Samples.Png(extra: steps), "a.png")).Ok()["url"] },
                }),
                6 => await user.PostAsync($"/chats/{chat}/shares", new { }),
                7 when random.Next(4) == 0 => await AnotherAsync(),
                _ => await SendAsync(new { content = $"number {steps}" }),
            };
        }

        Task<Reply> SendAsync(object body) => user.PostAsync($"/chats/{chat}/messages/", body);

        async Task<Reply> AnotherAsync()
        {
            var gone = await user.DeleteAsync($"/chats/{chat}");
            chat = await user.CreateChatAsync();
            return gone;
        }
    }

    static async Task<Dictionary<string, string>> FillAsync(CoteApp app, CoteClient ada)
    {
        app.Model.Script = FakeReply.Text("an answer");
        var chat = await ada.CreateChatAsync("chat");
        var names = new Dictionary<string, string> { ["user"] = ada.Id, ["chat"] = chat };
        foreach (var (name, content) in new[] { ("first", "one"), ("question", "two") })
        {
            var question = await ada.AskAsync(chat, content);
            names[name] = question.GetProperty("id").GetString()!;
            names["answer"] = question.GetProperty("reply_id").GetString()!;
            await ada.EndOfAsync(chat, names["answer"]);
        }
        names["share"] = (await ada.PostAsync($"/chats/{chat}/shares", new { })).Ok()["id"];
        names["media"] = (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok()["id"];
        await Patience.UntilAsync(
            async () => (await app.RowsAsync())["search_marks"].Count > 0 && await IsIndexedAsync(app),
            "the index has everything");
        return names;
    }

    static async Task<bool> IsIndexedAsync(CoteApp app) => await app.Services.GetRequiredService<Database>().FirstAsync(
        $"select count(*) from search_marks s join heads h on h.user_id = s.user_id and s.mark = h.seq and s.goal = 0",
        row => row.GetInt64(0), default) == 1;

    static async Task<(int Code, string Said)> CheckAsync(IServiceProvider services, bool isDeep = false)
    {
        using var said = new MemoryStream();
        await CommandConsole.Run((console, ct) => services.GetRequiredService<CheckDatabase>()
            .RunAsync(isDeep, console, ct)).WriteAsync!(said, default);
        said.Position = 0;
        using StringWriter output = new(), error = new();
        var code = await CommandConsole.PrintAsync(said, output, error, default);
        return (code ?? throw new InvalidOperationException(error.ToString()), output.ToString());
    }

    /// <summary>The services of a server that does not run, with the database open.</summary>
    sealed class Checks(Microsoft.AspNetCore.Builder.WebApplication host) : IAsyncDisposable
    {
        public static async Task<Checks> OpenAsync(CoteApp app, params string[] settings)
        {
            var host = CoteHost.Create([.. app.Place, .. settings]);
            await host.Services.GetRequiredService<DatabaseEngine>().OpenAsync(default);
            return new(host);
        }

        public Task<(int Code, string Said)> RunAsync(bool isDeep = false) => CheckAsync(host.Services, isDeep);

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
