using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>Loops over more rows than a round looks at.</summary>
public sealed class SliceTests : IAsyncLifetime
{
    static readonly CancellationToken Ct = CancellationToken.None;

    StillApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await StillApp.OpenAsync("Media:GraceHours=0");
        _app.Services.GetRequiredService<MediaFolders>().Open();
        // The slices are by user: `zoe` is behind the first one.
        await _app.WriteAsync($"""
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < {Slices.Rows})
            select 'user-' || i, i, i, i, i, '', 0 from n
            """, $"insert into heads (user_id) select id from users");
        await _app.AddUserAsync("zoe");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

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

        Task<bool> trimAsync() => events.TrimAsync(new(1), keep: 2, most: 1_000, Ct);
    }

    [Fact]
    public async Task Uploads_and_blobs_behind_the_first_slice_are_swept_by_the_next_round_and_then_it_begins_again()
    {
        // All are in use but the last.
        await _app.AddChatAsync("zoe", "chat");
        await _app.AddMessageAsync("zoe", "chat", "message", 1, 1);
        await _app.WriteAsync(
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
            insert into message_media (user_id, message_id, place, chat_id, media_id)
            select 'zoe', 'message', created_at, 'chat', id from media where id <> 'last'
            """);
        var loop = ActivatorUtilities.CreateInstance<MediaGcLoop>(_app.Services);
        var (uploads, blobs) = ((Timestamp?)null, (string?)null);

        await sweepAsync();
        (await _app.CountAsync($"media"), await _app.CountAsync($"blobs")).ShouldBe((Slices.Rows + 1, Slices.Rows + 1));
        await sweepAsync();
        (await _app.CountAsync($"media"), await _app.CountAsync($"blobs")).ShouldBe((Slices.Rows, Slices.Rows));
        await _app.WriteAsync($"delete from message_media where media_id = '100001'");
        await sweepAsync();
        (await _app.CountAsync($"media"), await _app.CountAsync($"blobs")).ShouldBe((Slices.Rows - 1, Slices.Rows - 1));

        async Task sweepAsync()
        {
            uploads = await loop.SweepUploadsAsync(uploads, Ct);
            blobs = await loop.SweepBlobsAsync(blobs, Ct);
        }
    }

    [Fact]
    public async Task A_chat_is_purged_by_the_round_after_its_deletion_and_one_deleted_long_ago_by_the_first_round()
    {
        await DeleteAsync("old", new(1));
        var loop = ActivatorUtilities.CreateInstance<PurgeDeletedLoop>(_app.Services);

        await loop.RunOnceAsync(Ct);
        (await _app.CountAsync($"messages where deleted_at is null")).ShouldBe(0);
        await DeleteAsync("new", _app.Services.GetRequiredService<Clock>().Now);
        await DeleteAsync("older", new(1)); // what no deletion of today can leave: only the round of tomorrow looks
        await loop.RunOnceAsync(Ct);
        (await _app.CountAsync($"messages where deleted_at is null")).ShouldBe(1);
        (await _app.CountAsync($"messages where deleted_at is null and chat_id = 'older'")).ShouldBe(1);
    }

    async Task DeleteAsync(string chat, Timestamp at)
    {
        await _app.AddChatAsync("zoe", chat, at);
        await _app.AddMessageAsync("zoe", chat, "of " + chat, 1, 0);
    }

    async Task AppendAsync(long first, long last)
    {
        for (var seq = first; seq <= last; seq++)
            await _app.AppendAsync("zoe", seq, EventTypes.ChatUpdated, "chat", null);
    }
}
