using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Replies;
using Cote.Tools;
using Cote.Usage;

namespace Cote.Admin;

/// <summary>A place in the list of open replies.</summary>
readonly record struct ReplyPlace(string Id, string UserId)
{
    /// <summary>The place that a page names as <c>id.user_id</c>; null where it has another form.</summary>
    public static ReplyPlace? Parse(string? text) =>
        text?.Split('.') is [var id, var user] && Ids.Parse(id) is { } reply && Ids.Parse(user) is { } owner
            ? new(reply, owner) : null;

    public override string ToString() => $"{Id}.{UserId}";
}

/// <summary>The SQL of replies that have not ended, and what is known besides of those that are being made.</summary>
sealed class OpenReplyStore(Database db, Node node, NodeReports reports, RunningReplies running, LeaseOptions leases)
{
    /// <summary>
    /// A page of the open replies, the oldest first: their ids are in the order in which they were made, and two users
    /// may hold the same one. It reads the index of open replies alone, and the rows of the page without their texts.
    /// </summary>
    public async Task<IReadOnlyList<OpenReply>> ListAsync(
        string? userId, ReplyPlace? after, long limit, CancellationToken ct)
    {
        Sql which = $"m.state in {States.Open}";
        if (after is { } place)
            which = $"{which} and (m.id > {place.Id} or (m.id = {place.Id} and m.user_id > {place.UserId}))";
        if (userId is not null)
            which = $"{which} and m.user_id = {userId}";
        var rows = await db.ListAsync(
            $"""
            select r.id, r.chat_id, r.user_id, u.username, r.state, r.model, q.timestamp, r.attempt, r.takeovers,
              r.stop_wanted, r.owner, r.lease_until, r.wait_until, cast(octet_length(r.content) as bigint), n.now,
              cast(case when exists (
                select 1 from messages o where o.user_id = r.user_id and o.chat_id = r.chat_id and o.state in {States.Open}
                  and o.seq < r.seq) then 1 else 0 end as bigint),
              (select max(c.at) from calls c where c.user_id = r.user_id and c.subject_id = r.id
                and c.purpose = {Purposes.Chat} and c.attempt = r.attempt and c.state = 0),
              (select a.data from message_parts a where a.user_id = r.user_id and a.message_id = r.id
                order by a.idx desc, a.chunk desc limit 1)
            from (select m.user_id, m.id from messages m where {which} order by m.id, m.user_id limit {limit}) p
            join messages r on r.user_id = p.user_id and r.id = p.id
            join messages q on q.user_id = r.user_id and q.id = r.reply_to_id
            join users u on u.id = r.user_id
            cross join (select {db.Dialect.Now} as now) n
            order by r.id, r.user_id
            """, OpenRow.Read, ct);
        if (rows.Count == 0)
            return [];
        var calls = (await ListCallsAsync([.. rows.Select(x => x.Id)], ct))
            .ToLookup(x => (x.UserId, x.ReplyId), x => x.Call);
        var retries = (await reports.ListAsync(ct)).SelectMany(x => x.Retries).DistinctBy(x => x.Key).ToDictionary();
        return
        [
            .. rows.Select(x => Complete(
                x, [.. calls[(x.UserId, x.Id)]], retries.GetValueOrDefault(NodeReport.KeyOf(x.UserId, x.Id)))),
        ];
    }

    /// <summary>
    /// Where the open replies of this id stand, of one user where he is named; two at the most: a client chooses the
    /// ids of its user.
    /// </summary>
    public Task<IReadOnlyList<(string UserId, string ChatId)>> FindAsync(
        string id, string? userId, CancellationToken ct)
    {
        Sql which = $"m.state in {States.Open} and m.id = {id}";
        if (userId is not null)
            which = $"{which} and m.user_id = {userId}";
        return db.ListAsync(
            $"select m.user_id, m.chat_id from messages m where {which} limit 2",
            row => (row.GetString(0), row.GetString(1)), ct);
    }

