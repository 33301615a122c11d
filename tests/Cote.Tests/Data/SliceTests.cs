using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>
/// Loops over more rows than a round looks at: the rooms are those of the program, without a port and without a loop
/// running, and the rounds are the test's.
/// </summary>
public sealed class SliceTests : IAsyncLifetime
{
    static readonly CancellationToken Ct = CancellationToken.None;

    readonly string _directory = Directory.CreateTempSubdirectory("cote-test-").FullName;
    WebApplication _app = null!;
    Database _db = null!;

    public async ValueTask InitializeAsync()
    {
        _app = CoteHost.Create([
            $"--Cote:Data:Directory={_directory}", "--Cote:Media:GraceHours=0", "--Logging:LogLevel:Default=None"]);
        _db = _app.Services.GetRequiredService<Database>();
        await _app.Services.GetRequiredService<DatabaseEngine>().OpenAsync(Ct);
        await _app.Services.GetRequiredService<EventLog>().OpenAsync(null, Ct);
        _app.Services.GetRequiredService<MediaFolders>().Open();
        // The slices are by user: `zoe` is behind the first one.
        await WriteAsync(
            $"""
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < {Slices.Rows})
            select 'user-' || i, i, i, i, i, '', 0 from n union all select 'zoe', 'zoe', 'zoe', 'zoe', 'zoe', '', 0
            """,
            $"insert into heads (user_id) select id from users");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Events_of_users_behind_the_first_slice_are_trimmed_by_the_next_round_and_then_it_begins_again()
    {
        var events = _app.Services.GetRequiredService<EventLog>();
        await AppendAsync(1, 5);

        await trimAsync();
        (await events.BoundsAsync("zoe", Ct)).ShouldBe((5, 0));
        await trimAsync();
        (await events.BoundsAsync("zoe", Ct)).ShouldBe((5, 3));
        await AppendAsync(6, 9);
        await trimAsync();
        (await events.BoundsAsync("zoe", Ct)).ShouldBe((9, 3));
        await trimAsync();
        (await events.BoundsAsync("zoe", Ct)).ShouldBe((9, 7));

        Task trimAsync() => events.TrimAsync(new(1), keep: 2, most: 1_000, Ct);
    }

    [Fact]
    public async Task Uploads_and_blobs_behind_the_first_slice_are_swept_by_the_next_round_and_then_it_begins_again()
    {
        // All are in use but the last.
        await WriteAsync(
            $"""
            insert into blobs (id, sha256, size, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i <= {Slices.Rows})
            select 'blob-' || (100000 + i), i, 1, i from n
            """,
            $"""
            insert into media (user_id, id, blob_id, name, content_type, size, created_at)
            select 'zoe', substr(id, 6), id, 'x', 'image/png', 1, created_at from blobs where created_at <= {Slices.Rows}
            """,
            $"""
            insert into media (user_id, id, blob_id, name, content_type, size, created_at)
            select 'zoe', 'last', 'blob-100001', 'x', 'image/png', 1, {Slices.Rows + 1}
            """,
            $"""
            insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint)
            values ('zoe', 'chat', '', 0, 0, 0, 0, 0, '')
            """,
            $"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp, listed)
            values ('zoe', 'message', 'chat', 1, 'user', 'text', 'x', 'sent', 'normal', 0, 1)
            """,
            $"""
            insert into message_media (user_id, message_id, place, chat_id, media_id)
            select 'zoe', 'message', created_at, 'chat', id from media where id <> 'last'
            """);
        var loop = ActivatorUtilities.CreateInstance<MediaGcLoop>(_app.Services);

        await loop.SweepAsync(isWhole: false, Ct);
        (await CountAsync($"media"), await CountAsync($"blobs")).ShouldBe((Slices.Rows + 1, Slices.Rows + 1));
        await loop.SweepAsync(isWhole: false, Ct);
        (await CountAsync($"media"), await CountAsync($"blobs")).ShouldBe((Slices.Rows, Slices.Rows));
        await WriteAsync($"delete from message_media where media_id = '100001'");
        await loop.SweepAsync(isWhole: false, Ct);
        (await CountAsync($"media"), await CountAsync($"blobs")).ShouldBe((Slices.Rows - 1, Slices.Rows - 1));
    }

    [Fact]
    public async Task A_chat_is_purged_by_the_round_after_its_deletion_and_one_deleted_long_ago_by_the_first_round()
    {
        await DeleteAsync("old", new(1));
        var loop = ActivatorUtilities.CreateInstance<PurgeDeletedLoop>(_app.Services);

        await loop.RunOnceAsync(Ct);
        (await CountAsync($"messages where deleted_at is null")).ShouldBe(0);
        await DeleteAsync("new", new(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        await DeleteAsync("older", new(1)); // what no deletion of today can leave: only the round of tomorrow looks
        await loop.RunOnceAsync(Ct);
        (await CountAsync($"messages where deleted_at is null")).ShouldBe(1);
        (await CountAsync($"messages where deleted_at is null and chat_id = 'older'")).ShouldBe(1);
    }

    Task DeleteAsync(string chat, Timestamp at) => WriteAsync(
        $"""
        insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint,
          deleted_at)
        values ('zoe', {chat}, '', 0, 0, 0, 0, 0, '', {at})
        """,
        $"""
        insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp, listed)
        values ('zoe', {"of " + chat}, {chat}, 1, 'user', 'text', 'x', 'sent', 'normal', 0, 1)
        """);

    Task AppendAsync(long first, long last) => WriteAsync(
        $"""
        insert into events (user_id, seq, type, chat_id, at)
        with recursive n (i) as (select {first} union all select i + 1 from n where i < {last})
        select 'zoe', i, 'chat.updated', 'chat', 0 from n
        """,
        $"update heads set seq = {last} where user_id = 'zoe'");

    Task<long> CountAsync(Sql from) => _db.FirstAsync($"select count(*) from {from}", row => row.GetInt64(0), Ct);

    async Task WriteAsync(params Sql[] statements)
    {
        var batch = new WriteBatch();
        foreach (var sql in statements)
            batch.Execute(sql);
        (await _db.WriteAsync(batch)).ShouldBe(Outcome.Committed);
    }
}
