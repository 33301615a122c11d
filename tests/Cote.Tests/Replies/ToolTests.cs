using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.Extensions.AI;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>Functions of the server that models call: step by step, shown as they run, at most once.</summary>
public sealed class ToolTests
{
    readonly TestTools _tools = new();

    Task<LiveApp> StartAsync(params string[] settings) => LiveApp.StartAsync(_tools.AddTo, settings);

    [Fact]
    public async Task A_reply_of_two_steps_is_one_reply_on_every_transport()
    {
        await using var live = await StartAsync();
        var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        await using var socket = await TestSocket.ConnectAsync(live.App.Url, $"/ws?token={ada.Token}&parts=all");
        var play = live.Play(
            FakeReply.Text("Let me ", "look.").ThenCall("look", """{"at":"the sun"}"""),
            FakeReply.Text("It ", "shines."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);

        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        foreach (var frame in frames)
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        var end = frames[^1].Data;
        end.Text("content").ShouldBe("Let me look.\n\nIt shines.");
        texts[reply].ShouldBe(end.Text("content"));
        string[] expected =
        [
            """{"type":"text","start":0,"end":12}""",
            """{"type":"tool","call_id":"call_0_0","name":"look","title":"Look up","source":"server","state":"done","input":{"at":"the sun"},"output":"look has run","ms":0}""",
            """{"type":"step"}""",
            """{"type":"text","start":14,"end":24}""",
        ];
        foreach (var shown in (IReadOnlyList<string>[])[parts[reply], PartsOf(end),
            PartsOf((await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json)])
            shown.Select(WithoutTime).ShouldBe(expected);
        frames.Last(x => x.Type == "message.part" && x.Data.Text("part", "type") == "tool").Data.Text("part", "state")
            .ShouldBe("done", "whoever reads slowly is told of each part once, as it is by then");
        var generation = end.GetProperty("generation");
        (generation.Text("state"), generation.Number("attempt")).ShouldBe(("completed", 1));
        (generation.Number("usage", "input_tokens"), generation.Number("usage", "output_tokens")).ShouldBe((22, 14));
        _tools.Ran.ShouldBe(["""look {"at":"the sun"}"""]);

        var first = await play.NextCallAsync();
        first.Body.GetProperty("tools").EnumerateArray().Select(x => x.Text("function", "name"))
            .ShouldBe(["look", "save", "again", "send", "trust"]);
        var second = (await play.NextCallAsync()).Messages.EnumerateArray().ToList();
        second[^2].GetProperty("tool_calls")[0].Text("function", "arguments").ShouldBe("""{"at":"the sun"}""");
        (second[^1].Text("role"), second[^1].Text("content"), second[^1].Text("tool_call_id"))
            .ShouldBe(("tool", "look has run", "fake_0"));
        var used = await ada.UsageAsync();
        (used.Number("calls"), used.Number("input_tokens"), used.Number("output_tokens")).ShouldBe((2, 22, 14));
    }

    [Fact]
    public async Task A_call_that_asks_waits_for_a_person_and_runs_when_it_is_allowed()
    {
        await using var live = await StartAsync();
        var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        await using var socket = await TestSocket.ConnectAsync(live.App.Url, $"/ws?token={ada.Token}&parts=all");
        var play = live.Play(
            FakeReply.Text("I would send.").ThenCall("send", """{"to":"bob"}"""), FakeReply.Text("Sent."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        void apply(TestFrame frame)
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
        var before = await socket.UntilAsync(x => x.Type == "message.waiting");
        before.ForEach(apply);
        var limit = Patience.Begin();
        while (!parts[reply].Any(x => x.Contains("\"state\":\"waiting\"", StringComparison.Ordinal)))
            apply(await socket.NextAsync(limit.Left));
        before[^1].Data.ToString().ShouldBe(
            $$"""{"chat_id":"{{chat}}","message_id":"{{reply}}","calls":[{"call_id":"call_0_0","name":"send","source":"server"}]}""");
        (await ada.MessageAsync(chat, reply)).Text("generation", "state").ShouldBe("waiting");
        var running = (await ada.GetAsync("/sync?parts=all")).Ok().Json.GetProperty("running")[0];
        (running.Text("generation", "state"), running.GetProperty("parts")[1].Text("state"))
            .ShouldBe(("waiting", "waiting"));
        _tools.Ran.ShouldBeEmpty();

        var path = $"/chats/{chat}/messages/{reply}/tool_calls/call_0_0";
        var answer = (await ada.PostAsync(path, new { approve = true })).Ok();
        answer.Json.Text("id").ShouldBe(reply);
        var after = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        after.ForEach(apply);
        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        var end = after[^1].Data;
        end.Text("content").ShouldBe("I would send.\n\nSent.");
        end.GetProperty("generation").Number("attempt").ShouldBe(1, "nothing of it was taken back");
        parts[reply].ShouldBe(PartsOf((await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json));
        after.Where(x => x.Type == "message.waiting").ShouldHaveSingleItem().Data.GetProperty("calls").GetArrayLength()
            .ShouldBe(0);
        _tools.Ran.ShouldBe(["""send {"to":"bob"}"""]);
        (await ada.PostAsync(path, new { approve = true, reason = "x" })).Ok().Header("Idempotent-Replayed")
            .ShouldBe("true");
        (await ada.PostAsync(path, new { approve = false })).ErrorCode.ShouldBe("already_answered");
    }

    [Fact]
    public async Task What_a_provider_demands_back_of_thoughts_is_given_to_it_with_the_results_and_never_served()
    {
        await using var live = await StartAsync();
        var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "anthropic");
        var play = live.Play(
            FakeReply.Text().ThenRaw("""
                {"type":"content_block_start","index":7,"content_block":{"type":"thinking","thinking":"","signature":""}}
                """).ThenRaw("""
                {"type":"content_block_delta","index":7,"delta":{"type":"thinking_delta","thinking":"I send"}}
                """).ThenRaw("""
                {"type":"content_block_delta","index":7,"delta":{"type":"signature_delta","signature":"c2lnbmVk"}}
                """).ThenRaw("""{"type":"content_block_stop","index":7}""")
                .Then("Sending.").ThenCall("send", """{"to":"bob"}"""),
            FakeReply.Text("Sent."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await Patience.UntilAsync(
            async () => (await ada.MessageAsync(chat, reply)).Text("generation", "state") == "waiting", "it waits");
        await live.App.RestartAsync();
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        (await again.PostAsync($"/chats/{chat}/messages/{reply}/tool_calls/call_0_0", new { approve = true })).Ok();
        (await again.EndOfAsync(chat, reply)).Text("content").ShouldBe("Sending.\n\nSent.");

        await play.NextCallAsync();
        var messages = (await play.NextCallAsync()).Messages.EnumerateArray().ToList();
        var said = messages[^2].GetProperty("content").EnumerateArray().ToList();
        said.Select(x => x.Text("type")).ShouldBe(["thinking", "text", "tool_use"]);
        (said[0].Text("thinking"), said[0].Text("signature")).ShouldBe(("I send", "c2lnbmVk"));
        messages[^1].GetProperty("content")[0].Text("tool_use_id").ShouldBe("fake_0");
        foreach (var path in (string[])["/sync?parts=all", $"/chats/{chat}/messages/?parts=all", "/users/me/export"])
            (await again.GetAsync(path)).Ok().Text.ShouldNotContain("c2lnbmVk");
    }

    static string WithoutTime(string part) => TestTools.WithoutTime(part);
}
