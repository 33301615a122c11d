using System.Globalization;
using Cote.Replies;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Assistants;

/// <summary>The sweep for replies that wait, beside replies that run.</summary>
public sealed class SweepTests
{
    // With thousands of chats a sweep takes longer than a lease. This one stands at its first pause for as long as the test
    // wants, which is as long as over any number of chats, and needs none of them.
    [Fact]
    public async Task A_sweep_over_any_number_of_chats_holds_back_neither_a_checkpoint_nor_a_lease()
    {
        var time = new HeldTime(IdleReplyLoop.SpreadEach);
        await using var app = await CoteApp.StartAsync(
            x => x.Services.AddSingleton<TimeProvider>(time), "Assistants:MaxParallelReplies=1");
        using var ada = await app.RegisterAsync();
        var (speak, end) = (new Gate(), new Gate());
        app.Model.Enqueue(FakeReply.After(speak).Then("so far").ThenWaitFor(end).Then(", done"));
        var chat = await ada.CreateChatAsync();
        var runs = (await ada.AskAsync(chat, "has the only place")).Text("reply_id");
        await speak.Reached.WaitAsync(TimeSpan.FromSeconds(20));
        var waiting = new List<(string Chat, string Reply)>();
        for (var i = 0; i < 3; i++)
        {
            var other = await ada.CreateChatAsync();
            waiting.Add((other, (await ada.AskAsync(other, "waits")).Text("reply_id")));
        }
        await time.Reached.WaitAsync(TimeSpan.FromSeconds(20));

        speak.Open();
        await Samples.UntilAsync(async () => (await ada.MessageAsync(chat, runs)).Text("content") == "so far", "the text was kept");
        var lease = await LeaseAsync(app);
        time.Shift = TimeSpan.FromSeconds(10); // a renewal is due, and no lease has lapsed
        await Samples.UntilAsync(async () => await LeaseAsync(app) > lease, "the lease was renewed");

        time.Held.ShouldBe(1, "all the while the sweep stood at its first chat");
        end.Open();
        (await ada.EndOfAsync(chat, runs)).Text("content").ShouldBe("so far, done");
        foreach (var (other, reply) in waiting)
            (await ada.MessageAsync(other, reply)).Text("generation", "state").ShouldBe("queued");
        time.LetGo();
        foreach (var (other, reply) in waiting)
            (await ada.EndOfAsync(other, reply)).Text("generation", "state").ShouldBe("completed");
    }

    static async Task<long> LeaseAsync(CoteApp app)
    {
        await using var db = await app.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = "select lease_until from messages where state = 'running'";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    // The system's clock, but for pauses of one length: they last until they are let go.
    sealed class HeldTime(TimeSpan held) : TimeProvider
    {
        readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly List<ITimer> _timers = [];
        long _shift;
        bool _free;

        /// <summary>Ends when such a pause has begun.</summary>
        public Task Reached => _reached.Task;

        /// <summary>How many of them have begun.</summary>
        public int Held
        {
            get
            {
                lock (_timers)
                    return _timers.Count;
            }
        }

        /// <summary>How far what measures time is ahead; timers run as they do.</summary>
        public TimeSpan Shift
        {
            set => Volatile.Write(ref _shift, (long)(value.TotalSeconds * TimestampFrequency));
        }

        public void LetGo()
        {
            lock (_timers)
            {
                _free = true;
                foreach (var timer in _timers)
                    timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _shift);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_timers)
            {
                if (_free || dueTime != held)
                    return base.CreateTimer(callback, state, dueTime, period);
                var timer = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timers.Add(timer);
                _reached.TrySetResult();
                return timer;
            }
        }
    }
}
