using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

public sealed class UIShutdownTests
{
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
