using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

/// <summary>The replies that have not ended, and what holds them.</summary>
public sealed partial class OpenReplyTests(OpenReplyTests.App app) : IClassFixture<OpenReplyTests.App>
{
    const string Secret = "what nobody else may read";
    const string Beginning = "A wörd, "; // its length is told in bytes

    /// <summary>A server with one slot for each user's replies.</summary>
    public sealed class App : ToolApp
    {
        protected override string[] Settings => ["Assistants:MaxParallelRepliesPerUser=1"];
    }

    LiveApp Live => app.Live;

    [Fact]
    public async Task It_is_said_what_each_reply_waits_for()
    {
        using var root = await Live.App.RegisterAdminAsync();
        using var ada = await Live.RegisterAsync();
        using var bob = await Live.RegisterAsync();
        var gate = new Gate();
        var (chat, other) = (await ada.CreateChatAsync(Secret, "openai"), await ada.CreateChatAsync(Secret, "openai"));
        var streams = Live.Play(FakeReply.Text(Beginning).ThenWaitFor(gate).Then("and more."));
        var (_, first) = await ada.AskForAsync(chat, streams);
        var second = (await ada.AskAsync(chat, Secret)).Text("reply_id");
        var third = (await ada.AskAsync(other, Secret)).Text("reply_id");
        var silent = Live.Play(FakeReply.After(gate).Then("late"));
        var (_, fourth) = await bob.AskForAsync(await bob.CreateChatAsync(model: "openai"), silent);
        await silent.NextCallAsync();
        await HoldAsync(root, first, null);

        var shown = await FindAsync(root, first);
        (shown.Text("state"), shown.Text("user_id"), shown.Text("username"), shown.Text("chat_id"))
            .ShouldBe(("running", ada.Id, ada.Username, chat));
        shown.Number("attempt").ShouldBe(1);
        shown.GetProperty("heartbeat_age").GetDouble().ShouldBeInRange(0, 60);
        shown.GetProperty("lease_until").GetDateTimeOffset()
            .ShouldBeGreaterThan(shown.GetProperty("call_at").GetDateTimeOffset());
        var overview = (await root.GetAsync("/admin/overview")).Ok().Json;
        overview.GetProperty("nodes")[0].Text("id").ShouldBe(shown.Text("node"));
        shown.GetProperty("shown_at").GetDateTimeOffset()
            .ShouldBeGreaterThan(shown.GetProperty("asked_at").GetDateTimeOffset());
        (await FindAsync(root, second)).Text("waits_for").ShouldBe("turn");
        (await FindAsync(root, third)).Text("waits_for").ShouldBe("slot");
        (await FindAsync(root, third)).GetProperty("node").ValueKind.ShouldBe(JsonValueKind.Null);
        (await FindAsync(root, fourth)).Text("waits_for").ShouldBe("model");

        var page = (await root.GetAsync($"/admin/replies?user_id={ada.Id}&limit=2")).Ok();
        page.Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([first, second], "the oldest first");
        (await root.GetAsync(page.NextPage!)).Ok().Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([third]);
        (await root.GetAsync(page.NextPage!)).NextPage.ShouldBeNull();
        await Patience.UntilAsync(
            async () => (await FindAsync(root, first)).Number("length") == Beginning.Length + 1, "it is written");
        page.Text.ShouldNotContain(Secret);
        page.Text.ShouldNotContain("A w");
        (await root.GetAsync($"/admin/replies?limit=0&after={first}&user_id=y")).ShouldBeWrong(
            "query.limit greater_than_equal", "query.after value_error", "query.user_id uuid_parsing");
        gate.Open();
        await ada.EndOfAsync(other, third);
        await HoldAsync(root, first, "gone");
    }

    [Fact]
    public async Task A_retry_is_told_with_its_time_and_its_reason()
    {
        using var root = await Live.App.RegisterAdminAsync();
        using var ada = await Live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var play = Live.Play(FakeReply.Refuse(429, null, ("Retry-After", "25")), FakeReply.Text("ok"));
        var (_, reply) = await ada.AskForAsync(chat, play);

        await HoldAsync(root, reply, "retry");

        var held = await FindAsync(root, reply);
        held.Text("fault").ShouldBe("rate_limited");
        held.GetProperty("until").GetDateTimeOffset()
            .ShouldBeGreaterThan(held.GetProperty("asked_at").GetDateTimeOffset());
        var model = await root.ModelAsync("openai", "fake");
        (model.Text("last_fault"), model.GetProperty("retry_at").GetDateTimeOffset() - held.GetProperty("until")
            .GetDateTimeOffset() < TimeSpan.FromSeconds(5)).ShouldBe(("rate_limited", true));
        (await root.PostAsync($"/admin/replies/{reply}/stop")).Ok();
    }

