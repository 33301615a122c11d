using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>How often it is looked for pushes that are due, and the gaps before the next tries.</summary>
sealed record PushPace(TimeSpan Every, IReadOnlyList<TimeSpan> Gaps)
{
    public static readonly PushPace Default = new(TimeSpan.FromSeconds(1),
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30),
    ]);
}

/// <summary>
/// Sends the pushes that are due. A round starts what has room and waits for none of it. A crash between a push and the
/// note of it sends it once more.
/// </summary>
sealed class PushLoop(
    PushOutbox outbox, DeviceStore devices, PushSenders senders, PushPace pace, DatabaseEngine engine, Clock clock,
    ILogger<PushLoop> log) : PeriodicLoop(pace.Every, clock, log)
{
    const int PageRows = 200;
    static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(30);
    static readonly TimeSpan GivenUpAfter = TimeSpan.FromHours(4);

    // To cut off what is on its way sends it twice, which its collapse key makes one; to wait for it holds up the stop.
    static readonly TimeSpan LeftAtStop = TimeSpan.FromSeconds(2);

    readonly PushFlights _flights = new(clock);
    CancellationTokenSource _cut = new();
    bool _hasBegun;
    long _lookedAt;
    bool _hasFound;
    bool _hasRoom; // for what had none before

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (!senders.AreConfigured)
            return;
        var hasRoom = Interlocked.Exchange(ref _hasRoom, false);
        if (!_hasBegun)
        {
            await outbox.LookForDevicesAsync(ct);
            if (engine.IsSingleProcess)
                await outbox.VoidLeasesAsync();
        }
        else if (!hasRoom && !outbox.IsBusy && !_hasFound && Clock.Since(_lookedAt) < LooksEvery)
            return;
        (_hasBegun, _lookedAt, _hasFound) = (true, Clock.Ticks, false);
        while (await StartSomeAsync(ct))
            _hasFound = true;
    }

    // What is on its way has two seconds to end. What has not ended by then is sent again by another node, or at the
    // next start.
    protected override async Task FinishAsync()
    {
        var none = _flights.WhenNoneAsync();
        using var limit = new CancellationTokenSource();
        await Task.WhenAny(none, Task.Delay(LeftAtStop, Clock.Provider, limit.Token));
        await limit.CancelAsync();
        await _cut.CancelAsync();
        await none;
        _cut.Dispose();
        _cut = new();
    }

    async Task<bool> StartSomeAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var due = await outbox.ListDueAsync(PageRows, _flights.FullUsers, _flights.FullKinds, ct);
        var entered = due.Where(_flights.TryEnter).ToDictionary(x => x.Id);
        if (entered.Count == 0)
            return false;
        try
        {
            var taken = await outbox.ClaimAsync(entered.Keys);
            foreach (var push in taken)
                if (entered.Remove(push.Id, out var own))
                    _ = Task.Run(() => SendAsync(own, push), CancellationToken.None); // FinishAsync waits for it.
            return taken.Count > 0;
        }
        finally
        {
            foreach (var other in entered.Values)
                _flights.Leave(other, null); // Another node has it, or it was withdrawn.
        }
    }

    async Task SendAsync(DuePush due, Push push)
    {
        var began = Clock.Ticks;
        TimeSpan? took = null;
        try
        {
            await SendAsync(push, () => took = Clock.Since(began));
        }
        catch (ProblemException error)
        {
            // What became of it was not noted: when its lease has lapsed, it is sent again.
            Log.RoundDelayed(nameof(PushLoop), error.Problem.Code);
            LoopMetrics.Failed(nameof(PushLoop), error.Problem.Code);
        }
#pragma warning disable CA1031 // Top of a task: without this catch a fault of one push would be told to nobody.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Log.RoundFailed(error, nameof(PushLoop));
            LoopMetrics.Failed(nameof(PushLoop));
        }
        finally
        {
            if (_flights.Leave(due, took))
            {
                Volatile.Write(ref _hasRoom, true);
                Wake();
            }
        }
    }

    async Task SendAsync(Push push, Action tried)
    {
        // The device, its login, the reply or its question is not there any more.
        if (push.Address is null || push.Message is null)
        {
            await outbox.RemoveAsync(push);
            return;
        }
        var outcome = await TryAsync(push.Address, push.Message);
        tried();
        NoticeMetrics.OnPush(push.Address.Kind, outcome.Result, isOver: Clock.Now >= push.At + GivenUpAfter);
        switch (outcome.Result)
        {
            case PushResult.Later when Clock.Now < push.At + GivenUpAfter:
                var gap = GapAfter(push.Tries, outcome.After);
                await outbox.RetryAsync(push, gap);
                Log.PushDelayed(push.Address.Kind, push.Id.DeviceId, gap, outcome.Why);
                return;
            case PushResult.Gone:
                await devices.RemoveGoneAsync(push.Id.DeviceId, push.Address);
                Log.DeviceGone(push.Id.DeviceId, push.Address.Kind);
                break;
            case PushResult.Later or PushResult.Refused:
                Log.PushGivenUp(push.Address.Kind, push.Id.DeviceId, push.Tries, outcome.Why);
                break;
        }
        await outbox.RemoveAsync(push);
    }

    // One limit for all of a try, whatever it waits for.
    async Task<PushOutcome> TryAsync(DeviceAddress address, PushMessage message)
    {
        using var limit = new CancellationTokenSource(PushHttp.Within, Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _cut.Token);
        try
        {
            return await senders.SendAsync(address, message, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return PushHttp.TooLate;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return PushHttp.CutOff;
        }
    }

    TimeSpan GapAfter(long tries, TimeSpan? asked)
    {
        var gap = pace.Gaps[(int)Math.Min(tries, pace.Gaps.Count) - 1];
        return asked > gap ? asked.Value : gap;
    }
}
