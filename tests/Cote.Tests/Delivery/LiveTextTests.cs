using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>The text that is shown, piece by piece, is the text that is stored, to the byte.</summary>
public sealed class LiveTextTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task What_a_model_streams_in_odd_pieces_is_shown_and_stored_as_the_same_well_formed_text(string wire)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        await using var socket = await ada.ConnectAsync();
        // The SDK of anthropic refuses half a pair in an event; its servers never send one.
        string[] chunks = wire == "openai"
            ? ["鸽", "子 \ud83d", "\udd4a", "\ufe0f ", "👩\u200d", "👩\u200d👧 ", "a\0b ", "\udd4a ", "\ud83dx ",
                "\r\n\t\"\\<&>\u2028", new string('長', 5_000), "\ud83d"]
            : ["鸽", "子 ", "🕊", "\ufe0f ", "👩\u200d", "👩\u200d👧 ", "a\0b ", "\uFFFD ", "\uFFFDx ", "\r\n\t\"\\<&>\u2028",
                new string('長', 5_000), "\uFFFD"];
        Gate[] gates = [.. chunks.Select(x => new Gate())];
        var script = FakeReply.Text();
        for (var i = 0; i < chunks.Length; i++)
            script = script.Then(chunks[i]).ThenWaitFor(gates[i]);
        var expected = "鸽子 🕊️ 👩‍👩‍👧 a\uFFFDb \uFFFD \uFFFDx \r\n\t\"\\<&>\u2028" + new string('長', 5_000) + "\uFFFD";

        var play = live.Play(script);
        await using var stream =
            await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", new { content = play.Question });
        var reply = (await stream.NextAsync())!.Data.Text("reply_id");
        foreach (var gate in gates[..^1])
        {
            await gate.Reached.InTimeAsync();
            gate.Open();
        }
        // Who meets the end before any text is shown the end alone: it comes when both have seen something.
        List<TestFrame> overSocket = [.. await socket.UntilAsync(ShowsText)], overHttp = [];
        while (overHttp.Count == 0 || !ShowsText(overHttp[^1]))
            overHttp.Add((await stream.NextAsync())!);
        gates[^1].Open();
        overSocket.AddRange(await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply));
        overHttp.AddRange(await stream.ToEndAsync());

        foreach (var frames in new[] { overSocket, overHttp })
        {
            var texts = new ReplyTexts();
            foreach (var frame in frames.SkipLast(1))
                texts.Apply(frame);
            texts.Faults.ShouldBeEmpty();
            (texts[reply] == expected)
                .ShouldBeTrue($"{frames.Count} frames, {texts[reply].Length} of {expected.Length}\n"
                + string.Join("\n", frames.Select(x => x.ToString()[..Math.Min(300, x.ToString().Length)])));
            frames[^1].Data.Text("content").ShouldBe(expected);
            frames.Count(x => x.Type is "message.delta" or "message.snapshot").ShouldBePositive();
        }
        (await ada.MessageAsync(chat, reply)).Text("content").ShouldBe(expected);

        bool ShowsText(TestFrame frame) => frame.MessageId == reply
            && (frame.Type == "message.delta"
                || (frame.Type == "message.snapshot" && frame.Data.Text("content").Length > 0));
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task The_first_token_is_shown_at_once_on_every_transport(string wire)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        await using var socket = await ada.ConnectAsync();
        await using var events = await ada.StreamAsync(HttpMethod.Get, "/events");
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("first").ThenWaitFor(gate).Then(" second"));

        await using var stream =
            await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", new { content = play.Question });
        var reply = (await stream.NextAsync())!.Data.Text("reply_id");

        // The model waits at its gate until each of them has shown the first word.
        await socket.ShowsAsync(reply, "first");
        foreach (var reader in new[] { stream, events })
        {
            var texts = new ReplyTexts();
            while (texts[reply] != "first")
                texts.Apply((await reader.NextAsync())!);
        }
        gate.Open();
        (await socket.EndOfAsync(reply)).Text("content").ShouldBe("first second");
    }

    [Fact]
    public async Task A_long_reply_in_many_pieces_is_merged_and_loses_nothing()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var chunks = Enumerable.Range(0, 3_000).Select(x => $"{x} 🕊️ ").ToArray();

        var gate = new Gate(); // it ends when some of its text was shown
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text(chunks).ThenWaitFor(gate)));
        List<TestFrame> frames =
            [.. await socket.UntilAsync(x => x.Type is "message.delta" or "message.snapshot" && x.MessageId == reply)];
        gate.Open();
        frames.AddRange(await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply));

        var texts = new ReplyTexts();
        foreach (var frame in frames.SkipLast(1))
            texts.Apply(frame);
        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe(string.Concat(chunks));
        frames[^1].Data.Text("content").ShouldBe(string.Concat(chunks));
        frames.Count(x => x.Type == "message.delta").ShouldBeLessThan(1_500, "at most one each 40 ms");
    }
}
