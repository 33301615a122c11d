using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using static Cote.Tests.Media.Tus;

namespace Cote.Tests.Media;

/// <summary>
/// Resumable uploads whose parts lie in the database, as they do where several nodes share it. A second node is a
/// second set of what a node has in memory, on the same database.
/// </summary>
public sealed partial class UploadPartsTests : IAsyncLifetime
{
    const int PartSize = ChunkStore.Size;

    readonly SkippingTime _time = new();
    CoteApp _app = null!;
    IServiceProvider _services = null!;

    Database Db => _services.GetRequiredService<Database>();

    UploadStore Uploads => _services.GetRequiredService<UploadStore>();

    public async ValueTask InitializeAsync()
    {
        _app = await CoteApp.StartAsync(x =>
        {
            x.Services.AddSingleton<TimeProvider>(_time);
            x.Services.AddSingleton<PartStore, DatabasePartStore>();
            x.Map(routes => _services = routes.ServiceProvider);
        }, "Auth:AccessTokenMinutes=100000");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task An_upload_continues_after_a_restart_and_its_parts_are_deleted_when_it_is_finished()
    {
        using var before = await _app.RegisterAsync();
        byte[] sound = [.. Samples.Wav(), .. Samples.Noise(3 * PartSize)];

        var upload = await BeginAsync(before, sound.Length, "a.wav");
        (await PartAsync(before, upload, 0, sound[..(PartSize + 100)])).Header("Upload-Offset")
            .ShouldBe($"{PartSize + 100}");
        (await StartsAsync()).ShouldBe([0, PartSize]);
        await _app.RestartAsync();
        using var ada = await before.OtherDeviceAsync(_app.Url);
        (await HeadAsync(ada, upload)).Header("Upload-Offset").ShouldBe($"{PartSize + 100}");
        var last = await PartAsync(ada, upload, PartSize + 100, sound[(PartSize + 100)..]);

        (await Samples.BytesOf((await ada.GetAsync(last.Header("Upload-Media-Url")!)).Ok())).AsSpan().SequenceEqual(
            sound).ShouldBeTrue();
        Samples.PathOf((await HeadAsync(ada, upload)).Header("Upload-Media-Url")!)
            .ShouldBe(Samples.PathOf(last.Header("Upload-Media-Url")!));
        (await StartsAsync()).ShouldBeEmpty();
        UploadTests.Leftovers(_app).ShouldBeEmpty();
        Directory.GetFiles(Path.Combine(_app.Data, "media", "resumable")).ShouldBeEmpty();
    }

    // The phone comes back by another node, while its old connection still sends to this one.
    [Fact]
    public async Task The_earlier_writer_on_another_node_stops_at_its_next_part()
    {
        using var ada = await _app.RegisterAsync();
        byte[] sound = [.. Samples.Wav(), .. Samples.Noise(3 * PartSize)];
        var upload = await BeginAsync(ada, sound.Length, "a.wav");
        using var hanging = await OpenPartAsync(_app, ada, upload, sound.Length);
        await hanging.GetStream().WriteAsync(sound.AsMemory(0, PartSize + 1_000));
        await Patience.UntilAsync(async () => (await StartsAsync()).Count == 1, "a part has come");

        var other = new Node(_services);
        using (var uploadLock = await other.TakeAsync(ada.Id, upload))
        {
            uploadLock.Upload.Received.ShouldBe(PartSize); // bytes that are not committed are not told
            await hanging.GetStream().WriteAsync(Samples.Noise(PartSize)); // other bytes than those that belong there
            (await StatusOf(hanging)).ShouldBe(423);
            await using var writer = other.Parts.Append(uploadLock.Upload);
            await writer.WriteAsync(sound.AsMemory(PartSize, PartSize));
            (await writer.SaveAsync()).ShouldBeTrue();
        }
        var last = await PartAsync(ada, upload, 2 * PartSize, sound[(2 * PartSize)..]);

        (await Samples.BytesOf((await ada.GetAsync(last.Header("Upload-Media-Url")!)).Ok())).AsSpan().SequenceEqual(
            sound).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_two_holders_only_the_later_writes()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");
        var (one, two) = (new Node(_services), new Node(_services));
        using var first = await one.TakeAsync(ada.Id, upload);
        await using var early = one.Parts.Append(first.Upload);
        await early.WriteAsync("abc"u8.ToArray());
        (await early.SaveAsync()).ShouldBeTrue();
        await early.WriteAsync("xyz"u8.ToArray());

        using var second = await two.TakeAsync(ada.Id, upload);
        (await early.SaveAsync()).ShouldBeFalse();
        await using var late = two.Parts.Append(second.Upload);
        await late.WriteAsync("defghij"u8.ToArray());
        (await late.SaveAsync()).ShouldBeTrue();
        (await early.SaveAsync()).ShouldBeFalse();

        (await Uploads.DeleteAsync(first.Upload)).ShouldBeFalse();
        (await ada.GetAsync((await HeadAsync(ada, upload)).Header("Upload-Media-Url")!)).Text.ShouldBe("abcdefghij");
    }

    [Fact]
    public async Task Many_writers_at_once_on_two_nodes_leave_one_text_without_hole_or_repeat()
    {
        using var ada = await _app.RegisterAsync();
        var text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 2_000).Select(x => $"{x} ")));
        var upload = await BeginAsync(ada, text.Length, "a.txt");
        Node[] nodes = [new(_services), new(_services)];

        await Task.WhenAll(nodes.Select(async (node, n) =>
        {
            for (var takes = 0; n == 0 || takes < 100; takes++) // one of them lets the other come to its end
            {
                using var uploadLock = await node.TakeAsync(ada.Id, upload);
                await using var writer = node.Parts.Append(uploadLock.Upload);
                var at = (int)uploadLock.Upload.Received;
                for (var kept = true; kept && at < text.Length; at += 97)
                {
                    await writer.WriteAsync(text.AsMemory(at, Math.Min(97, text.Length - at)));
                    kept = await writer.SaveAsync();
                    await Task.Yield();
                    if (at % (5 + n) == 0)
                        break;
                }
                if (at >= text.Length)
                    return;
            }
        }));

        var url = (await HeadAsync(ada, upload)).Header("Upload-Media-Url").ShouldNotBeNull();
        (await Samples.BytesOf((await ada.GetAsync(url)).Ok())).ShouldBe(text);
    }

    // Both have seen that the last byte has come. One keeps the file; the other asks again, and hears of the same
    // file.
    [Fact]
    public async Task Two_nodes_that_finish_an_upload_at_once_make_one_file_of_it()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");
        var (one, two) = (new Node(_services), new Node(_services));
        using var first = await one.TakeAsync(ada.Id, upload);
        await using (var writer = one.Parts.Append(first.Upload))
        {
            await writer.WriteAsync("abcdefghij"u8.ToArray());
            (await writer.SaveAsync()).ShouldBeTrue();
        }
        using var second = await two.TakeAsync(ada.Id, upload);
        var ingest = _services.GetRequiredService<MediaIngest>();

        (await KeepAsync(one, first)).Problem.ShouldBe(Problems.UploadLocked);
        (await UploadTests.BlobsOf(_app)).ShouldBeEmpty();
        var kept = (await KeepAsync(two, second)).File.ShouldNotBeNull();
        (await KeepAsync(two, second)).Problem.ShouldBe(Problems.UploadLocked); // it is finished

        (await HeadAsync(ada, upload)).Header("Upload-Media-Url").ShouldNotBeNull().ShouldStartWith(kept.Path);
        (await Db.ListAsync($"select id from media where user_id = {ada.Id}", row => row.GetString(0), default))
            .ShouldBe([kept.Id]);
        (await UploadTests.BlobsOf(_app)).Count.ShouldBe(1);

        async Task<IngestResult> KeepAsync(Node node, UploadLock uploadLock)
        {
            using var assembled = await node.Parts.CollectAsync(uploadLock.Upload, default);
            return await ingest.KeepAsync(uploadLock.Upload, assembled.ShouldNotBeNull().Path, default);
        }
    }

    // However slow the network is: another node continues with the bytes of two seconds ago.
    [Fact]
    public async Task Bytes_that_come_slowly_are_saved_by_time()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10_000, "a.txt");
        using var slow = await OpenPartAsync(_app, ada, upload, 10_000);
        await Patience.UntilAsync(async () =>
            (await Uploads.FindAsync(ada.Id, IdOf(upload), default))!.Holder.Length > 0, "the part is being received");

        // The receiver reads its clock whenever it has saved: time goes on beside the bytes until it has.
        var sent = 0;
        for (var saved = 1; saved <= 5; saved++)
            await Patience.UntilAsync(async () =>
            {
                _time.Skip += TimeSpan.FromSeconds(3);
                await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(new string('a', 10)));
                sent += 10;
                return (await StartsAsync()).Count >= saved;
            }, "it is saved");

        using var uploadLock = await new Node(_services).TakeAsync(ada.Id, upload);
        uploadLock.Upload.Received.ShouldBeInRange(50, sent);
    }

    Task<IReadOnlyList<long>> StartsAsync() =>
        Db.ListAsync($"select start from upload_pieces order by start", row => row.GetInt64(0), default);

    Task<Outcome> DoAsync(Sql sql)
    {
        var batch = new WriteBatch();
        batch.Execute(sql);
        return Db.WriteAsync(batch);
    }

    static string IdOf(string upload) => upload[(upload.LastIndexOf('/') + 1)..];

    internal static async Task<int> StatusOf(TcpClient connection)
    {
        using var reader = new StreamReader(connection.GetStream(), leaveOpen: true);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return int.Parse((await reader.ReadLineAsync(limit.Token)).ShouldNotBeNull().Split(' ')[1],
            CultureInfo.InvariantCulture);
    }

    /// <summary>What another node would have of its own.</summary>
    sealed class Node(IServiceProvider services)
    {
        readonly UploadLocks _locks = ActivatorUtilities.CreateInstance<UploadLocks>(services);

        public PartStore Parts { get; } = ActivatorUtilities.CreateInstance<DatabasePartStore>(services);

        public async Task<UploadLock> TakeAsync(string userId, string upload) =>
            (await _locks.AcquireAsync(userId, IdOf(upload), default)).Lock.ShouldNotBeNull();
    }

    /// <summary>A clock whose hands, and whose measure of how long something took, are moved on by the test.</summary>
    sealed class SkippingTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public TimeSpan Skip { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Skip.TotalSeconds * TimestampFrequency);
    }
}
