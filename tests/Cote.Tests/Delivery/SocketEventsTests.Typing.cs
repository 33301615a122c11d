using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

public sealed partial class SocketEventsTests
{
    [Fact]
    public async Task The_ai_types_from_the_claim_of_a_reply_to_its_end_whatever_the_end()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        foreach (var fails in new[] { false, true })
        {
            var gate = new Gate();
            var fake = FakeReply.After(gate).Then("x");
            var (_, reply) = await ada.AskForAsync(chat, live.Play(fails ? fake.ThenCut() : fake));
            var typing = await socket.NextAsync("typing");
            typing.Data.Names().ShouldBe("chat_id is_typing sender");
            typing.Data.Text("chat_id").ShouldBe(chat);
            typing.Data.Text("sender").ShouldBe("ai");
            typing.Data.GetProperty("is_typing").GetBoolean().ShouldBeTrue();
            gate.Open();
            (await socket.EndOfAsync(reply)).Text("generation", "state").ShouldBe(fails ? "failed" : "completed");
            (await socket.NextAsync("typing")).Data.GetProperty("is_typing").GetBoolean().ShouldBeFalse();
        }
        socket.All.Where(x => x.Type == "typing")
            .Select(x => x.Data.GetProperty("is_typing").GetBoolean()).Last().ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_of_a_reply_comes_after_its_end_and_typing_ends_with_it()
    {
        using var ada = await _app.RegisterAsync();
        var chats = await Task.WhenAll(Enumerable.Range(0, 10).Select(x => ada.CreateChatAsync()));
        await using var socket = await ada.ConnectAsync();
        var play = live.Play(FakeReply.Refuse(401));
        for (var round = 0; round < 10; round++)
        {
            var waiting = (await Task.WhenAll(chats.Select(x => ada.AskForAsync(x, play))))
                .Select(x => x.Reply).ToHashSet();
            await socket.UntilAsync(x => x.Type == "message" && waiting.Remove(x.MessageId!) && waiting.Count == 0);
        }
        foreach (var chat in chats)
            await ada.DeleteAsync($"/chats/{chat}");
        await socket.UntilAsync(x => x.Type == "chat.deleted" && x.Data.Text("chat_id") == chats[^1]);

        var ended = new HashSet<string>();
        foreach (var frame in socket.All)
        {
            if (frame.Type is "message.snapshot" or "message.delta")
                ended.ShouldNotContain(frame.MessageId!, frame.ToString());
            if (frame.Type == "message" && frame.Data.Text("sender") == "ai")
                ended.Add(frame.MessageId!);
        }
        ended.Count.ShouldBe(100);
        await Patience.UntilAsync(() => Task.FromResult(
            socket.All.Where(x => x.Type == "typing").GroupBy(x => x.Data.Text("chat_id"))
                .All(x => !x.Last().Data.GetProperty("is_typing").GetBoolean())), "nobody types any more");
    }

    [Fact]
    public async Task Typing_is_repeated_while_it_lasts()
    {
        using var ada = await _app.RegisterAsync();
        var gate = new Gate();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        await ada.AskForAsync(chat, live.Play(FakeReply.After(gate).Then("x")));

        await socket.NextAsync("typing", x => x.Data.GetProperty("is_typing").GetBoolean());
        await socket.NextAsync("typing", x => x.Data.GetProperty("is_typing").GetBoolean());

        gate.Open();
    }

    [Fact]
    public async Task A_user_who_types_is_shown_on_the_other_devices_only()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var one = await ada.ConnectAsync();
        await using var two = await ada.ConnectAsync();
        await using var stranger = await eve.ConnectAsync();
        await using var stream = await ada.StreamAsync(HttpMethod.Get, "/events");

        await one.SendAsync(
            new { type = "typing", data = new { chat_id = chat.ToUpperInvariant(), is_typing = true } });
        var seen = await two.NextAsync();
        await one.SendAsync(new { type = "ping" });
        await stranger.SendAsync(new { type = "typing", data = new { chat_id = chat, is_typing = true } });

        seen.Type.ShouldBe("typing");
        JsonElement.DeepEquals(seen.Data,
            JsonSerializer.SerializeToElement(new { chat_id = chat, sender = "user", is_typing = true }))
            .ShouldBeTrue();
        (await one.NextAsync()).Type.ShouldBe("pong", "who types is not told so");
        (await stream.NextAsync())!.Type.ShouldBe("ready");
        (await stream.NextAsync())!.Type.ShouldBe("typing");
        (await stranger.NextAsync()).Data.Text("code").ShouldBe("chat_not_found");
    }
}