    Task<IReadOnlyList<(string UserId, string ReplyId, OpenCall Call)>> ListCallsAsync(
        IReadOnlyList<string> replies, CancellationToken ct) => db.ListAsync(
        $"""
        select t.user_id, t.reply_id, t.call_id, t.state, t.data
        from messages m join tool_calls t on t.user_id = m.user_id and t.reply_id = m.id
        where m.state in {States.Open} and m.id {db.Dialect.In(replies)} and t.state in {CallStates.Open}
        order by t.user_id, t.reply_id, t.step, t.idx
        """,
        row => (row.GetString(0), row.GetString(1), Read(row.GetString(2), row.GetString(3), row.GetString(4))), ct);

    static OpenCall Read(string callId, string state, string members)
    {
        var data = JsonElement.Parse("{" + members + "}");
        var source = data.GetProperty("source").GetString()!;
        // A client names its own tools as it likes.
        return new(callId, source == ToolSources.Client ? null : data.GetProperty("name").GetString(), source, state);
    }

    OpenReply Complete(OpenRow row, IReadOnlyList<OpenCall> calls, RetryInfo? retry)
    {
        var isHeld = row.State == States.Running && row.Owner is not null && row.LeaseUntil > row.Now;
        var run = isHeld && row.Owner == node.Id ? running.Look(row.UserId, row.Id) : null;
        // What another node says of a retry may be some seconds old.
        retry = !isHeld || retry?.At < row.Now ? null : retry;
        var waitsFor = row.State == States.Waiting ? WaitOf(calls)
            : row.State == States.Queued ? row.IsBehind ? Holds.Turn : Holds.Slot
            : !isHeld ? Holds.Node
            : calls.Count > 0 ? Holds.Tool
            : retry is not null ? Holds.Retry
            : run is { HasAsked: false } ? Holds.Prompt
            : run?.HasBegun ?? row.HasBegun ? null : Holds.Model;
        return new(
            row.Id, row.ChatId, row.UserId, row.Username, row.State, row.Model, row.AskedAt, row.Attempt,
            row.Takeovers, waitsFor,
            row.State == States.Waiting ? row.WaitUntil : waitsFor == Holds.Retry ? retry!.At : null,
            waitsFor == Holds.Retry ? retry!.Code : null, isHeld ? row.Owner : null, isHeld ? row.LeaseUntil : null,
            isHeld ? Math.Max(0, (row.Now + leases.Length).Milliseconds - row.LeaseUntil.Milliseconds) / 1_000.0 : null,
            isHeld ? row.CallAt : null, row.Length, run?.ShownAt, row.IsStopRequested, calls);
    }

    static string WaitOf(IReadOnlyList<OpenCall> calls) =>
        calls.Any(x => x.State == CallStates.Waiting && x.Source != ToolSources.Client)
            ? Holds.Approval : Holds.Client;

    sealed record OpenRow(
        string Id, string ChatId, string UserId, string Username, string State, string Model, Timestamp AskedAt,
        long Attempt, long Takeovers, bool IsStopRequested, string? Owner, Timestamp LeaseUntil, Timestamp WaitUntil,
        long Length, Timestamp Now, bool IsBehind, Timestamp? CallAt, string? LastPart)
    {
        // Whether its model has said something after the last tools: thoughts are parts too.
        public bool HasBegun => LastPart is null ? Length > 0
            : LastPart != PartRows.StoredTool && !IsOfCall(JsonElement.Parse(LastPart));

        // A file that a tool made comes after its call.
        static bool IsOfCall(JsonElement part) =>
            part.ValueKind == JsonValueKind.Object && part.TryGetProperty("call_id", out _);

        public static OpenRow Read(Row row) => new(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
            new(row.GetInt64(6)), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9) != 0, row.GetStringOrNull(10),
            new(row.GetInt64(11)), new(row.GetInt64(12)), row.GetInt64(13), new(row.GetInt64(14)),
            row.GetInt64(15) != 0, row.GetInt64OrNull(16) is { } at ? new Timestamp(at) : null,
            row.GetStringOrNull(17));
    }
}
