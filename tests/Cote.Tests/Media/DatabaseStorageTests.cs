using System.Net.Http.Headers;
using System.Security.Cryptography;
using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

/// <summary>Blobs in the database, on whatever engine it is.</summary>
public sealed class DatabaseStorageTests : IAsyncLifetime
{
    const int Chunk = ChunkStore.Size;

    CoteApp _app = null!;

    Database Db => _app.Services.GetRequiredService<Database>();

    BlobStorage Storage => _app.Services.GetRequiredService<BlobStorage>();

    public async ValueTask InitializeAsync() => _app = await CoteApp.StartAsync("Media:Storage=database");

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData(100)]
    [InlineData(Chunk)]
    [InlineData(2 * Chunk)]
    [InlineData(3 * Chunk + 12_345)]
    public async Task A_file_comes_back_as_it_went_in_whatever_its_length(int length)
    {
        using var ada = await _app.RegisterAsync();
        byte[] file = [.. Samples.Wav(), .. Samples.Noise(length - Samples.Wav().Length)];

        var upload = (await ada.UploadAsync(file, "a.wav")).Ok();
        var download = await Samples.BytesOf((await ada.GetAsync(upload["url"])).Ok());

        download.Length.ShouldBe(length);
        Convert.ToHexStringLower(SHA256.HashData(download)).ShouldBe(upload["sha256"]);
        int[] rest = length % Chunk > 0 ? [length % Chunk] : [];
        (await LengthsAsync()).ShouldBe([.. Enumerable.Repeat(Chunk, length / Chunk), .. rest]);
        UploadTests.FilesOf(_app).ShouldBeEmpty();
        UploadTests.Leftovers(_app).ShouldBeEmpty();
    }

    [Fact]
    public async Task Ranges_are_served_within_chunks_and_over_their_borders()
    {
        using var ada = await _app.RegisterAsync();
        byte[] file = [.. Samples.Wav(), .. Samples.Noise(3 * Chunk)];
        var url = (await ada.UploadAsync(file, "a.wav")).Ok()["url"];

        foreach (var (from, to) in new (long, long)[]
        {
            (0, 0), (10, 20), (Chunk - 1, Chunk), (Chunk, Chunk), (Chunk, 2 * Chunk - 1), (5, 3 * Chunk + 5),
            (2 * Chunk + 7, 3 * Chunk - 1),
            (file.Length - 1, file.Length - 1), (3 * Chunk, file.Length - 1),
        })
        {
            var part = await ada.GetAsync(url, x => x.Range = new(from, to));
            part.Status.ShouldBe(206);
            (await Samples.BytesOf(part)).AsSpan().SequenceEqual(file.AsSpan((int)from, (int)(to - from + 1)))
                .ShouldBeTrue($"{from}-{to}");
        }
        (await Samples.BytesOf(await ada.GetAsync(url, x => x.Range = new RangeHeaderValue(null, Chunk + 3))))
            .ShouldBe(file[^(Chunk + 3)..]);
    }

    [Fact]
    public async Task A_chunk_that_is_missing_or_too_short_is_an_error_and_never_a_shorter_file()
    {
        using var ada = await _app.RegisterAsync();
        var url = (await ada.UploadAsync([.. Samples.Wav(), .. Samples.Noise(4 * Chunk)], "a.wav")).Ok()["url"];
        (await Samples.BytesOf((await ada.GetAsync(url)).Ok())).Length.ShouldBeGreaterThan(4 * Chunk);

        await DoAsync($"update blob_chunks set bytes = substr(bytes, 1, 100) where n = 2");
        await Should.ThrowAsync<HttpRequestException>(() => ada.GetAsync(url));
        await DoAsync($"delete from blob_chunks where n = 2");
        await Should.ThrowAsync<HttpRequestException>(() => ada.GetAsync(url));
        await DoAsync($"delete from blob_chunks where n = 0");
        (await ada.GetAsync(url)).Status.ShouldBe(500);

        // What is there is still there.
        (await ada.GetAsync(url, x => x.Range = new(3 * Chunk, 3 * Chunk + 9))).Status.ShouldBe(206);
    }

    [Fact]
    public async Task The_same_bytes_are_kept_once_and_go_when_nobody_names_them()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        byte[] film = [.. Samples.Wav(), .. Samples.Noise(20 * Chunk)]; // more than one unit removes

        var url = (await ada.UploadAsync(film, "a.wav")).Ok()["url"];
        (await bob.UploadAsync(film, "b.wav")).Ok();
        (await LengthsAsync()).Count.ShouldBe(21);
        await _app.SweepAllMediaAsync();

        (await LengthsAsync()).ShouldBeEmpty();
        (await ada.GetAsync(url)).Status.ShouldBe(404);
    }

    // A crash after the chunks and before the row leaves chunks; one that is still being written must stay.
    [Fact]
    public async Task Chunks_without_a_row_go_when_they_are_old_and_only_then()
    {
        using var ada = await _app.RegisterAsync();
        var url = await ada.PictureAsync();
        var (old, young) = (IdOf(TimeSpan.FromHours(25)), IdOf(TimeSpan.FromHours(23)));
        var file = Path.Combine(_app.Data, "left");
        await File.WriteAllBytesAsync(file, Samples.Noise(2 * Chunk + 5));
        await Storage.AddAsync(old, file, default);
        await Storage.AddAsync(young, file, default);
        (await ListAsync()).ShouldContain(young); // The loop's own first round may have had the old one.

        await _app.Services.GetRequiredService<MediaGcLoop>().ReconcileAsync(default);
        await _app.Services.GetRequiredService<MediaGcLoop>().ReconcileAsync(default); // as a second node does

        var left = await ListAsync();
        left.Count.ShouldBe(2);
        left.ShouldContain(young);
        (await ada.GetAsync(url)).Ok();
    }

    [Fact]
    public async Task A_deletion_that_was_cut_off_is_found_again()
    {
        var file = Path.Combine(_app.Data, "left");
        await File.WriteAllBytesAsync(file, Samples.Noise(3 * Chunk));
        await Storage.AddAsync("a", file, default);
        await DoAsync($"delete from blob_chunks where blob_id = 'a' and n = 2"); // the last go first

        (await ListAsync()).ShouldBe(["a"]);
        await Storage.DeleteAsync("a", default);
        await Storage.DeleteAsync("a", default);

        (await ListAsync()).ShouldBeEmpty();
        await Should.ThrowAsync<FileNotFoundException>(() => Storage.OpenAsync("a", 0, default));
    }

    [Fact]
    public async Task Who_hangs_up_while_it_is_stored_leaves_nothing()
    {
        var file = Path.Combine(_app.Data, "left");
        await File.WriteAllBytesAsync(file, Samples.Noise(200 * Chunk));
        using var gone = new CancellationTokenSource();

        var adding = Storage.AddAsync("a", file, gone.Token);
        await Patience.UntilAsync(async () => (await ListAsync()).Count == 1, "the first chunk is there");
        await gone.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => adding);
        (await LengthsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task More_blobs_than_a_page_are_all_listed()
    {
        var file = Path.Combine(_app.Data, "small");
        await File.WriteAllBytesAsync(file, [1]);
        var ids = Enumerable.Range(0, 1_003).Select(x => $"{x:0000}").ToList();
        await Task.WhenAll(ids.Select(x => Storage.AddAsync(x, file, default)));

        (await ListAsync()).ShouldBe(ids);
    }

    async Task<List<string>> ListAsync()
    {
        var ids = new List<string>();
        await foreach (var id in Storage.ListAsync(default))
            ids.Add(id);
        return ids;
    }

    Task<IReadOnlyList<int>> LengthsAsync() =>
        Db.ListAsync($"select cast(length(bytes) as bigint) from blob_chunks order by blob_id, n",
            row => (int)row.GetInt64(0), default);

    Task<Outcome> DoAsync(Sql sql)
    {
        var batch = new WriteBatch();
        batch.Execute(sql);
        return Db.WriteAsync(batch);
    }

    static string IdOf(TimeSpan age) => Guid.CreateVersion7(TimeProvider.System.GetUtcNow() - age).ToString("D");
}
