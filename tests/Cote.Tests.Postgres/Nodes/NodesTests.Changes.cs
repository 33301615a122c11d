using Cote.Delivery;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Fact]
    public async Task A_node_that_goes_hands_its_replies_to_the_other()
    {
        await using var pair = await Pair.StartAsync();
        var chat = await pair.Ada.CreateChatAsync();
        await using var here = await pair.Ada.ConnectAsync();
        var play = pair.Live.Play(FakeReply.Text("the old text").ThenStall(), FakeReply.Text("the new text"));
        var (_, reply) = await pair.AdaThere.AskForAsync(chat, play);
        var texts = await here.ShowsAsync(reply, "the old text");

        await pair.There.StopAsync();

        foreach (var frame in await here.UntilAsync(x => x.Type == "message" && x.MessageId == reply))
            texts.Apply(frame);
        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe("the new text");
        (await pair.Ada.MessageAsync(chat, reply)).Number("generation", "attempt").ShouldBe(2);
        play.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_new_epoch_sends_every_client_back_for_its_whole_state()
    {
        await using var pair = await Pair.StartAsync();
        await pair.Ada.CreateChatAsync();
        await using var there = await pair.AdaThere.ConnectAsync();
        var before = there.Cursor;
        var said = new StringWriter();
        var waiting = pair.AdaThere.GetAsync($"/events?cursor={before}&wait=30");
        await Patience.UntilAsync(() => Task.FromResult(
            pair.There.Services.GetRequiredService<Hub>().Find(pair.Ada.Id)?.Subscriptions.Length == 2), "it waits");

        (await CoteCommands.RunAsync(["new-epoch", .. pair.Live.App.Place], TextReader.Null, said, said))
            .ShouldBe(0, said.ToString());

        (await there.Closed).ShouldBe(4001);
        await using var again = await pair.AdaThere.ConnectAsync(before);
        var reset = await again.NextAsync("reset");
        reset.Data.Text("reason").ShouldBe("epoch");
        var cursor = (await waiting).Ok()["cursor"];
        cursor.Split('-')[0].ShouldBe(before.Split('-')[0], "a poll that began before goes on under no other name");
        (await pair.Ada.GetAsync($"/events?cursor={cursor}"))
            .Ok().Json.GetProperty("events")[0].Text("type").ShouldBe("reset");
        (await pair.AdaThere.GetAsync("/sync")).Ok()["cursor"].ShouldBe(reset.Data.Text("cursor"));
        said.ToString().ShouldContain(reset.Data.Text("cursor").Split('-')[0]);
    }

    [Fact]
    public async Task After_a_failover_that_lost_some_revocations_the_next_ones_are_heard_again()
    {
        await using var pair = await Pair.StartAsync();
        using var eve = await pair.Live.RegisterAsync();
        for (var i = 0; i < 3; i++)
        {
            using var device = await eve.OtherDeviceAsync();
            using var there = new CoteClient(pair.There.Url) { Token = device.Token };
            (await there.GetAsync("/users/me")).Ok();
            (await device.PostAsync("/logout")).Ok();
            await Patience.UntilAsync(async () => (await there.GetAsync("/users/me")).Status == 401,
                "the other node has heard of the logout");
        }
        // What a standby that lagged behind would say of them.
        await using (var db = await pair.Live.App.ConnectAsync())
        {
            await using var forget = db.CreateCommand();
            forget.CommandText = "delete from revocations; update counters set value = 0 where name = 'revocations'";
            await forget.ExecuteNonQueryAsync();
        }
        (await CoteCommands.RunAsync(["new-epoch", .. pair.Live.App.Place], TextReader.Null, TextWriter.Null,
            TextWriter.Null)).ShouldBe(0);
        (await pair.AdaThere.GetAsync("/users/me")).Ok();
        await using (var there = await pair.AdaThere.ConnectAsync())
        {
            (await pair.Ada.PostAsync("/logout")).Ok();
            (await there.Closed).ShouldBeOneOf(4503, 4001);
        }
        await Patience.UntilAsync(async () => (await pair.AdaThere.GetAsync("/users/me")).Status == 401,
            "the other node has heard of the logout");
    }

    [Fact]
    public async Task A_second_node_on_the_same_folder_is_refused()
    {
        await using var live = await LiveApp.StartAsync();

        var refused = await Should.ThrowAsync<StartupException>(
            () => live.App.StartNeighbourAsync($"Data:Directory={live.App.Data}"));

        refused.Message.ShouldContain("Another node is using the folder");
    }
}
