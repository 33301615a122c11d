using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary><c>make demo</c>: the main job from the first command to the last, told line by line.</summary>
public sealed class DemoTests(PublishedProgram program, ITestOutputHelper output)
{
    [Fact]
    public async Task A_person_registers_asks_watches_the_reply_come_and_finds_it_again_after_a_restart()
    {
        await using var model = await FakeModelServer.Start();
        var gate = new Gate();
        model.Script = FakeReply.Text("Doves ", "find ").ThenWaitFor(gate).Then("their ", "way ", "home. 🕊️");
        await using var node = await Node.With(program, model).StartAsync();
        output.WriteLine(
            $"$ Cote.Server --urls={node.Url}        # up after {node.StartedIn.TotalMilliseconds:0} ms, an "
            + "OpenAI-compatible model behind it");

        using var ada = await CoteClient.RegisterAsync(node.Url, "ada");
        output.WriteLine("POST /users/, POST /token             # ada is logged in");
        var chat = await ada.CreateChatAsync("Doves");
        await using var socket = await ada.ConnectAsync();
        output.WriteLine($"WS /ws?token=…                        # {socket.Ready}");

        var question = await ada.AskAsync(chat, "How do doves travel?");
        output.WriteLine($"POST /chats/{chat}/messages/  # {question}");
        var texts = new ReplyTexts();
        var replyId = question.GetProperty("reply_id").GetString()!;
        while (!texts.HasEnded(replyId))
        {
            var frame = await socket.NextAsync();
            texts.Apply(frame);
            output.WriteLine($"  < {frame}");
            if (texts[replyId] == "Doves find ")
                gate.Open(); // half of it was seen before the model said the rest: it streams
        }
        texts.Faults.ShouldBeEmpty();
        texts[replyId].ShouldBe("Doves find their way home. 🕊️");
        model.Calls.ShouldBe(1);
        var asked = model.Requests[0];
        asked.Headers["Authorization"].ShouldBe("Bearer sk-black-box-key");
        asked.Messages.EnumerateArray().Last().GetProperty("content").GetString().ShouldBe("How do doves travel?");

        (await node.StopAsync()).ShouldBe(0);
        (await socket.Closed).ShouldBe(4001);
        output.WriteLine("SIGTERM                               # exit code 0, the socket was told 4001");
        await node.StartAsync();
        output.WriteLine(
            $"$ Cote.Server                         # up again after {node.StartedIn.TotalMilliseconds:0} ms");

        var history = await ada.MessagesAsync(chat);
        foreach (var message in history)
            output.WriteLine($"  {message.GetProperty("sender")}: {message.GetProperty("content")}");
        history.Select(x => x.GetProperty("content").GetString())
            .ShouldBe(["How do doves travel?", "Doves find their way home. 🕊️"]);
        history[1].GetProperty("generation").GetProperty("state").GetString().ShouldBe("completed");
        model.Calls.ShouldBe(1);
    }
}