    [Fact]
    public async Task A_tool_that_is_called_a_person_and_a_client_are_told_apart()
    {
        using var root = await Live.App.RegisterAdminAsync();
        using var ada = await Live.RegisterAsync();
        var (begun, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Tools.Does["look"] = async (_, _, ct) =>
        {
            begun.SetResult(); // that it runs is written before
            await gate.Task.WaitAsync(ct);
            return Secret;
        };
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, calls) = await ada.AskForAsync(
            chat, Live.Play(FakeReply.Call("look", $$"""{"text":"{{Secret}}"}"""), FakeReply.Text("ok")));
        await begun.Task.InTimeAsync();
        (await FindAsync(root, calls)).Text("waits_for").ShouldBe("tool");
        var call = (await FindAsync(root, calls)).GetProperty("tool_calls")[0];
        (call.Text("call_id"), call.Text("name"), call.Text("source"), call.Text("state"))
            .ShouldBe(("call_0_0", "look", "server", "running"));
        gate.SetResult();
        await ada.EndOfAsync(chat, calls);

        var asks = IdOf(await ada.WaitForToolAsync("demo/approval"));
        var brings = IdOf(await ada.WaitForToolAsync("demo/client-tool", new
        {
            content = Secret,
            client_id = "phone",
            client_tools = new[] { new { name = "place" } },
        }));
        (await FindAsync(root, asks)).Text("waits_for").ShouldBe("approval");
        var waits = await FindAsync(root, brings);
        waits.Text("waits_for").ShouldBe("client");
        waits.GetProperty("until").GetDateTimeOffset()
            .ShouldBeGreaterThan(waits.GetProperty("asked_at").GetDateTimeOffset());
        waits.GetProperty("tool_calls")[0].TryGetProperty("name", out _).ShouldBeFalse("a client names it as it likes");
        (await root.GetAsync("/admin/replies?limit=1000")).Ok().Text.ShouldNotContain(Secret);
    }

    [Fact]
    public async Task An_admin_stops_a_reply_and_no_other_of_its_chat()
    {
        using var root = await Live.App.RegisterAdminAsync();
        using var ada = await Live.RegisterAsync();
        var gate = new Gate();
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, first) = await ada.AskForAsync(
            chat, Live.Play(FakeReply.Text("Half a ").ThenWaitFor(gate).Then("reply")));
        var (_, second) = await ada.AskForAsync(chat, Live.Play(FakeReply.Text("Whole")));
        await HoldAsync(root, first, null);

        (await root.PostAsync($"/admin/replies/{first}/stop")).Ok().Json.Number("stopped").ShouldBe(1);

        (await ada.MessageAsync(chat, first)).Text("generation", "state").ShouldBe("stopped");
        (await ada.EndOfAsync(chat, second)).Text("content").ShouldBe("Whole");
        (await root.PostAsync($"/admin/replies/{first}/stop"))
            .ShouldBeProblem(404, "message_not_found", "No such open reply");
        (await root.PostAsync("/admin/replies/nonsense/stop")).Status.ShouldBe(404);
        var audit = (await root.GetAsync($"/admin/audit?user_id={ada.Id}&limit=1")).Ok().Json[0];
        (audit.Text("action"), audit.Text("actor"), audit.Text("detail")).ShouldBe(("reply_stopped", root.Id, first));
        gate.Open();
    }

    [Fact]
    public async Task A_reply_whose_node_is_lost_waits_for_a_node()
    {
        await using var live = await LiveApp.StartAsync();
        using var root = await live.App.RegisterAdminAsync();
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var chat = await ada.CreateChatAsync(model: "openai");
        var play = live.Play(FakeReply.After(gate).Then("late"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await play.NextCallAsync();

        // Between a renewal and the next: whoever held it holds it no more.
        await Patience.UntilAsync(
            async () =>
            {
                await live.App.SetRowsAsync(
                    $"update messages set lease_until = 1, owner = 'gone' where id = '{reply}' and state = 'running'");
                var found = await FindAsync(root, reply);
                return found.ValueKind == JsonValueKind.Object && found.GetProperty("waits_for").GetString() == "node"
                    && found.GetProperty("node").ValueKind == JsonValueKind.Null;
            },
            "nobody holds it");

        gate.Open();
    }

    // Where null is waited for, text comes; `gone`: it has ended.
    static Task HoldAsync(CoteClient root, string reply, string? hold) => Patience.UntilAsync(
        async () => await FindAsync(root, reply) is { ValueKind: JsonValueKind.Object } found
            ? hold != "gone" && found.GetProperty("waits_for").GetString() == hold : hold == "gone",
        $"the reply waits for {hold ?? "nothing"}");

    static async Task<JsonElement> FindAsync(CoteClient root, string reply) =>
        (await root.GetAsync("/admin/replies?limit=1000")).Ok().Json.EnumerateArray()
            .FirstOrDefault(x => x.Text("id") == reply);

    // Of a path: /chats/…/messages/<reply>/tool_calls/….
    static string IdOf(string path) => path.Split('/')[4];
}
