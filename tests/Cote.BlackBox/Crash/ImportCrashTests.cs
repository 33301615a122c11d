using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

/// <summary>kill -9 in the middle of an import, between two chats and inside of one that takes many commits.</summary>
[Trait("Stage", "slow")]
public sealed class ImportCrashTests(PublishedProgram program, ITestOutputHelper output)
{
    const int Items = 80;
    const int Short = 4;
    const int Long = 2_500;
    const int NoChat = 20;

    static readonly int[] LongOnes = [40, 60, 75];
    static readonly string Export = new JsonArray([.. Enumerable.Range(0, Items).Select(ItemOf)]).ToJsonString();

    static int Chats => Items - 1;

    static long Messages => (LongOnes.Length * Long) + ((Chats - LongOnes.Length) * Short);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_in_the_background_goes_on_to_its_end_after_kills(bool onPostgres)
    {
        await using var model = await FakeModelServer.Start();
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = await Node.With(program, model).On(database.Url).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var id = (await ImportAsync(ada, later: true))["id"];

        foreach (var chats in new[] { 10, LongOnes[0] - 1 })
        {
            await Patience.UntilAsync(async () => await DoneAsync() >= chats, $"{chats} chats are imported");
            await KillAsync(node, database);
            await node.StartAsync();
            output.WriteLine($"Killed at {await DoneAsync()} chats.");
            await CheckShownAsync(ada);
        }
        JsonElement status = default;
        await Patience.UntilAsync(async () =>
            (status = (await ada.GetAsync($"/import/{id}")).Ok().Json).GetProperty("state").GetString()
                is "done" or "failed", "the import ends");

        status.ToString().ShouldBe($$"""
            {"id":"{{id}}","state":"done","chats":{{Chats}},"messages":{{Messages}},"skipped":[{"item":{{NoChat}},"reason":"not_a_chat"}]}
            """);
        await CheckAllAsync(ada);
        CheckReport(await ImportAsync(ada), 0);
        await CheckAllAsync(ada);
        node.Output.ShouldNotContain("fail:");
        if (!onPostgres)
            Directory.EnumerateFiles(Path.Combine(node.WorkingDirectory, "data", "media"), "*",
                SearchOption.AllDirectories).ShouldBeEmpty();

        async Task<long> DoneAsync() => (await ada.GetAsync($"/import/{id}")).Ok().Json.GetProperty("chats").GetInt64();
    }

    [Fact]
    public async Task One_whose_client_waited_is_repeated_and_brings_what_is_missing()
    {
        await using var model = await FakeModelServer.Start();
        await using var database = await NodeDatabase.MakeAsync(onPostgres: false);
        await using var node = await Node.With(program, model).On(database.Url).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);

        var cut = 0;
        foreach (var chats in new[] { 10, LongOnes[0] - 1 })
        {
            var importing = ImportAsync(ada);
            await Patience.UntilAsync(async () => await CountAsync(ada) >= chats, $"{chats} chats are imported");
            await KillAsync(node, database);
            try
            {
                await importing;
            }
            catch (HttpRequestException)
            {
                cut++;
            }
            await node.StartAsync();
            await CheckShownAsync(ada);
        }
        cut.ShouldBeGreaterThan(0, "a kill that comes after the end proves nothing");
        var left = await CountAsync(ada);

        CheckReport(await ImportAsync(ada), Chats - left);
        await CheckAllAsync(ada);
        CheckReport(await ImportAsync(ada), 0);
        await CheckAllAsync(ada);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_is_killed_is_repeated_and_brings_what_is_missing(bool onPostgres)
    {
        await using var model = await FakeModelServer.Start();
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = await Node.With(program, model).On(database.Url).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        await File.WriteAllTextAsync(Path.Combine(node.WorkingDirectory, "export.json"), Export);
        (await node.StopAsync()).ShouldBe(0);

        var halves = 0L;
        for (var kills = 1; kills <= LongOnes.Length; kills++)
        {
            using var command = Command(node, ada.Username);
            await Patience.UntilAsync(async () => await HalvesAsync(node, database) > 0 || command.HasExited,
                "it is inside of a long chat");
            command.Kill();
            await command.WaitForExitAsync().InTimeAsync();
            halves += await HalvesAsync(node, database);
            await EndLeaseAsync(database);
        }
        halves.ShouldBeGreaterThan(0);
        using var last = Command(node, ada.Username);
        var said = await last.StandardOutput.ReadToEndAsync().InTimeAsync();
        await last.WaitForExitAsync().InTimeAsync();

        last.ExitCode.ShouldBe(0, said);
        await node.StartAsync();
        await CheckAllAsync(ada);
        CheckReport(await ImportAsync(ada), 0);
        await CheckAllAsync(ada);
    }

