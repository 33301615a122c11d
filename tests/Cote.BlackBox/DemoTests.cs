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

    [Fact]
    public async Task A_person_edits_tries_again_switches_back_searches_and_moves_to_another_account()
    {
        await using var model = await FakeModelServer.Start();
        model.Answer = request => FakeReply.Text(
            request.Messages.EnumerateArray().Last().GetProperty("content").GetString()!.Contains("pigeon")
                ? "Pigeons find their loft by the sun." : "Doves find their cote by the sun.");
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url, "ada");
        var chat = await ada.CreateChatAsync("Birds");
        async Task<(string Question, string Reply)> askAsync(object body)
        {
            var question = (await ada.PostAsync($"/chats/{chat}/messages/", body)).Ok();
            var reply = await ada.EndOfAsync(chat, question["reply_id"]);
            output.WriteLine($"POST /chats/…/messages/    # {question["content"]} → {reply.GetProperty("content")}");
            return (question["id"], question["reply_id"]);
        }
        async Task<string?[]> shownAsync(CoteClient client, string of) =>
            [.. (await client.MessagesAsync(of)).Select(x => x.GetProperty("content").GetString())];

        var first = await askAsync(new { content = "How do doves find home?" });
        var edited = await askAsync(new { content = "How do pigeons find home?", version_of = first.Question });
        var again = (await ada.PostAsync($"/chats/{chat}/messages/{edited.Reply}/regenerate")).Ok()["id"];
        var anew = await ada.EndOfAsync(chat, again);
        output.WriteLine($"POST …/regenerate          # version {anew.GetProperty("siblings").GetProperty("index")} of "
            + anew.GetProperty("siblings").GetProperty("count"));
        (await ada.PutAsync($"/chats/{chat}/leaf", new { message_id = first.Reply })).Ok();
        (await shownAsync(ada, chat)).ShouldBe(["How do doves find home?", "Doves find their cote by the sun."]);
        output.WriteLine("PUT …/leaf                 # the doves are shown again");

        var hits = (await ada.GetAsync("/search?q=LÖFT")).Ok().Json.EnumerateArray().ToList();
        foreach (var hit in hits)
            output.WriteLine($"GET /search?q=LÖFT         # {hit}");
        hits.Count.ShouldBe(2, "both versions, which are beside the path");

        var export = (await ada.GetAsync($"/chats/{chat}/export")).Ok().Text;
        using var bob = await CoteClient.RegisterAsync(node.Url, "bob");
        var report = (await bob.PostAsync("/import", export)).Ok();
        output.WriteLine($"GET …/export, POST /import # {report.Text}");
        var copy = (await bob.GetAsync("/chats/")).Ok().Json[0].GetProperty("id").GetString()!;
        (await shownAsync(bob, copy)).ShouldBe(await shownAsync(ada, chat));
        (await bob.GetAsync($"/chats/{copy}/messages/?branches=all")).Ok().Json.GetArrayLength().ShouldBe(5);
        (await bob.PostAsync("/import", export)).Ok().Json.GetProperty("skipped").GetArrayLength().ShouldBe(1);
    }
}
