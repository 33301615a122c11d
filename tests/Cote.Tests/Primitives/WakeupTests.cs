using Cote.Primitives;

namespace Cote.Tests.Primitives;

public sealed class WakeupTests
{
    static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    readonly Wakeup _wakeup = new();

    [Fact]
    public async Task A_signal_that_nobody_waits_for_is_kept_and_counts_as_one()
    {
        _wakeup.Set();
        _wakeup.Set();

        await _wakeup.WaitAsync(CancellationToken.None);
        _wakeup.WaitAsync(CancellationToken.None).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Who_waits_is_woken_each_time_and_not_on_the_thread_that_wakes()
    {
        for (var i = 0; i < 3; i++)
        {
            var waiting = WaitAsync();
            waiting.IsCompleted.ShouldBeFalse();
            var thread = new Thread(_wakeup.Set);
            thread.Start();
            (await waiting).ShouldNotBe(thread.ManagedThreadId);
        }

        async Task<int> WaitAsync()
        {
            await _wakeup.WaitAsync(CancellationToken.None);
            return Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_takes_no_signal()
    {
        using var cancelled = new CancellationTokenSource();
        var waiting = _wakeup.WaitAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        (await Should.ThrowAsync<OperationCanceledException>(waiting)).CancellationToken.ShouldBe(cancelled.Token);
        _wakeup.Set();
        await Should.ThrowAsync<OperationCanceledException>(async () => await _wakeup.WaitAsync(cancelled.Token));
        await _wakeup.WaitAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_wait_with_a_limit_tells_whether_the_signal_came()
    {
        (await _wakeup.WaitAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None)).ShouldBeFalse();
        var waiting = _wakeup.WaitAsync(Long, TimeProvider.System, CancellationToken.None);
        _wakeup.Set();
        (await waiting).ShouldBeTrue();
        (await _wakeup.WaitAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None)).ShouldBeFalse();

        using var cancelled = new CancellationTokenSource();
        var third = _wakeup.WaitAsync(Long, TimeProvider.System, cancelled.Token);
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(third);
    }

    [Fact]
    public async Task Only_one_waits()
    {
        var first = _wakeup.WaitAsync(CancellationToken.None).AsTask();

        Should.Throw<InvalidOperationException>(() => { _wakeup.WaitAsync(CancellationToken.None).AsTask(); });

        _wakeup.Set();
        await first.InTimeAsync();
    }

    [Fact]
    public async Task No_signal_is_lost_among_those_who_set_cancel_and_wait()
    {
        const int Signals = 20_000;
        var (sent, seen, cancelled) = (0, 0, 0);
        var setting = Task.Run(() =>
        {
            while (sent < Signals)
            {
                Interlocked.Increment(ref sent);
                _wakeup.Set();
            }
        });

        while (seen < Signals || cancelled == 0)
        {
            using var limit = new CancellationTokenSource();
            var cancelling = Task.Run(limit.Cancel);
            try
            {
                await _wakeup.WaitAsync(limit.Token).AsTask().InTimeAsync();
                seen = Volatile.Read(ref sent);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
            await cancelling;
        }

        await setting;
        seen.ShouldBe(Signals);
    }
}