    // A conversation as ChatGPT exports it, or what is none.
    static JsonNode ItemOf(int item)
    {
        if (item == NoChat)
            return 5;
        var mapping = new JsonObject();
        var count = LongOnes.Contains(item) ? Long : Short;
        for (var i = 0; i < count; i++)
            mapping[$"m{i}"] = new JsonObject
            {
                ["message"] = new JsonObject
                {
                    ["id"] = $"m{i}",
                    ["author"] = new JsonObject { ["role"] = i % 2 == 0 ? "user" : "assistant" },
                    ["content"] = new JsonObject
                    {
                        ["content_type"] = "text",
                        ["parts"] = new JsonArray($"{item}.{i}"),
                    },
                },
                ["parent"] = i == 0 ? null : $"m{i - 1}",
            };
        return new JsonObject
        {
            ["title"] = $"chat {item}",
            ["create_time"] = 1_700_000_000 + item,
            ["mapping"] = mapping,
            ["current_node"] = $"m{count - 1}",
            ["conversation_id"] = $"c{item}",
        };
    }

    static Task<Reply> ImportAsync(CoteClient client, bool later = false) =>
        client.SendAsync(HttpMethod.Post, "/import", Export, x =>
        {
            if (later)
                x.Headers.Add("Prefer", "respond-async");
        });

    static async Task<int> CountAsync(CoteClient client) =>
        (await client.GetAsync("/chats/?limit=1000")).Ok().Json.GetArrayLength();

    // A node that is alone knows that the other is gone; one on PostgreSQL waits for the end of the lease.
    static async Task KillAsync(Node node, NodeDatabase database)
    {
        await Task.Delay(Random.Shared.Next(60)); // the moment of the kill is what is tried out
        await node.KillAsync();
        await EndLeaseAsync(database);
    }

    static Task EndLeaseAsync(NodeDatabase database) =>
        database.ExecuteAsync("update imports set owner = '' where state = 'running'");

    // Chats that a kill would leave unfinished.
    static Task<long> HalvesAsync(Node node, NodeDatabase database) =>
        database.CountAsync(node, "select count(*) from chats where importing is not null");

    static Process Command(Node node, string username)
    {
        var start = new ProcessStartInfo(node.Program, ["import", username, "export.json"])
        {
            WorkingDirectory = node.WorkingDirectory,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in node.Variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    // Each chat is there whole or not at all.
    static async Task CheckShownAsync(CoteClient client)
    {
        foreach (var chat in (await client.GetAsync("/chats/?limit=1000")).Ok().Json.EnumerateArray())
            chat.GetProperty("last_seq").GetInt64().ShouldBe(LengthOf(chat), chat.ToString());
    }

    static int LengthOf(JsonElement chat) =>
        LongOnes.Contains(int.Parse(chat.GetProperty("title").GetString()!.Split(' ')[1])) ? Long : Short;

    // Every chat once, with all its messages in order, each chat with its one event.
    static async Task CheckAllAsync(CoteClient client)
    {
        var export = (await client.GetAsync("/users/me/export")).Ok().Json;
        var chats = export.GetProperty("chats").EnumerateArray().ToList();
        chats.Select(x => x.GetProperty("chat").GetProperty("title").GetString()!).Order().ShouldBe(
            Enumerable.Range(0, Items).Where(x => x != NoChat).Select(x => $"chat {x}").Order());
        foreach (var one in chats)
        {
            var item = one.GetProperty("chat").GetProperty("title").GetString()!.Split(' ')[1];
            one.GetProperty("messages").EnumerateArray().Select(x => x.GetProperty("content").GetString()!)
                .SequenceEqual(Enumerable.Range(0, LengthOf(one.GetProperty("chat"))).Select(i => $"{item}.{i}"))
                .ShouldBeTrue(item);
        }
        var events = (await client.GetAsync("/events")).Ok()["cursor"];
        events.Split('-')[1].ShouldBe(Chats.ToString(), "a chat is one event");
    }

    static void CheckReport(Reply answer, int chats)
    {
        var report = answer.Ok().Json;
        report.GetProperty("chats").GetInt32().ShouldBe(chats);
        report.GetProperty("skipped").EnumerateArray().Select(x => x.GetProperty("reason").GetString()!).Order()
            .ShouldBe([.. Enumerable.Repeat("exists", Chats - chats), "not_a_chat"]);
    }
}
