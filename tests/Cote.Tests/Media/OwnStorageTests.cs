using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

/// <summary>A storage of one's own, written against what is public.</summary>
public sealed class OwnStorageTests
{
    [Fact]
    public async Task A_server_of_ones_own_keeps_its_uploads_where_it_likes()
    {
        var storage = new InMemory();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<BlobStorage>(storage));
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 10_000);

        var url = (await ada.UploadAsync(picture, "a.png")).Ok()["url"];
        (await ada.UploadAsync(picture, "again.png")).Ok();

        storage.Blobs.Single().Value.ShouldBe(picture);
        (await UploadTests.BlobsOf(app)).ShouldBeEmpty();
        UploadTests.Leftovers(app).ShouldBeEmpty();
        (await Samples.BytesOf((await ada.GetAsync(url)).Ok())).ShouldBe(picture);
        (await Samples.BytesOf(await ada.GetAsync(url, x => x.Range = new(1_000, 1_999))))
            .ShouldBe(picture[1_000..2_000]);

        await app.SweepAllMediaAsync();

        storage.Blobs.ShouldBeEmpty();
        (await ada.GetAsync(url)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task What_it_throws_is_what_the_client_hears_and_bytes_of_no_row_are_deleted()
    {
        var storage = new InMemory { Blobs = { ["01900000-0000-7000-8000-000000000000"] = [1], ["README"] = [2] } };
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<BlobStorage>(storage));
        using var ada = await app.RegisterAsync();
        await Patience.UntilAsync(() => Task.FromResult(storage.Blobs.Count == 1),
            "the blob of long ago is deleted, the name that is no id stays");

        storage.Fault = Problems.StorageUnavailable;
        (await ada.UploadAsync(Samples.Png(extra: 10), "a.png")).ErrorCode.ShouldBe("storage_unavailable");
        storage.Fault = Problems.DiskFull;
        (await ada.UploadAsync(Samples.Png(extra: 10), "a.png")).ErrorCode.ShouldBe("disk_full");
        storage.Fault = null;

        storage.Blobs.Keys.ShouldBe(["README"]);
        UploadTests.Leftovers(app).ShouldBeEmpty();
        (await ada.UploadAsync(Samples.Png(extra: 10), "a.png")).Ok();
    }

    sealed class InMemory : BlobStorage
    {
        public ConcurrentDictionary<string, byte[]> Blobs { get; } = [];

        public Problem? Fault { get; set; }

        public override async Task AddAsync(string id, string file, CancellationToken ct) =>
            Blobs[id] = Fault is { } fault ? throw new ProblemException(fault) : await File.ReadAllBytesAsync(file, ct);

        public override Task<Stream> OpenAsync(string id, long offset, CancellationToken ct) => Task.FromResult<Stream>(
            Blobs.TryGetValue(id, out var bytes) ? new MemoryStream(bytes[(int)offset..])
                : throw new FileNotFoundException(id));

        public override Task DeleteAsync(string id, CancellationToken ct)
        {
            Blobs.TryRemove(id, out _);
            return Task.CompletedTask;
        }

        public override async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken ct)
        {
            await Task.Yield();
            foreach (var id in Blobs.Keys)
                yield return id;
        }
    }
}
