namespace Cote.Scale;

/// <summary>
/// Keeps what a day of the templates has changed in each table: rows that came, rows as they are after a change, rows
/// that went. It stands in a schema of its own beside the product's tables.
/// </summary>
sealed class Recorder(Postgres db, UseModel model)
{
    const long Day = 86_400_000;

    /// <summary>The columns of a table, in order.</summary>
    public static Task<IReadOnlyList<string>> ColumnsAsync(Postgres db, string table) => db.ListAsync(
        $"""
        select column_name from information_schema.columns
        where table_schema = 'public' and table_name = '{table}' order by ordinal_position
        """, x => x.GetString(0));

    /// <summary>Makes the tables of the records, empty.</summary>
    public async Task BeginAsync()
    {
        await db.ExecuteAsync("create schema scale");
        await db.ExecuteAsync(Functions);
        foreach (var table in Tables.All)
            await db.ExecuteAsync($"""
                create table scale.before_{table.Name} as select * from {table.Name} where false;
                create table scale.rec_{table.Name} as
                  select 0 as played, 'i' as op, ''::text collate "C" as whose, 0::bigint as lag, x.*
                  from {table.Name} x where false;
                """);
    }

    /// <summary>Records what was changed since the last time.</summary>
    public async Task RecordAsync(int day)
    {
        foreach (var table in Tables.All)
            await RecordAsync(table, day);
    }

    /// <summary>
    /// Waits until the search index knows all, records it, and names the turns of each day.
    /// </summary>
    public async Task FinishAsync(IReadOnlyList<string> people, CancellationToken ct)
    {
        while (await db.ValueAsync<long>("""
            select count(*) from heads h left join search_marks s on s.user_id = h.user_id
            where h.seq > 0 and (s.user_id is null or s.mark < h.seq or s.goal > 0)
            """) > 0)
            await Task.Delay(200, ct); // the index follows by itself, and tells nobody
        await RecordDocumentsAsync();
        await db.ExecuteAsync(
            "create table scale.templates (t bigint primary key, user_id text collate \"C\", number bigint)");
        for (var i = 0; i < people.Count; i++)
            await db.ExecuteAsync($"""
                insert into scale.templates select {i}, '{people[i]}', number from search_marks
                where user_id = '{people[i]}'
                """);
        await db.ExecuteAsync(Turns);
        foreach (var table in Tables.All)
            await db.ExecuteAsync($"""
                drop table scale.before_{table.Name};
                create index on scale.rec_{table.Name} (played, op, whose);
                analyze scale.rec_{table.Name};
                """);
    }

    async Task RecordAsync(PersonalTable table, int day)
    {
        var (name, before) = (table.Name, $"scale.before_{table.Name}");
        var same = string.Join(" and ", table.Key.Select(x => $"x.{x} = b.{x}"));
        var lag = (model.Days - day) * Day;
        string record(string op) => $"""
            insert into scale.rec_{name}
            select {day}, '{op}', coalesce({table.Owner}, ''), {lag}, x.*
            """;
        await db.ExecuteAsync($"""
            {record("i")} from {name} x where not exists (select 1 from {before} b where {same});
            {record("u")} from {name} x join {before} b on {same} where (x.*) is distinct from (b.*);
            {record("d")} from {before} x where not exists (select 1 from {name} b where {same});
            truncate {before};
            insert into {before} select * from {name};
            """);
    }

    // The index comes a moment after what it is of: a document is of the day of its text.
    async Task RecordDocumentsAsync()
    {
        foreach (var name in new[] { Tables.Documents, Tables.Marks })
            await db.ExecuteAsync($"truncate scale.rec_{name}");
        await db.ExecuteAsync($"""
            insert into scale.rec_{Tables.Documents}
            select m.played, 'i', x.user_id, m.lag, x.* from {Tables.Documents} x
            join scale.rec_messages m on m.op = 'i' and m.user_id = x.user_id and m.id = x.message_id;
            insert into scale.rec_{Tables.Documents}
            select c.played, 'i', x.user_id, c.lag, x.* from {Tables.Documents} x
            join scale.rec_chats c on c.op = 'i' and c.user_id = x.user_id and c.id = x.chat_id
            where x.message_id = '';
            insert into scale.rec_{Tables.Marks}
            select h.played, 'i', x.user_id, h.lag, x.* from {Tables.Marks} x
            join scale.rec_heads h on h.op = 'i' and h.user_id = x.user_id;
            """);
    }

    // A reply is of the turn of its question. One that is made again has a turn after it.
    const string Turns = """
        alter table scale.rec_messages add column turn bigint not null default 0;
        create table scale.turns as
          select played, whose, id, row_number() over (partition by played, whose order by seq, id) as turn
          from (select r.played, r.whose, r.id, r.timestamp as seq from scale.rec_messages r
            where r.op = 'i' and r.sender = 'user') q;
        update scale.rec_messages r set turn = t.turn from scale.turns t
          where r.op = 'i' and r.whose = t.whose and r.played = t.played and t.id in (r.id, r.reply_to_id);
        update scale.rec_messages r set turn = 1 where r.op = 'i' and turn = 0;
        """;

    const string Functions = """
        create function scale.id(old text, n bigint, shift bigint) returns text
        language sql immutable parallel safe return
          case when length(old) = 36 then cast(cast(
            lpad(to_hex(cast(cast('x' || left(replace(old, '-', ''), 12) as bit(48)) as bigint) + shift), 12, '0')
            || '7' || overlay(substr(md5(old || cast(n as text)), 14, 19) placing 'a' from 4 for 1)
            as uuid) as text) else old end;
        create function scale.terms(old tsvector, template bigint, number bigint) returns tsvector
        language sql immutable parallel safe return
          cast(replace(cast(old as text), '''' || to_hex(template), '''' || to_hex(number)) as tsvector);
        """;
}
