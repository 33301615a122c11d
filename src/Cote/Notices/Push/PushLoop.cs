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

/// <summary>Sends the pushes that are due. A crash between a push and the note of it sends it once more.</summary>
sealed class PushLoop(
    PushOutbox outbox, DeviceStore devices, PushSenders senders, PushPace pace, DatabaseEngine engine, Clock clock,
    ILogger<PushLoop> log) : PeriodicLoop(pace.Every, clock, log)
{
    const int AtOnce = 32; // A service that does not answer holds one of them for ten seconds.
    const int PageRows = 200;
    static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(30);
    static readonly TimeSpan GivenUpAfter = TimeSpan.FromHours(4);

    bool _hasBegun;
    long _lookedAt;
    bool _hasFound;

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (!senders.AreConfigured)
            return;
        if (!_hasBegun)
        {
            await outbox.LookForDevicesAsync(ct);
            if (engine.IsSingleProcess)
                await outbox.VoidLeasesAsync();
        }
        else if (!outbox.IsBusy && !_hasFound && Clock.Since(_lookedAt) < LooksEvery)
            return;
        (_hasBegun, _lookedAt, _hasFound) = (true, Clock.Ticks, false);
        while (await outbox.ListDueAsync(PageRows, ct) is { Count: > 0 } due)
        {
            _hasFound = true;
            await Parallel.ForEachAsync(
                due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, SendAsync);
        }
    }

    async ValueTask SendAsync(PushId id, CancellationToken ct)
    {
        if (await outbox.ClaimAsync(id) is not { } push)
            return;
        // The device, its login, the reply or its question is not there any more.
        if (push.Address is null || push.Message is null)
        {
            await outbox.RemoveAsync(push);
            return;
        }
        var outcome = await TryAsync(push, ct);
        NoticeMetrics.OnPush(push.Address.Kind, outcome.Result, isOver: Clock.Now >= push.At + GivenUpAfter);
        switch (outcome.Result)
        {
            case PushResult.Later when Clock.Now < push.At + GivenUpAfter:
                var gap = GapAfter(push.Tries, outcome.After);
                await outbox.RetryAsync(push, gap);
                Log.PushDelayed(push.Address.Kind, id.DeviceId, gap, outcome.Why);
                return;
            case PushResult.Gone:
                await devices.RemoveGoneAsync(id.DeviceId, push.Address);
                Log.DeviceGone(id.DeviceId, push.Address.Kind);
                break;
            case PushResult.Later or PushResult.Refused:
                Log.PushGivenUp(push.Address.Kind, id.DeviceId, push.Tries, outcome.Why);
                break;
        }
        await outbox.RemoveAsync(push);
    }

    async Task<PushOutcome> TryAsync(Push push, CancellationToken ct)
    {
        try
        {
            return await senders.SendAsync(push.Address!, push.Message!, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await outbox.RetryAsync(push, TimeSpan.Zero); // The next start, or another node, need not wait.
            throw;
        }
    }

    TimeSpan GapAfter(long tries, TimeSpan? asked)
    {
        var gap = pace.Gaps[(int)Math.Min(tries, pace.Gaps.Count) - 1];
        return asked > gap ? asked.Value : gap;
    }
}
