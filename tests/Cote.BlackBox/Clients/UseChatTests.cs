using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Clients;

/// <summary>The client of the AI SDK, as npm publishes it, against the published program.</summary>
[Trait("Stage", "slow")]
public sealed class UseChatTests(PublishedProgram program, NodeClients clients)
{
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(150); // Long enough to be cut in the middle.

    [Fact]
    public async Task A_page_sends_resumes_stops_regenerates_edits_allows_and_executes()
    {
        await using var model = await FakeModelServer.Start();
        model.Answer = request => request.Messages.EnumerateArray().Last() switch
        {
            var last when last.GetProperty("role").GetString() == "tool" => FakeReply.Text("You are in Berlin."),
            var last when last.ToString().Contains("slow", StringComparison.Ordinal) =>
                FakeReply.Paced(Pace, Enumerable.Range(0, 40).Select(x => $"word{x} ")),
            var last when last.ToString().Contains("where", StringComparison.Ordinal) =>
                FakeReply.Call("place", """{"exact":true}"""),
            var last when last.ToString().Contains("fail", StringComparison.Ordinal) => FakeReply.Refuse(400),
            _ => FakeReply.Text("Hello", " world"),
        };
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        await clients.RunAsync("usechat.mjs", node.Url.ToString(), ada.Token!);
    }
}
