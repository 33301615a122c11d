using System.Collections.Concurrent;
using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Tests.Media;

/// <summary>
/// Cote with an S3-compatible store behind it. The store is a small one of this file that speaks what is used of the
/// protocol and checks no signature: that Amazon's own, or another's, takes what Amazon's library sends is not shown
/// here.
/// </summary>
public sealed class S3StorageTests
{
    [Fact]
    public async Task Uploads_are_kept_in_the_store_served_in_ranges_and_removed()
    {
        await using var store = await FakeStore.StartAsync();
        await using var app = await CoteApp.StartAsync(
            "Media:S3:Bucket=media", $"Media:S3:Endpoint={store.Url}", "Media:S3:AccessKey=key",
            "Media:S3:SecretKey=secret");
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 100_000);

        var url = (await ada.UploadAsync(picture, "a.png")).Ok()["url"];
        (await ada.UploadAsync(picture, "again.png")).Ok();

        store.Objects.Count.ShouldBe(1);
        store.Objects.Single().Value.ShouldBe(picture);
        (await UploadTests.BlobsOf(app)).ShouldBeEmpty();
        UploadTests.Leftovers(app).ShouldBeEmpty();
        (await Samples.BytesOf((await ada.GetAsync(url)).Ok())).ShouldBe(picture);
        (await Samples.BytesOf(await ada.GetAsync(url, x => x.Range = new(1_000, 1_999))))
            .ShouldBe(picture[1_000..2_000]);

        await app.SweepAllMediaAsync();

        store.Objects.ShouldBeEmpty();
        (await ada.GetAsync(url)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_store_that_is_away_refuses_the_upload_and_nothing_is_half_there()
    {
        var store = await FakeStore.StartAsync();
        await using var app = await CoteApp.StartAsync("Media:S3:Bucket=media", $"Media:S3:Endpoint={store.Url}",
            "Media:S3:AccessKey=key", "Media:S3:SecretKey=secret");
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 100);
        store.IsBroken = true;

        var refused = await ada.UploadAsync(picture, "a.png");

        refused.Status.ShouldBe(503);
        UploadTests.Leftovers(app).ShouldBeEmpty();
        store.IsBroken = false;
        (await ada.UploadAsync(picture, "a.png")).Ok();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task It_lists_what_it_keeps_and_says_what_it_does_not_have()
    {
        await using var store = await FakeStore.StartAsync();
        using var storage = new S3Storage(new()
        {
            Bucket = "media",
            Endpoint = store.Url,
            AccessKey = "key",
            SecretKey = new Secret("secret")
        });
        store.Objects["media/blobs/a"] = [1];
        store.Objects["media/blobs/b"] = [2];

        var ids = new List<string>();
        await foreach (var id in storage.ListAsync(default))
            ids.Add(id);

        ids.ShouldBe(["a", "b"], ignoreOrder: true);
        await storage.DeleteAsync("c", default);
        await Should.ThrowAsync<FileNotFoundException>(() => storage.OpenAsync("c", 0, default));
    }
}

/// <summary>PUT, GET with a range, DELETE and a list, in memory.</summary>
sealed class FakeStore : IAsyncDisposable
{
    readonly WebApplication _app;

    FakeStore()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    public ConcurrentDictionary<string, byte[]> Objects { get; } = [];

    public bool IsBroken { get; set; }

    public string Url => _app.Urls.First();

    public static async Task<FakeStore> StartAsync()
    {
        var store = new FakeStore();
        await store._app.StartAsync();
        return store;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task ServeAsync(HttpContext http)
    {
        var key = http.Request.Path.Value!.Trim('/');
        if (IsBroken)
        {
            http.Response.StatusCode = 503;
        }
        else if (http.Request.Query.ContainsKey("list-type"))
        {
            http.Response.ContentType = "application/xml";
            await http.Response.WriteAsync(
                "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<IsTruncated>false</IsTruncated>"
                + string.Concat(Objects.Keys.Select(x => $"<Contents><Key>{x[(key.Length + 1)..]}</Key></Contents>"))
                + "</ListBucketResult>");
        }
        else if (http.Request.Method == "PUT")
        {
            using var bytes = new MemoryStream();
            await http.Request.Body.CopyToAsync(bytes);
            Objects[key] = bytes.ToArray();
            http.Response.Headers.ETag = "\"x\"";
        }
        else if (http.Request.Method == "DELETE")
        {
            Objects.TryRemove(key, out _);
            http.Response.StatusCode = 204;
        }
        else if (!Objects.TryGetValue(key, out var found))
        {
            http.Response.StatusCode = 404;
        }
        else
        {
            await Results.Bytes(found, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(http);
        }
    }
}
