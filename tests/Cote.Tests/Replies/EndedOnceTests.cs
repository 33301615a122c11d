using System.Collections.Concurrent;
using Cote.Replies;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cote.Tests.Replies;

/// <summary>What is counted and told of replies that end, and how long those wait that have not begun.</summary>
public sealed class EndedOnceTests
{
    [Fact]
    public async Task The_end_of_a_reply_is_told_once_however_many_stop_it()
    {
        await using var live = await LiveApp.StartAsync("Assistants:MaxParallelRepliesPerUser=1");
        using var ada = await live.RegisterAsync();
        var ended = new ConcurrentQueue<string>();
        live.App.Services.GetRequiredService<TurnEvents>().ReplyEnded += (reply, end) =>
            ended.Enqueue($"{reply.Id} {end.State}");
        var gate = new Gate();
        var running = live.Play(FakeReply.After(gate).Then("late"));
        await ada.AskForAsync(await ada.CreateChatAsync(model: "openai"), running);
        await running.NextCallAsync();
        var told = new List<string>();

        for (var i = 0; i < 10; i++)
        {
            var chat = await ada.CreateChatAsync(model: "openai");
            told.Add((await ada.AskAsync(chat, "queued")).Text("reply_id") + " stopped");
            var stops = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ada.PostAsync($"/chats/{chat}/stop")));
            stops.ShouldAllBe(x => x.Status == 200);
        }

        ended.ShouldBe(told);
        gate.Open();
    }

    [Fact]
    public async Task The_age_of_the_queue_is_the_wait_for_a_slot()
    {
        await using var live = await LiveApp.StartAsync("Assistants:MaxParallelRepliesPerUser=1");
        using var ada = await live.RegisterAsync();
        var gauges = live.App.Services.GetServices<IHostedService>().OfType<ReplyGaugeLoop>().Single();
        var asks = (await ada.WaitForToolAsync("demo/approval")).Split('/');
        (await OldestAsync()).ShouldBeNull("a person is waited for");
        var gate = new Gate();
        var running = live.Play(FakeReply.After(gate).Then("late"));
        var busy = await ada.CreateChatAsync(model: "openai");
        await ada.AskForAsync(busy, running);
        await running.NextCallAsync();

        await SetAsync((await ada.AskAsync(busy, "behind it")).Text("reply_id"), "timestamp = 1000");
        (await OldestAsync()).ShouldBeNull("it waits for its turn, and no slot would help it");
        var before = new Clock(TimeProvider.System).Now.Milliseconds;
        (await ada.PostAsync(string.Join('/', asks), new { approve = true })).Ok();
        await SetAsync(asks[4], "timestamp = 1000");
        (await OldestAsync()).ShouldNotBeNull().ShouldBeInRange(before - 1_000, before + 60_000);
        await SetAsync(asks[4], "wait_until = 5000");
        (await OldestAsync()).ShouldBe(5_000, "since its answer");
        var chat = await ada.CreateChatAsync(model: "openai");
        var sent = (await ada.AskAsync(chat, "first")).Text("reply_id");
        await SetAsync(sent, "timestamp = 3000");
        (await OldestAsync()).ShouldBe(3_000, "since it was sent");
        await SetAsync(sent, "state = 'completed', event_seq = 1");
        await live.App.SetRowsAsync($"update events set at = 4000 where user_id = '{ada.Id}' and seq = 1");
        await SetAsync((await ada.AskAsync(chat, "second")).Text("reply_id"), "timestamp = 2000");
        (await OldestAsync()).ShouldBe(4_000, "since the one before it ended");
        gate.Open();

        async Task<long?> OldestAsync() => (await gauges.FindOldestAsync(default))?.Milliseconds;

        Task SetAsync(string reply, string columns) =>
            live.App.SetRowsAsync($"update messages set {columns} where id = '{reply}'");
    }
}
