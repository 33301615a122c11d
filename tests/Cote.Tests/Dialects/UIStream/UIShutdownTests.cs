using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

/// <summary>What a stream says where the server that makes its reply goes.</summary>
public sealed class UIShutdownTests
{
    [Fact]
    public async Task A_reply_that_nobody_takes_up_ends_as_interrupted()
    {
        await using var live = await LiveApp.StartAsync(CoteApp.LeaseFor(1), "Assistants:MaxTakeovers=0");
        using var ada = await live.RegisterAsync();
        var never = new Gate();
        var play = live.Play(FakeReply.Text("half").ThenWaitFor(never));
        await using var stream = await ada.ChatAsync(Body("c1", User("m1", play.Question)));
        await stream.UntilTextAsync("half");
        await live.App.WriteAsync(
            $"update messages set owner = 'dead', lease_until = 1 where id = '{stream.MessageId}'");
        (await stream.ToEndAsync())[^1].ShouldBe("finish interrupted");
        stream.Chunks[^1].Text("messageMetadata", "state").ShouldBe("interrupted");
    }

    [Fact]
    public async Task A_server_that_goes_breaks_the_stream_and_the_next_one_tells_all_of_it()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var (never, gate) = (new Gate(), new Gate());
        var play = live.Play(FakeReply.Text("the old").ThenWaitFor(never), FakeReply.After(gate).Then("the new"));
        await using var stream = await ada.ChatAsync(Body("c1", User("m1", play.Question)));
        await stream.UntilTextAsync("the old");

        await live.App.RestartAsync();

        var error = await Record.ExceptionAsync(async () => await stream.ToEndAsync());
        error.ShouldBeAssignableTo<IOException>("it does not end as if it were whole");
        stream.IsDone.ShouldBeFalse();
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await using var resumed = await again.ResumeAsync("c1");
        await resumed.UntilTextAsync("the old");
        gate.Open();
        var shape = await resumed.ToEndAsync();
        shape[..6].ShouldBe([
            "start", "start-step", "text-start", "text-delta the old", "reset-step", "message-metadata"]);
        shape[6..].ShouldBe(["text-start", "text-delta the new", "text-end", "finish-step", "finish stop"]);
        resumed.MessageId.ShouldBe(stream.MessageId);
    }
}
