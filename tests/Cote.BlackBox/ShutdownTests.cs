using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

public sealed class ShutdownTests(PublishedProgram program, ITestOutputHelper output)
{
    [Fact]
    public async Task A_stop_under_load_ends_with_0_tells_every_socket_and_loses_not_a_word()
    {
        await using var model = await FakeModelServer.Start();
        var story = new Story(model, words: 1_200, TimeSpan.FromMilliseconds(50));
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var sockets = new List<TestSocket>();
        for (var i = 0; i < 10; i++)
            sockets.Add(await ada.ConnectAsync());
        var asked = new List<(string Chat, string Content, string Reply)>();
        for (var i = 0; i < 20; i++)
        {
            var (chat, content) = (await ada.CreateChatAsync(), $"question {i}");
            asked.Add((chat, content, (await ada.AskAsync(chat, content)).GetProperty("reply_id").GetString()!));
        }
        var last = asked[^1];
        await using var stream =
            await ada.StreamAsync(HttpMethod.Get, $"/chats/{last.Chat}/messages/{last.Reply}/stream");
        foreach (var socket in sockets)
            await socket.ShowsAsync(last.Reply);
        // Writers that go on until the door is shut: none of them may hear of a success that does not last.
        var (acknowledged, first) = (new List<(string Chat, string Id)>(), new TaskCompletionSource());
        var writing = WriteAsync();
        await first.Task.InTimeAsync();

        var began = Stopwatch.GetTimestamp();
        (await node.StopAsync()).ShouldBe(0, node.Output);
        var took = Stopwatch.GetElapsedTime(began);
        output.WriteLine($"Stopped in {took.TotalSeconds:0.00} s, {asked.Count} replies, {sockets.Count} sockets.");
        took.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        foreach (var socket in sockets)
            (await socket.Closed).ShouldBe(4001);
        await stream.ToEndAsync(); // closed in good order, not cut
        await writing;
        node.Output.ShouldNotContain("fail:");
        // they were under way, and their connections are closed
        model.Requests.Count(x => x.Ended.IsCompleted).ShouldBe(0);

        // Handed over: begun again at the next start, without this counting as a crash, the old text standing until
        // then.
        var shown = sockets[0].All.Where(x => x.Type == "message.delta")
            .GroupBy(x => x.MessageId!).ToDictionary(x => x.Key, x => x.Last().Data);
        node.Arguments.Add("--Cote:Assistants:MaxTakeovers=0");
        story = new(model, words: 1_200, TimeSpan.Zero); // the same texts, at once
        await node.StartAsync();
        foreach (var (chat, id) in acknowledged)
            (await ada.MessageAsync(chat, id)).GetProperty("id").GetString().ShouldBe(id);
        foreach (var (chat, content, reply) in asked)
        {
            var end = await ada.EndOfAsync(chat, reply);
            end.GetProperty("content").GetString().ShouldBe(story.To(content));
            end.GetProperty("generation").GetProperty("state").GetString().ShouldBe("completed");
            end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(2);
        }
        asked.ShouldAllBe(x => shown.ContainsKey(x.Reply));
        foreach (var socket in sockets)
            await socket.DisposeAsync();

        async Task WriteAsync()
        {
            var chat = await ada.CreateChatAsync();
            try
            {
                while (true)
                {
                    var answer = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "And another one" });
                    if (answer.Status != 200)
                        return;
                    acknowledged.Add((chat, answer["id"]));
                    first.TrySetResult();
                }
            }
            catch (HttpRequestException)
            {
                // the door is shut
            }
        }
    }

    [Fact]
    public async Task All_the_text_that_was_shown_before_a_stop_is_kept_by_it()
    {
        await using var model = await FakeModelServer.Start();
        var gate = new Gate();
        model.Script = FakeReply.Text("Half a ").ThenWaitFor(gate).Then("reply");
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        await socket.ShowsAsync(reply);
        (await node.StopAsync()).ShouldBe(0);
        model.Script = FakeReply.After(gate).Then("Half a reply"); // silent at first: the old text must stand meanwhile

        await node.StartAsync();
        await model.NextRequest();
        await model.NextRequest();
        (await ada.MessageAsync(chat, reply)).GetProperty("content").GetString().ShouldBe("Half a ");
        gate.Open();
        (await ada.EndOfAsync(chat, reply)).GetProperty("content").GetString().ShouldBe("Half a reply");
    }

    [Fact]
    public async Task A_stop_beside_a_body_that_is_not_finished_hands_its_replies_over_first_and_ends_in_seconds()
    {
        await using var model = await FakeModelServer.Start();
        var gate = new Gate();
        model.Script = FakeReply.Text("Half a ").ThenWaitFor(gate);
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        await socket.ShowsAsync(reply);
        using var stuck = new TcpClient();
        await stuck.ConnectAsync(node.Url.Host, node.Url.Port);
        var stream = stuck.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /chats/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + $"{ada.Token}\r\nContent-Type: application/json\r\n"
            + "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"));
        await stream.ReadExactlyAsync(new byte["HTTP/1.1 100 Continue\r\n\r\n".Length]); // its body is waited for
        await stream.WriteAsync("{"u8.ToArray());
        var cut = stream.ReadAsync(new byte[1]).AsTask();

        var stop = node.StopAsync();
        await model.Closed.InTimeAsync();
        cut.IsCompleted.ShouldBeFalse("the reply is left before the body is given up");
        // The host itself would wait for 25 s.
        (await stop.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(0, node.Output);

        node.Output.ShouldNotContain("fail:");
        model.Script = FakeReply.Text("Half a reply");
        await node.StartAsync();
        (await ada.EndOfAsync(chat, reply)).GetProperty("content").GetString().ShouldBe("Half a reply");
        await Should.ThrowAsync<IOException>(cut);
    }
}
