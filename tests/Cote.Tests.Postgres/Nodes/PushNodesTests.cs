using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

/// <summary>Pushes where one node shows a reply and any may send.</summary>
[Trait("Stage", "slow")]
public sealed class PushNodesTests
{
    [Fact]
    public async Task What_the_other_node_shows_is_not_pushed_and_each_push_is_sent_once()
    {
        await using var service = await FakePushServer.StartAsync();
        var settings = PushApp.SettingsOf(service);
        await using var live = await LiveApp.StartAsync(PushApp.Trusting(service), settings);
        await using var there = await live.App.StartNeighbourAsync(settings);
        using var ada = await live.RegisterAsync();
        using var browser = new TestBrowser();
        (await ada.PostAsync("/devices/", browser.Device(service.Url))).Ok();
        using var adaThere = new CoteClient(there.Url) { Token = ada.Token };
        await using (var socket = await adaThere.ConnectAsync())
        {
            var (_, shown) = await ada.GetReplyAsync(live);
            await socket.NextAsync("message", x => x.MessageId == shown.Text("id"));
            await live.App.NoPushAsync(shown.Text("id"));
        }

        var polled = (await ada.GetReplyAsync(live)).Reply;
        (await live.App.CountPushesAsync(polled.Text("id"))).ShouldBe(1);
        var head = (await ada.GetAsync("/sync")).Ok()["cursor"];
        (await adaThere.GetAsync($"/events?cursor={head}&wait=0")).Ok();
        await live.App.NoPushAsync(polled.Text("id"));

        var replies = new List<string>();
        for (var i = 0; i < 10; i++)
            replies.Add((await (i % 2 == 0 ? ada : adaThere).GetReplyAsync(live)).Reply.Text("id"));
        await live.App.MakeDueAsync(ada.Id);
        var pushed = new List<string>();
        foreach (var _ in replies)
            pushed.Add(browser.Read(await service.NextAsync(browser.Id)).Text("message_id"));
        pushed.Order().ShouldBe(replies.Order());
        foreach (var reply in replies)
            await live.App.NoPushAsync(reply);
        service.Count(browser.Id).ShouldBe(0);
    }

    [Fact]
    public async Task Without_a_key_there_is_no_web_push_beside_postgres()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var browser = new TestBrowser();

        var push = (await ada.GetAsync("/limits")).Ok().Json.GetProperty("push").ToString();

        push.ShouldBe("""{"kinds":[],"vapid_key":null,"after_seconds":5,"per_user":20}""");
        (await ada.PostAsync("/devices/", browser.Device("https://push.example.com")))
            .ShouldBeWrong("body.kind value_error");
    }
}
