using System.Security.Cryptography;
using System.Text;
using Cote.BlackBox.Cluster;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Telemetry;

/// <summary>The trace of one reply over two nodes of the published program.</summary>
[Trait("Stage", "slow")]
public sealed class TraceTests(PublishedProgram program)
{
    [Fact]
    public async Task A_reply_has_one_trace_though_its_node_is_killed_and_another_makes_it()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var model = await FakeModelServer.Start();
        model.Enqueue(FakeReply.Refuse(500), FakeReply.Text("Half ").ThenStall());
        model.Script = FakeReply.Text("All ", "of it");
        await using var fleet = await StartAsync(collector, model);
        var (first, second) = (fleet.Nodes[0], fleet.Nodes[1]);
        using var ada = await CoteClient.RegisterAsync(first.Url);
        using var elsewhere = await ada.OtherDeviceAsync(second.Url);
        var chat = await ada.CreateChatAsync();
        await using var socket = await elsewhere.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        await socket.ShowsAsync(reply, "Half ");
        var trace = TraceOf(ada.Id, reply);
        await Patience.UntilAsync(
            () => Task.FromResult(collector.Spans.Count(x => x.TraceId == trace) >= 3),
            "the first node has exported the send, its claim and the call that was refused");

        await first.KillAsync();
        await socket.EndOfAsync(reply);
        await second.StopAsync(); // It exports what it has.

        var spans = collector.Spans.Where(x => x.TraceId == trace).ToList();
        spans.Select(x => x.Service).Distinct().Count().ShouldBe(2);
        spans.Count(x => x.Name == "send").ShouldBe(1);
        spans.Where(x => x.Name == "claim").Select(x => x.Attributes["cote.reply.attempt"]).Order()
            .ShouldBe(["1", "3"]); // The second call of the first node has raised it to 2.
        var run = spans.Single(x => x.Name == "reply"); // That of a killed node is never told of.
        (run.ParentId, run.Attributes["cote.state"], run.Attributes["cote.reply.takeovers"])
            .ShouldBe(("", "completed", "1"));
        var calls = spans.Where(x => x.Name == "chat fake").ToList();
        calls.Select(x => x.Attributes.GetValueOrDefault("error.type", "none")).Order()
            .ShouldBe(["bad_upstream", "none"]);
        var made = calls.Single(x => x.Status == 0);
        made.ParentId.ShouldBe(run.SpanId);
        made.Attributes["gen_ai.provider.name"].ShouldBe("openai");
        made.Attributes["gen_ai.response.finish_reasons"].ShouldBe("stop");
        made.Attributes["gen_ai.usage.input_tokens"].ShouldBe("11");
        ShouldBeLinked(collector, spans.Single(x => x.Name == "send"));
        foreach (var metric in new[] { "db.client.connection", "cote.replies.open", "cote.queue.age" })
            collector.TextOf("metrics").ShouldContain(metric); // The driver's own, and what the rows say.
    }

    [Fact]
    public async Task A_stopped_node_hands_its_reply_over_and_both_attempts_stand_in_the_trace()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var model = await FakeModelServer.Start();
        model.Enqueue(FakeReply.Text("Half ").ThenStall());
        model.Script = FakeReply.Text("All ", "of it");
        await using var fleet = await StartAsync(collector, model);
        var (first, second) = (fleet.Nodes[0], fleet.Nodes[1]);
        using var ada = await CoteClient.RegisterAsync(first.Url);
        using var elsewhere = await ada.OtherDeviceAsync(second.Url);
        var chat = await ada.CreateChatAsync();
        await using var socket = await elsewhere.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        await socket.ShowsAsync(reply, "Half ");

        await first.StopAsync();
        await socket.EndOfAsync(reply);
        await second.StopAsync();

        var spans = collector.Spans.Where(x => x.TraceId == TraceOf(ada.Id, reply)).ToList();
        spans.Where(x => x.Name == "reply").Select(x => x.Attributes["cote.state"]).Order()
            .ShouldBe(["completed", "handed_over"]);
        spans.Where(x => x.Name == "reply").Select(x => x.Service).Distinct().Count().ShouldBe(2);
        spans.Count(x => x.Name == "chat fake").ShouldBe(2);
        spans.Single(x => x.Name == "chat fake" && x.Attributes.GetValueOrDefault("error.type") == "cancelled")
            .Status.ShouldBe(0);
        foreach (var span in spans.Where(x => x.ParentId.Length > 0))
            spans.ShouldContain(x => x.SpanId == span.ParentId, span.Name);
    }

    async Task<Fleet> StartAsync(OtlpCollector collector, FakeModelServer model)
    {
        var fleet = await Fleet.StartAsync(program, model, nodes: 2, start: false);
        foreach (var node in fleet.Nodes)
            foreach (var (name, value) in collector.Variables)
                node.Variables[name] = value;
        await Task.WhenAll(fleet.Nodes.Select(x => x.StartAsync()));
        return fleet;
    }

    // As docs/operations.md says that an operator finds it.
    static string TraceOf(string user, string reply) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{user}/{reply}")))[..32];

    // The request's span and that of the send name each other.
    static void ShouldBeLinked(OtlpCollector collector, SpanSeen send)
    {
        var (trace, span) = send.Links.ShouldHaveSingleItem();
        var request = collector.Spans.Single(x => (x.TraceId, x.SpanId) == (trace, span));

        request.Name.ShouldBe("POST /chats/{chatId}/messages/");
        request.TraceId.ShouldNotBe(send.TraceId);
        request.Links.ShouldBe([(send.TraceId, send.SpanId)]);
    }
}
