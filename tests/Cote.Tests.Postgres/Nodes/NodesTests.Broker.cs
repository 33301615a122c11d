using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Fact]
    public async Task With_a_broker_text_comes_between_the_checkpoints()
    {
        await using var pair = await Pair.StartAsync(await SettingsAsync(true));
        var chat = await pair.Ada.CreateChatAsync();
        await using var here = await pair.Ada.ConnectAsync();
        await using var there = await pair.AdaThere.ConnectAsync();
        await TypeUntilSeenAsync(chat, here, there);
        await TypeUntilSeenAsync(chat, there, here);
        var words = Enumerable.Range(0, 100).Select(x => $"word {x} ").ToArray();
        var play = pair.Live.Play(FakeReply.Paced(TimeSpan.FromMilliseconds(30), words));

        var (_, reply) = await pair.Ada.AskForAsync(chat, play);
        var texts = new ReplyTexts();
        var frames = await there.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        foreach (var frame in frames)
            texts.Apply(frame);

        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe(string.Concat(words));
        // A reply of three seconds has four checkpoints; by these alone there would be no more looks than that.
        frames.Count(x => x.Type is "message.delta" or "message.snapshot" && x.MessageId == reply)
            .ShouldBeGreaterThan(8);
    }

    [Fact]
    public async Task Somebody_who_types_is_seen_on_the_other_node_where_there_is_a_broker()
    {
        await using var pair = await Pair.StartAsync(await SettingsAsync(true));
        var chat = await pair.Ada.CreateChatAsync();
        await using var here = await pair.Ada.ConnectAsync();
        await using var there = await pair.AdaThere.ConnectAsync();

        var seen = await TypeUntilSeenAsync(chat, here, there);

        seen.Data.ToString().ShouldBe($$"""{"chat_id":"{{chat}}","sender":"user","is_typing":true}""");
    }

    // A node's lines to the broker open beside its start: what is typed before is lost, as typing may be.
    static async Task<TestFrame> TypeUntilSeenAsync(string chat, TestSocket from, TestSocket to)
    {
        var seen = to.NextAsync("typing", x => x.Data.Text("sender") == "user");
        await Patience.UntilAsync(async () =>
        {
            if (!seen.IsCompleted)
                await from.SendAsync(new { type = "typing", data = new { chat_id = chat, is_typing = true } });
            return seen.IsCompleted;
        }, "typing is seen");
        return await seen;
    }
}
