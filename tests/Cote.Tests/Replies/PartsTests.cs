using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>Thoughts of models: shown as they come, kept, and never a part of the text.</summary>
public sealed class PartsTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    async Task<(CoteClient Ada, string Chat)> StartAsync()
    {
        var ada = await _app.RegisterAsync();
        return (ada, await ada.CreateChatAsync(model: "openai"));
    }

    [Theory]
    [InlineData("light")]
    [InlineData("all")]
    [InlineData("none")]
    public async Task A_thought_streams_and_is_kept_beside_the_text_in_each_view(string view)
    {
        var (ada, chat) = await StartAsync();
        await using var socket = await TestSocket.ConnectAsync(_app.Url, $"/ws?token={ada.Token}&parts={view}");
        var thinks = new Gate();
        var play = live.Play(FakeReply.Thought("Hm, ", "a bird").ThenWaitFor(thinks).Then("It is ", "a dove."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        List<TestFrame> frames = view == "none" ? []
            : await socket.UntilAsync(x => x.Type == "message.part.delta" && x.Data.Text("text").EndsWith("bird"));
        thinks.Open();
        frames.AddRange(await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply));

        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        foreach (var frame in frames)
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        texts[reply].ShouldBe("It is a dove.");
        var end = frames[^1].Data;
        end.Text("content").ShouldBe("It is a dove.");
        var stored = await GetAsync(ada, $"/chats/{chat}/messages/{reply}?parts={view}");
        if (view == "none")
        {
            frames.ShouldNotContain(x => x.Type.StartsWith("message.part", StringComparison.Ordinal));
            end.TryGetProperty("parts", out _).ShouldBeFalse();
            stored.TryGetProperty("parts", out _).ShouldBeFalse();
            return;
        }
        var thought = view == "all" ? """{"type":"reasoning","text":"Hm, a bird","ms":0,"length":10}"""
            : """{"type":"reasoning","ms":0,"length":10}""";
        foreach (var shown in (IReadOnlyList<string>[])[parts[reply], PartsOf(end), PartsOf(stored)])
            shown.Select(WithoutTime).ShouldBe([thought, """{"type":"text","start":0,"end":13}"""]);
        string.Concat(frames.Where(x => x.Type == "message.part.delta").Select(x => x.Data.Text("text")))
            .ShouldBe("Hm, a bird", "the light view streams thoughts too");
    }

    [Fact]
    public async Task Between_two_texts_stands_a_blank_line_that_belongs_to_neither()
    {
        var (ada, chat) = await StartAsync();
        var play = live.Play(FakeReply.Text("One.").ThenThink("more?").Then("Two."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await ada.EndOfAsync(chat, reply);

        var message = await GetAsync(ada, $"/chats/{chat}/messages/{reply}?parts=all");
        message.Text("content").ShouldBe("One.\n\nTwo.");
        PartsOf(message).Select(WithoutTime).ShouldBe([
            """{"type":"text","start":0,"end":4}""",
            """{"type":"reasoning","text":"more?","ms":0,"length":5}""",
            """{"type":"text","start":6,"end":10}"""]);
    }

    [Fact]
    public async Task A_plain_reply_has_no_parts_in_any_view()
    {
        var (ada, chat) = await StartAsync();
        await using var socket = await TestSocket.ConnectAsync(_app.Url, $"/ws?token={ada.Token}&parts=all");
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("plain")));
        var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        frames.ShouldNotContain(x => x.Type.StartsWith("message.part", StringComparison.Ordinal));
        frames.Where(x => x.Data.TryGetProperty("parts", out var parts) || x.Data.TryGetProperty("rev", out parts))
            .ShouldBeEmpty();
        (await _app.RowsAsync())["message_parts"].ShouldNotContain(x => x.Contains(reply, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_comes_in_the_middle_of_a_thought_is_shown_all_of_it_and_goes_on()
    {
        var (ada, chat) = await StartAsync();
        var (half, all) = (new Gate(), new Gate());
        var play = live.Play(FakeReply.Thought("first ").ThenWaitFor(half).ThenThink("second")
            .ThenWaitFor(all).Then("said"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await half.Reached.InTimeAsync();
        await Patience.UntilAsync(async () => Running(await GetAsync(ada, "/sync?parts=all"), reply) is not null,
            "the reply runs");
        await using var socket = await TestSocket.ConnectAsync(_app.Url, $"/ws?token={ada.Token}&parts=all");
        var seen = new ReplyPartsSeen();
        await SeesAsync("first ");
        half.Open();
        await SeesAsync("first second");
        all.Open();
        foreach (var frame in await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply))
            seen.Apply(frame);
        seen.Faults.ShouldBeEmpty();
        PartsOf(await GetAsync(ada, $"/chats/{chat}/messages/{reply}?parts=all")).ShouldBe(seen[reply]);

        async Task SeesAsync(string text)
        {
            var limit = Patience.Begin();
            while (seen[reply] is not [var part, ..] || JsonNode.Parse(part)!["text"]?.GetValue<string>() != text)
                seen.Apply(await socket.NextAsync(limit.Left));
        }
    }

    [Fact]
    public async Task A_retry_after_a_thought_takes_it_back_and_begins_a_new_attempt()
    {
        var (ada, chat) = await StartAsync();
        await using var socket = await TestSocket.ConnectAsync(_app.Url, $"/ws?token={ada.Token}&parts=all");
        var shown = new Gate();
        var play = live.Play(
            FakeReply.Thought("wrong").ThenWaitFor(shown).ThenCut(), FakeReply.Thought("right").Then("yes"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        var seen = new ReplyPartsSeen();
        foreach (var frame in await socket.UntilAsync(x => x.Type == "message.part.delta"))
            seen.Apply(frame);
        shown.Open();
        var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        frames.ForEach(seen.Apply);

        seen.Faults.ShouldBeEmpty();
        var end = frames[^1].Data;
        end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(2);
        PartsOf(end).Select(WithoutTime).ShouldBe([
            """{"type":"reasoning","text":"right","ms":0,"length":5}""", """{"type":"text","start":0,"end":3}"""]);
        (await _app.RowsAsync())["message_parts"].ShouldNotContain(x => x.Contains("wrong", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_retry_that_takes_nothing_back_keeps_the_attempt()
    {
        var (ada, chat) = await StartAsync();
        var play = live.Play(FakeReply.Refuse(503), FakeReply.Text("yes"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        var end = await ada.EndOfAsync(chat, reply);
        play.Calls.ShouldBe(2);
        end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task A_thought_is_in_no_title_search_excerpt_or_later_prompt()
    {
        var (ada, chat) = await StartAsync();
        var (_, first) = await ada.AskForAsync(chat, live.Play(FakeReply.Thought("xylophone").Then("plain words")));
        await ada.EndOfAsync(chat, first);
        var next = live.Play(FakeReply.Text("again"));
        var (_, second) = await ada.AskForAsync(chat, next);
        (await next.NextCallAsync()).Body.GetRawText().ShouldNotContain("xylophone");
        await ada.EndOfAsync(chat, second);
        (await GetAsync(ada, "/search?q=xylophone")).GetArrayLength().ShouldBe(0);
        (await GetAsync(ada, "/search?q=plain%20words")).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task More_of_a_thought_than_is_kept_is_counted()
    {
        var (ada, chat) = await StartAsync();
        var piece = new string('x', 100_000);
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Thought(piece, piece, piece).Then("so")));
        await ada.EndOfAsync(chat, reply);
        var message = await GetAsync(ada, $"/chats/{chat}/messages/{reply}?parts=all");
        var thought = message.GetProperty("parts")[0];
        thought.Text("text").Length.ShouldBe(256_000);
        thought.GetProperty("length").GetInt32().ShouldBe(300_000);
        thought.GetProperty("truncated").GetBoolean().ShouldBeTrue();
        var light = (await GetAsync(ada, $"/chats/{chat}/messages/")).EnumerateArray().Last().GetProperty("parts")[0];
        light.TryGetProperty("text", out _).ShouldBeFalse();
        light.GetProperty("length").GetInt32().ShouldBe(300_000);
    }

    [Theory]
    [InlineData("/chats/{0}/messages/?parts=some")]
    [InlineData("/chats/{0}/messages/{1}?parts=some")]
    [InlineData("/chats/{0}/messages/{1}/siblings?parts=some")]
    [InlineData("/chats/{0}/messages/{1}/stream?parts=some")]
    [InlineData("/sync?parts=some")]
    [InlineData("/events?parts=some")]
    public async Task Another_word_for_the_view_is_refused(string path)
    {
        var (ada, chat) = await StartAsync();
        var (question, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("x")));
        await ada.EndOfAsync(chat, reply);
        var answer = await ada.GetAsync(string.Format(null, path, chat, question));
        answer.Status.ShouldBe(422);
        answer.Json.GetProperty("detail")[0].GetProperty("loc")[1].GetString().ShouldBe("parts");
    }

    [Fact]
    public async Task A_send_with_another_word_for_the_view_stores_nothing()
    {
        var (ada, chat) = await StartAsync();
        var answer = await ada.PostAsync($"/chats/{chat}/messages/?parts=some", new { content = "hello" });
        answer.Status.ShouldBe(422);
        (await ada.MessagesAsync(chat)).ShouldBeEmpty();
        await using var socket = await TestSocket.ConnectAsync(
            _app.Url, $"/ws?token={ada.Token}&parts=some", awaitReady: false);
        (await socket.Closed).ShouldBe(4500);
    }

    static JsonElement? Running(JsonElement sync, string reply) => sync.GetProperty("running").EnumerateArray()
        .Where(x => x.Text("message_id") == reply).Select(x => (JsonElement?)x).FirstOrDefault();

    static async Task<JsonElement> GetAsync(CoteClient client, string path) => (await client.GetAsync(path)).Json;


    static string WithoutTime(string part)
    {
        var json = JsonNode.Parse(part)!.AsObject();
        if (json.ContainsKey("ms"))
            json["ms"] = 0;
        return json.ToJsonString();
    }
}
