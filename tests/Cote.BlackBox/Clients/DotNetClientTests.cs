using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Client;
using static Cote.BlackBox.Clients.DotNetClients;

namespace Cote.BlackBox.Clients;

/// <summary>Cote.Client against the published program and its demo models.</summary>
public sealed class DotNetClientTests(DemoNode node) : IClassFixture<DemoNode>
{
    [Theory]
    [InlineData(Transport.Socket)]
    [InlineData(Transport.ServerSentEvents)]
    [InlineData(Transport.Poll)]
    public async Task A_reply_streams_and_ends_as_the_server_has_it(Transport transport)
    {
        await using var client = await RegisterAsync(node.Url, transport);
        var chat = await client.ChatAsync(transport == Transport.Poll ? "demo/slow" : "demo/demo");
        var seen = new HashSet<int>();
        client.Changed += (_, _) =>
        {
            if (Of(client.State, chat) is [_, { IsOpen: true } open])
                lock (seen)
                    seen.Add(open.Content.Length);
        };

        var question = await client.SendAsync(chat, "How do doves travel?").InTimeAsync();
        if (transport == Transport.Poll)
        {
            await client.WhenAsync(_ =>
            {
                lock (seen)
                    return seen.Any(x => x > 0);
            });
            await client.StopAsync(chat); // it would take a minute
        }
        var reply = await client.EndOfAsync(question);

        reply.Generation!.State.ShouldBe(transport == Transport.Poll ? "stopped" : "completed");
        (await client.MessageAsync(chat, reply.Id)).Content.ShouldBe(reply.Content);
        lock (seen)
            seen.Any(x => x > 0 && (transport == Transport.Poll || x < reply.Content.Length))
                .ShouldBeTrue("it was shown while it came");
        client.State.Chats[0].LastMessageContent.ShouldBe(reply.Content);
        client.State.Pending.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stopped_reply_keeps_what_was_shown()
    {
        await using var client = await RegisterAsync(node.Url);
        var chat = await client.ChatAsync("demo/slow");
        var question = await client.SendAsync(chat, "Tell me all").InTimeAsync();
        await client.WhenAsync(x => Of(x, chat) is [_, { Content.Length: > 0 }]);

        (await client.StopAsync(chat)).ShouldBe(1);

        var reply = await client.EndOfAsync(question);
        reply.Generation!.State.ShouldBe("stopped");
        reply.Content.ShouldNotBeEmpty();
        (await client.StopAsync(chat)).ShouldBe(0);
    }

    [Fact]
    public async Task An_upload_comes_in_pieces_and_is_sent()
    {
        await using var client = await RegisterAsync(node.Url);
        var chat = await client.ChatAsync("demo/instant");
        var bytes = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Doves find home.\n", 180_000)));
        var arrived = new List<long>();
        using var file = new MemoryStream(bytes);

        var upload = await client.UploadAsync(file, "doves.txt", new Heard(arrived)).InTimeAsync();
        var question = await client.SendAsync(chat, new("Read this") { MediaUrls = [upload.Url] }).InTimeAsync();

        arrived.Count.ShouldBeGreaterThan(1);
        arrived[^1].ShouldBe(bytes.Length);
        question.Media.ShouldHaveSingleItem().Name.ShouldBe("doves.txt");
        question.Media[0].Id.ShouldBe(upload.Id);
        question.Media[0].Size.ShouldBe(bytes.Length);
        var refused = await Should.ThrowAsync<CoteException>(
            () => client.UploadAsync(new MemoryStream(), "empty.txt").InTimeAsync());
        refused.Status.ShouldBe(422);
        refused.Message.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_call_that_asks_goes_on_when_it_is_allowed()
    {
        await using var client = await RegisterAsync(node.Url);
        var chat = await client.ChatAsync("demo/approval");
        var question = await client.SendAsync(chat, "Take a note").InTimeAsync();
        var state = await client.WhenAsync(x => Of(x, chat) is [_, { Generation.State: "waiting" }]);
        var waiting = Of(state, chat)[1];
        var call = waiting.Parts!.First(x => x is { Type: "tool", State: "waiting" });

        await client.AnswerAsync(chat, waiting.Id, call.CallId!, ToolAnswer.Allow());

        var reply = await client.EndOfAsync(question);
        reply.Generation!.State.ShouldBe("completed");
        reply.Parts!.First(x => x.CallId == call.CallId).State.ShouldBe("done");
        var again = await Should.ThrowAsync<CoteException>(
            () => client.AnswerAsync(chat, waiting.Id, call.CallId!, ToolAnswer.Deny()));
        (again.Status, again.Code).ShouldBe((409, "already_answered"));
    }

    [Fact]
    public async Task An_edit_is_another_version_and_a_switch_shows_the_first_again()
    {
        await using var client = await RegisterAsync(node.Url);
        var chat = await client.ChatAsync("demo/instant");
        var first = await client.SendAsync(chat, "doves").InTimeAsync();
        await client.EndOfAsync(first);
        await client.SendAsync(chat, "and then?").InTimeAsync();
        var second = await client.EditAsync(chat, first.Id, "pigeons").InTimeAsync();
        await client.EndOfAsync(second);
        var edited = await client.WhenAsync(
            x => Of(x, chat) is [{ Content: "pigeons", Siblings.Count: 2 }, { IsOpen: false }]);
        Of(edited, chat)[0].Siblings!.Previous.ShouldBe(first.Id);

        await client.SwitchToAsync(chat, first.Id);

        var back = await client.WhenAsync(x => Of(x, chat) is [{ Content: "doves" }, _, { Content: "and then?" }, _]);
        var regenerated = await client.RegenerateAsync(chat, Of(back, chat)[1].Id).InTimeAsync();
        await client.WhenAsync(x => Of(x, chat) is [_, var reply] && reply.Id == regenerated.Id && !reply.IsOpen);
        (await client.SiblingsAsync(chat, first.Id)).Select(x => x.Content).ShouldBe(["doves", "pigeons"]);
    }

    [Fact]
    public async Task Two_clients_see_each_other()
    {
        var name = NewName();
        await using var one = await RegisterAsync(node.Url, name: name);
        await using var other = await OtherAsync(node.Url, name, Transport.ServerSentEvents);
        var chat = await one.ChatAsync("demo/instant");
        await other.WhenAsync(x => x.Chats.Any(y => y.Id == chat));
        await other.OpenAsync(chat).InTimeAsync();

        var question = await one.SendAsync(chat, "Do you see me?").InTimeAsync();
        var reply = await other.EndOfAsync(question);
        await one.EndOfAsync(question);
        Of(other.State, chat).Select(x => x.Content).ShouldBe(Of(one.State, chat).Select(x => x.Content));

        await other.RateAsync(chat, reply.Id, 1);
        await one.WhenAsync(x => Of(x, chat) is [_, { Feedback.Rating: 1 }]);
        await other.ReadAsync(chat, reply.Id);
        await one.WhenAsync(x => Of(x, chat) is [_, { Status: "read" }]);
        await other.UpdateChatAsync(chat, new() { ["title"] = "Ours", ["is_pinned"] = true });
        await one.WhenAsync(x => x.Chats is [{ Title: "Ours", IsPinned: true }]);
        await other.DeleteMessageAsync(chat, question.Id);
        await one.WhenAsync(x => x.Messages.ContainsKey(chat) && Of(x, chat).Count == 0);
        await other.DeleteChatAsync(chat);
        await one.WhenAsync(x => x.Chats.Count == 0);
    }

    [Fact]
    public async Task Older_messages_come_page_by_page_and_a_send_after_a_plain_one_keeps_the_order()
    {
        var name = NewName();
        await using var one = await RegisterAsync(node.Url, name: name);
        var chat = await one.ChatAsync("demo/instant");
        var sends = Enumerable.Range(0, 5).Select(x => one.SendAsync(chat, $"question {x}")).ToList();
        await one.EndOfAsync((await Task.WhenAll(sends).InTimeAsync())[^1]);
        await using var other = new Cote.Client.CoteClient(new CoteClientOptions(node.Url) { PageSize = 4 });
        await other.LogInAsync(name, Password);
        await other.StartAsync().InTimeAsync();

        await other.OpenAsync(chat).InTimeAsync();
        other.State.HasMore.ShouldBe([chat]);
        Of(other.State, chat).Count.ShouldBe(4);
        while (await other.MoreAsync(chat))
        {
        }

        other.State.HasMore.ShouldBeEmpty();
        Of(other.State, chat).Select(x => x.Id).ShouldBe(Of(one.State, chat).Select(x => x.Id));
        Of(one.State, chat).Where(x => x.Sender == "user").Select(x => x.Content)
            .ShouldBe(Enumerable.Range(0, 5).Select(x => $"question {x}"));
    }

    [Fact]
    public async Task What_the_server_refuses_is_said_and_stays_until_it_is_dismissed()
    {
        await using var client = await RegisterAsync(node.Url);
        var chat = await client.ChatAsync("demo/instant");
        var error = await Should.ThrowAsync<CoteException>(
            () => client.SendAsync(chat, new("") { Type = "image" }).InTimeAsync());
        error.Status.ShouldBe(422);
        error.Fields.ShouldNotBeEmpty();

        var failed = client.State.Pending[chat].ShouldHaveSingleItem();
        failed.IsFailed.ShouldBeTrue();
        failed.Error!.Status.ShouldBe(422);
        await client.SendAsync(chat, "This goes past it").InTimeAsync();
        await Should.ThrowAsync<CoteException>(() => client.RetrySendAsync(failed.Id).InTimeAsync());
        await client.DismissAsync(failed.Id);
        client.State.Pending.ShouldBeEmpty();
        var models = await client.RequestAsync(HttpMethod.Get, "/models");
        models.EnumerateArray().Select(x => x.GetProperty("id").GetString()).ShouldContain("demo/instant");
    }

    sealed class Heard(List<long> all) : IProgress<long>
    {
        public void Report(long value) => all.Add(value);
    }
}
