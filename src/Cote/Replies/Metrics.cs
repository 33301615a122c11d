using System.Diagnostics.Metrics;
using Cote.Chats;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>Every counter and histogram of this room. Each stands in docs/operations.md.</summary>
static class ReplyMetrics
{
    static readonly Histogram<double> FirstToken = Instruments.LongTimes(
        "cote.reply.first_token", "The time from a message to the first of its reply that is shown.");

    static readonly Histogram<double> Duration = Instruments.LongTimes(
        "cote.reply.duration", "The time of a run of a reply, from its claim to its end.");

    static readonly Counter<long> Ended = Instruments.Meter.CreateCounter<long>(
        "cote.replies.ended", "{reply}", "Replies that have ended.");

    static readonly Counter<long> TakenOver = Instruments.Meter.CreateCounter<long>(
        "cote.replies.taken_over", "{reply}", "Replies that were taken up after the node that made them failed.");

    static readonly Counter<long> ToolCalls = Instruments.Meter.CreateCounter<long>(
        "cote.tool_calls", "{call}", "Tool calls by the state that they have entered.");

    static readonly Histogram<double> ToolDuration = Instruments.LongTimes(
        "gen_ai.execute_tool.duration", "The time of an execution of a tool of the server.");

    /// <summary>The first of a reply is shown.</summary>
    public static void OnFirstShown(PendingReplyRow reply, long claimedAt, Clock clock)
    {
        if (!FirstToken.Enabled || reply.Content.Length > 0 || reply.GoesOn)
            return;
        // The first reply to a question waits from the question on; nothing tells when a later one was asked for.
        var isFirst = reply.Seq == reply.QuestionSeq + 1;
        FirstToken.Record(isFirst ? Seconds(reply.QuestionTimestamp, clock.Now) : clock.Since(claimedAt).TotalSeconds);
    }

    /// <summary>A reply has ended, by whatever hand.</summary>
    public static void OnEnded(string state, string? error, long replies = 1)
    {
        if (error is null)
            Ended.Add(replies, new KeyValuePair<string, object?>("cote.reply.state", state));
        else
            Ended.Add(replies, new("cote.reply.state", state), new("error.type", error));
    }

    public static double Seconds(Timestamp from, Timestamp to) =>
        Math.Max(0, to.Milliseconds - from.Milliseconds) / 1_000.0;

    public static void OnRunEnded(TimeSpan time) => Duration.Record(time.TotalSeconds);

    public static void OnTakenOver() => TakenOver.Add(1);

    /// <summary>Begins counters at 0: an alert compares with what there was before the first.</summary>
    public static void ShowZeros()
    {
        TakenOver.Add(0);
        foreach (var state in new[] { States.Completed, States.Stopped, States.Failed, States.Interrupted })
            OnEnded(state, null, 0);
    }

    public static void OnCallEntered(string state, long calls = 1) =>
        ToolCalls.Add(calls, new KeyValuePair<string, object?>("cote.tool_call.state", state));

    public static void OnExecuted(string tool, TimeSpan time, string? error)
    {
        if (error is null)
            ToolDuration.Record(time.TotalSeconds, new KeyValuePair<string, object?>("gen_ai.tool.name", tool));
        else
            ToolDuration.Record(time.TotalSeconds, new("gen_ai.tool.name", tool), new("error.type", error));
    }
}

/// <summary>The gauges of replies: what runs here, and every ten seconds what the rows say, if somebody asks.</summary>
sealed class ReplyGaugeLoop : PeriodicLoop
{
    static readonly string[] States = [Chats.States.Queued, Chats.States.Running, Chats.States.Waiting];

    readonly Database _db;
    readonly ObservableGauge<long> _open;
    readonly ObservableGauge<double> _age;
    volatile Seen? _seen;

    public ReplyGaugeLoop(
        Database db, RunningReplies running, ServerMeter server, Clock clock, ILogger<ReplyGaugeLoop> log)
        : base(TimeSpan.FromSeconds(10), clock, log)
    {
        _db = db;
        server.Meter.CreateObservableGauge(
            "cote.replies.here", () => running.Count, "{reply}", "Replies that this node makes now.");
        _open = server.Meter.CreateObservableGauge(
            "cote.replies.open", Open, "{reply}", "Replies of all nodes that have not ended, by state.");
        _age = server.Meter.CreateObservableGauge(
            "cote.queue.age", Age, "s",
            "How long the oldest reply of all nodes has waited for a slot, behind no other reply of its chat.");
    }

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (!_open.Enabled && !_age.Enabled)
            return;
        var rows = await _db.ListAsync(
            $"select state, count(*) from messages where state in {Chats.States.Open} group by state",
            row => (State: row.GetString(0), Count: row.GetInt64(1)), ct);
        _seen = new(rows.ToDictionary(x => x.State, x => x.Count), await FindOldestAsync(ct));
    }

    /// <summary>
    /// Since when the oldest of the replies waits that a node with a free slot could begin: since it was sent, since
    /// the last answer to its tool calls, or since the end of the reply before it.
    /// </summary>
    public async Task<Timestamp?> FindOldestAsync(CancellationToken ct) => await _db.FirstAsync(
        $"""
        select min(case when q.before > q.since then q.before else q.since end) from (
          select case when m.wait_until > m.timestamp then m.wait_until else m.timestamp end as since,
            coalesce((
              select e.at from messages p join events e on e.user_id = p.user_id and e.seq = p.event_seq
              where p.user_id = m.user_id and p.chat_id = m.chat_id and p.seq < m.seq and p.state is not null
              order by p.seq desc limit 1), 0) as before
          from messages m
          where m.state in {Chats.States.Open} and m.state = 'queued' and not exists (
            select 1 from messages o where o.user_id = m.user_id and o.chat_id = m.chat_id
              and o.state in {Chats.States.Open} and o.seq < m.seq)) q
        """, row => row.GetInt64OrNull(0) is { } at ? new Timestamp(at) : (Timestamp?)null, ct);

    IEnumerable<Measurement<long>> Open() => _seen is not { } seen ? []
        : States.Select(x => new Measurement<long>(
            seen.Counts.GetValueOrDefault(x), new KeyValuePair<string, object?>("cote.reply.state", x)));

    IEnumerable<Measurement<double>> Age() => _seen is not { } seen ? []
        : [new(seen.Oldest is { } oldest ? ReplyMetrics.Seconds(oldest, Clock.Now) : 0)];

    sealed record Seen(IReadOnlyDictionary<string, long> Counts, Timestamp? Oldest);
}
