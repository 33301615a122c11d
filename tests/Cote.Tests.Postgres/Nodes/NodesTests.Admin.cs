using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Fact]
    public async Task A_session_that_an_admin_ends_at_one_node_is_out_at_the_other_within_a_second()
    {
        await using var pair = await Pair.StartAsync();
        using var root = await pair.Live.App.RegisterAdminAsync();

        foreach (var all in (bool[])[false, true])
            await Patience.ShouldTakeAtMostAsync(TimeSpan.FromSeconds(1), async () =>
            {
                using var phone = await pair.Ada.OtherDeviceAsync(pair.There.Url);
                await using var socket = await phone.ConnectAsync();
                var session = (await phone.GetAsync("/sessions/")).Ok().Json.EnumerateArray()
                    .Single(x => x.GetProperty("current").GetBoolean()).GetProperty("id").GetString();
                var watch = System.Diagnostics.Stopwatch.StartNew();
                (await root.DeleteAsync($"/admin/users/{pair.Ada.Id}/sessions" + (all ? "" : $"/{session}"))).Ok();
                (await socket.Closed).ShouldBe(4503);
                (await phone.GetAsync("/users/me")).Status.ShouldBe(401);
                return watch.Elapsed;
            });
    }

    [Fact]
    public async Task An_admin_at_one_node_sees_what_the_other_holds_and_calls()
    {
        await using var pair = await Pair.StartAsync();
        using var root = await pair.Live.App.RegisterAdminAsync();
        var chat = await pair.Ada.CreateChatAsync(model: "openai");
        var other = await pair.Ada.CreateChatAsync(model: "openai");
        var play = pair.Live.Play(FakeReply.Refuse(429, null, ("Retry-After", "25")));
        var gate = new Gate();

        var (_, retried) = await pair.AdaThere.AskForAsync(chat, play);
        var (_, streams) = await pair.Ada.AskForAsync(
            other, pair.Live.Play(FakeReply.Text("A word, ").ThenWaitFor(gate).Then("and more")));

        JsonElement[] nodes = [];
        await Patience.UntilAsync(
            async () => (nodes = [.. (await root.GetAsync("/admin/overview")).Ok().Json.GetProperty("nodes")
                .EnumerateArray()]).Length == 2, "both nodes are alive");
        nodes.Select(x => x.GetProperty("current").GetBoolean()).ShouldBe([true, false]);
        var (here, there) = (nodes[0].GetProperty("id").GetString(), nodes[1].GetProperty("id").GetString());
        await Patience.UntilAsync(
            async () => await FindAsync(retried) is { ValueKind: JsonValueKind.Object } found
                && found.GetProperty("waits_for").GetString() == "retry"
                && found.GetProperty("node").GetString() == there
                && found.GetProperty("fault").GetString() == "rate_limited", "the other node's retry is told here");
        (await FindAsync(streams)).GetProperty("node").GetString().ShouldBe(here);
        var openai = (await root.GetAsync("/admin/providers")).Ok().Json.EnumerateArray()
            .Where(x => x.GetProperty("name").GetString() == "openai").ToList();
        openai.Select(x => x.GetProperty("node").GetString()).ShouldBe([here, there], ignoreOrder: true);
        openai.Single(x => !x.GetProperty("current").GetBoolean()).GetProperty("state").GetString()
            .ShouldBe("failing");
        // A reply of the other node is stopped from here.
        (await root.PostAsync($"/admin/replies/{retried}/stop")).Ok().Json.GetProperty("stopped").GetInt32()
            .ShouldBe(1);
        gate.Open();
        await pair.Ada.EndOfAsync(other, streams);
        await pair.There.StopAsync();
        (await root.GetAsync("/admin/overview")).Ok().Json.GetProperty("nodes").GetArrayLength()
            .ShouldBe(1, "a node that stops takes its row along");

        async Task<JsonElement> FindAsync(string reply) => (await root.GetAsync("/admin/replies")).Ok().Json
            .EnumerateArray().FirstOrDefault(x => x.GetProperty("id").GetString() == reply);
    }
}
