using System.Diagnostics;

namespace Cote.Scale;

/// <summary>How long a part of the month took.</summary>
sealed record MonthTimes(double RowsSeconds, double LoopSeconds, long Turns, long Users);

/// <summary>
/// A month of many people in a copy of the templates' database. Day after day it writes, by statements over all who are
/// active, what a day of their templates has written: rows come, are changed as often as the product changes them, and
/// go. After each day the product's own loops remove what is to be removed.
/// </summary>
sealed class Month(Postgres db, ScaleServer server, UseModel model, long users)
{
    const int MostCheckpoints = 12;

    readonly Dictionary<string, IReadOnlyList<string>> _columns = [];

    public async Task<MonthTimes> PlayAsync(Action<string> say, CancellationToken ct)
    {
        foreach (var table in Tables.All)
            _columns[table.Name] = await Recorder.ColumnsAsync(db, table.Name);
        await PeopleAsync();
        var (rows, loops) = (new Stopwatch(), new Stopwatch());
        long turns = 0;
        for (var day = 0; day < model.Days; day++)
        {
            ct.ThrowIfCancellationRequested();
            rows.Start();
            turns += await PlayAsync(day);
            rows.Stop();
            loops.Start();
            server.Time.Shift = -TimeSpan.FromDays(model.Days - day - 1);
            await LoopsAsync(ct);
            loops.Stop();
            if (day % 10 == 9 || day == model.Days - 1)
                say($"  day {day + 1}: {turns:n0} turns, rows {rows.Elapsed.TotalSeconds:n0} s, "
                    + $"the product's loops {loops.Elapsed.TotalSeconds:n0} s");
        }
        await CheckAsync();
        return new(rows.Elapsed.TotalSeconds, loops.Elapsed.TotalSeconds, turns, users);
    }

    // Of tables that no loop shortens within the month, there must be as many rows as the templates' days say.
    async Task CheckAsync()
    {
        foreach (var table in new[] { "users", "heads", "chats", "messages", "calls", "audit" })
        {
            var (due, found) = (await db.ValueAsync<long>($"""
                select sum(case r.op when 'i' then c.people when 'd' then -c.people else 0 end) from scale.rec_{table} r
                join (select t.user_id, count(p.n) + 1 as people from scale.templates t
                  left join scale.people p on p.whose = t.user_id group by t.user_id) c on c.user_id = r.whose
                """), await db.ValueAsync<long>($"select count(*) from {table}"));
            if (due != found)
                throw new InvalidOperationException($"{table} has {found} rows, and {due} are due.");
        }
    }

    // The templates are people of the month too; the others are copies of them in turn, at their own hours of the day.
    Task<long> PeopleAsync() => db.ExecuteAsync($"""
        create table scale.people as
          select n, t.user_id as whose, t.number as template_number, number_base + n as number,
            abs(hashtextextended(cast(n as text), 0)) % 40000000 - 20000000 as shift
          from generate_series(1, {users - model.Templates}) n
          join scale.templates t on t.t = n % {model.Templates}
          cross join (select coalesce(max(number), 0) as number_base from search_marks) b;
        create index on scale.people (whose);
        analyze scale.people;
        create unlogged table scale.today as
          select m.*, 0::bigint as n from messages m where false;
        alter table scale.today add column turn bigint, add column seconds bigint, add column opens boolean;
        create index on scale.today (turn);
        """);

    async Task<long> PlayAsync(int day)
    {
        foreach (var table in new[] { "users", "heads", Tables.Marks, "sessions", "chats", "blobs", "media" })
            await InsertAsync(table, day);
        await TodayAsync(day);
        var turns = await db.ValueAsync<long>("select coalesce(max(turn), 0) from scale.today");
        for (var turn = 1; turn <= turns; turn++)
            await TurnAsync(turn);
        await InsertAsync("calls", day, ("state", "0"), ("output", "0"));
        await db.ExecuteAsync(Update("calls", day, "i"));
        foreach (var table in Tables.All.Select(x => x.Name).Where(IsWrittenAfter))
            await InsertAsync(table, day);
        foreach (var table in Tables.All.Where(x => x.Name is not (Tables.Documents or Tables.Marks)))
        {
            await DeleteAsync(table, day);
            await db.ExecuteAsync(Update(table.Name, day, "u"));
        }
        await db.ExecuteAsync($"""
            update search_marks s set mark = h.seq from heads h
            where h.user_id = s.user_id and s.mark <> h.seq
            """);
        return await db.ValueAsync<long>("select count(*) from scale.today where sender = 'ai'");
    }

    static bool IsWrittenAfter(string table) => table is "spent_tokens" or "message_media" or "message_parts"
        or "events" or "audit" or Tables.Documents;

    // What was sent today, as it is when it has ended; a reply has a checkpoint for each second of it.
    Task<long> TodayAsync(int day)
    {
        var columns = _columns["messages"];
        var values = string.Join(", ", columns.Select(x => Tables.Value("messages", x)));
        return db.ExecuteAsync($"""
            truncate scale.today;
            insert into scale.today ({string.Join(", ", columns)}, n, turn, seconds, opens)
            select {values}, p.n, r.turn,
              least({MostCheckpoints}, length(r.content) / {6 * model.WordsASecond} + 1),
              r.sender = 'ai' and r.deleted_at is null and row_number() over (
                partition by r.chat_id, r.turn, r.sender, p.n order by r.seq) = 1
            from scale.rec_messages r join scale.people p on p.whose = r.whose
            where r.played = {day} and r.op = 'i';
            analyze scale.today;
            """);
    }

