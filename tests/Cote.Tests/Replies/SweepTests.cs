using System.Globalization;
using Cote.Replies;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Replies;

/// <summary>The sweep for replies that wait, beside replies that run.</summary>
public sealed class SweepTests
{
    // With thousands of chats a sweep takes longer than a lease. This one stands at its first pause for as long as the
    // test wants, which is as long as over any number of chats, and needs none of them.
    [Fact]
    public async Task A_sweep_over_any_number_of_chats_holds_back_neither_a_checkpoint_nor_a_lease()
    {
        var time = new HeldTime(IdleReplyLoop.SpreadEach, isExact: true);
        // The loop of the search index makes pauses of any length.
        await using var app = await CoteApp.StartAsync(
            x =>
            {
                Searching.WithoutLoop(x);
                x.Services.AddSingleton<TimeProvider>(time);
            }, "Assistants:MaxParallelReplies=1", "Events:DeltaMilliseconds=0"); // no timers of texts
        using var ada = await app.RegisterAsync();
        var (speak, end) = (new Gate(), new Gate());
        app.Model.Enqueue(FakeReply.After(speak).Then("so far").ThenWaitFor(end).Then(", done"));
        var chat = await ada.CreateChatAsync();
        var runs = (await ada.AskAsync(chat, "has the only place")).Text("reply_id");
        await speak.Reached.InTimeAsync();
        var waiting = new List<(string Chat, string Reply)>();
        for (var i = 0; i < 3; i++)
        {
            var other = await ada.CreateChatAsync();
            waiting.Add((other, (await ada.AskAsync(other, "waits")).Text("reply_id")));
        }
        await time.Reached.InTimeAsync();

        speak.Open();
        await Patience.UntilAsync(async () => (await ada.MessageAsync(chat, runs)).Text("content") == "so far",
            "the text was kept");
        var lease = await LeaseAsync(app);
        time.Shift = TimeSpan.FromSeconds(10); // a renewal is due, and no lease has lapsed
        await Patience.UntilAsync(async () => await LeaseAsync(app) > lease, "the lease was renewed");

        time.Held.ShouldBe(1, "all the while the sweep stood at its first chat");
        end.Open();
        (await ada.EndOfAsync(chat, runs)).Text("content").ShouldBe("so far, done");
        foreach (var (other, reply) in waiting) // what waits for the slot takes it, without the sweep
            (await ada.EndOfAsync(other, reply)).Text("generation", "state").ShouldBe("completed");
        time.Held.ShouldBe(1, "it stands there still");
        time.LetGo();
    }

    static async Task<long> LeaseAsync(CoteApp app)
    {
        await using var db = await app.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = "select lease_until from messages where state = 'running'";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
