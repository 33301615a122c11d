using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thought_streams_to_the_other_node_and_is_the_same_there(bool withBroker)
    {
        await using var pair = await Pair.StartAsync(await SettingsAsync(withBroker));
        var chat = await pair.Ada.CreateChatAsync(model: "openai");
        await using var there = await TestSocket.ConnectAsync(
            pair.There.Url, $"/ws?token={pair.Ada.Token}&parts=all");
        var (thinks, says) = (new Gate(), new Gate());
        var play = pair.Live.Play(FakeReply.Thought("Hm, ", "doves.").ThenWaitFor(thinks)
            .Then("They fly").ThenWaitFor(says).Then(" home."));
        var (_, reply) = await pair.Ada.AskForAsync(chat, play);
        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());

        // Without a broker it comes by a checkpoint, five seconds later.
        await SeesAsync(() => parts[reply] is [var thought] && Field(thought, "text") == "Hm, doves.");
        thinks.Open();
        await SeesAsync(() => texts[reply] == "They fly" && parts[reply].Count == 2);
        says.Open();
        await SeesAsync(() => texts.HasEnded(reply));

        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        var stored = (await pair.AdaThere.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json;
        parts[reply].ShouldBe(PartsOf(stored));
        Field(parts[reply][0], "text").ShouldBe("Hm, doves.");

        async Task SeesAsync(Func<bool> isThere)
        {
            var limit = Patience.Begin();
            while (!isThere())
            {
                var frame = await there.NextAsync(limit.Left);
                texts.Apply(frame);
                parts.Apply(frame);
            }
        }
    }

    static string? Field(string part, string name) => JsonNode.Parse(part)![name]?.GetValue<string>();
}