    // A send, its checkpoints, its end, and that it was shown and read: as many changes of each row as the product
    // makes, and of the same columns, so that an index is touched where it would be.
    async Task TurnAsync(int turn)
    {
        var columns = _columns["messages"];
        var open = string.Join(", ", columns.Select(x => x switch
        {
            "content" => "case when t.opens then '' else t.content end",
            "state" => "case when t.opens then 'running' else t.state end",
            "event_seq" or "tokens" or "listed" => $"case when t.opens then 0 else t.{x} end",
            "usage" or "finish_reason" or "input_ratio" => $"case when t.opens then null else t.{x} end",
            "status" => "'sent'",
            _ => $"t.{x}",
        }));
        var done = string.Join(", ",
            "content,state,event_seq,tokens,listed,usage,finish_reason,input_ratio,parts_rev,timestamp".Split(',')
            .Select(x => $"{x} = t.{x}"));
        var checkpoints = await db.ValueAsync<long>(
            $"select coalesce(max(seconds), 0) from scale.today where turn = {turn} and opens");
        await HeadsAsync(turn, 3);
        await ChatsAsync(turn);
        await db.ExecuteAsync($"""
            insert into messages ({string.Join(", ", columns)}) select {open} from scale.today t where t.turn = {turn}
            """);
        for (var second = 1; second < checkpoints; second++)
            await db.ExecuteAsync($"""
                update messages m set content = left(t.content, cast(length(t.content) * {second} / t.seconds as int)),
                  lease_until = m.lease_until + 1, listed = 1
                {OfTurn(turn)} and t.opens and t.seconds > {second}
                """);
        await db.ExecuteAsync($"update messages m set {done} {OfTurn(turn)} and t.opens");
        await HeadsAsync(turn, 2);
        await ChatsAsync(turn);
        await OutboxAsync(turn);
        await db.ExecuteAsync($"update messages m set status = 'delivered' {OfTurn(turn)} and t.opens");
        await db.ExecuteAsync($"update messages m set status = t.status {OfTurn(turn)} and t.status <> m.status");
    }

    static string OfTurn(int turn) =>
        $"from scale.today t where t.turn = {turn} and m.user_id = t.user_id and m.id = t.id";

    // Each event transaction locks the head of its user's log and changes it; a claim and a settlement lock it alone.
    async Task HeadsAsync(int turn, int times)
    {
        for (var i = 0; i < times; i++)
            await db.ExecuteAsync($"""
                update heads h set unit = t.id from scale.today t
                where t.turn = {turn} and t.opens and h.user_id = t.user_id
                """);
    }

    // One endpoint is told of each message and of each reply: a row that comes, is taken by a node, and goes.
    Task<long> OutboxAsync(int turn) => db.ExecuteAsync($"""
        insert into webhooks (id, endpoint, type, user_id, chat_id, message_id, cursor, at, until)
        select t.id || '.main', 'main', case when t.opens then 'reply.ended' else 'message.sent' end, t.user_id,
          t.chat_id, t.id, 'abcdefghijkl.' || t.event_seq, t.timestamp, t.timestamp + 86400000
        from scale.today t where t.turn = {turn};
        update webhooks set lease_until = at, tries = tries + 1;
        delete from webhooks;
        """);

    // The place of a chat among others moves with each message, and that is in an index.
    Task<long> ChatsAsync(int turn) => db.ExecuteAsync($"""
        update chats c set activity = c.activity + 1, changed = c.changed + 1, last_seq = c.last_seq,
          last_message_time = t.timestamp, leaf_id = t.id
        from scale.today t where t.turn = {turn} and t.opens and c.user_id = t.user_id and c.id = t.chat_id
        """);

    Task<long> InsertAsync(string table, int day, params (string Column, string Value)[] instead)
    {
        var columns = _columns[table];
        var values = columns.Select(x => instead.FirstOrDefault(y => y.Column == x).Value ?? Tables.Value(table, x));
        return db.ExecuteAsync($"""
            insert into {table} ({string.Join(", ", columns)}) select {string.Join(", ", values)}
            from scale.rec_{table} r join scale.people p on p.whose = r.whose where r.played = {day} and r.op = 'i'
            order by p.n on conflict do nothing
            """);
    }

    string Update(string name, int day, string op)
    {
        var table = Tables.All.First(x => x.Name == name);
        var set = _columns[name].Except(table.Key).Where(x => x != "number")
            .Select(x => $"{x} = {Tables.Value(name, x)}");
        return $"""
            update {name} x set {string.Join(", ", set)}
            from scale.rec_{name} r join scale.people p on p.whose = r.whose
            where r.played = {day} and r.op = '{op}' and {KeyOf(table)}
            """;
    }

    Task<long> DeleteAsync(PersonalTable table, int day) => db.ExecuteAsync($"""
        delete from {table.Name} x using scale.rec_{table.Name} r join scale.people p on p.whose = r.whose
        where r.played = {day} and r.op = 'd' and {KeyOf(table)}
        """);

    static string KeyOf(PersonalTable table) =>
        string.Join(" and ", table.Key.Select(x => $"x.{x} = {Tables.Value(table.Name, x)}"));

    async Task LoopsAsync(CancellationToken ct)
    {
        foreach (var loop in server.Loops.Where(x => x.GetType().Name is
            "EventRetentionLoop" or "PurgeDeletedLoop" or "SessionMaintenanceLoop" or "MediaGcLoop" or "SearchLoop"))
            await loop.RunOnceAsync(ct);
    }
}
