using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Admin;

public sealed partial class CopyTests
{
    [Fact]
    public async Task Bytes_that_were_lost_before_can_be_left()
    {
        var url = await (await target.Cluster).CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(), "a.png")).Ok();
        (await ada.UploadAsync(Samples.Jpeg(), "b.jpg")).Ok();
        await app.StopAsync();
        File.Delete(Directory.GetFiles(Path.Combine(app.Data, "media", "blobs"), "*", SearchOption.AllDirectories)[0]);

        (await CopyAsync(app.Data, url)).Error.ShouldContain("--skip-lost-media");
        var copied = await CopyAsync(app.Data, url, "--skip-lost-media");

        copied.Code.ShouldBe(0, copied.Error);
        copied.Output.ShouldContain("and 1 blobs with");
        copied.Output.ShouldContain("Without the bytes of 1 blobs, which were lost before");
    }

    [Fact]
    public async Task Bytes_in_a_folder_that_is_shared_stay_there()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(), "a.png")).Ok();
        await app.StopAsync();
        var files = Files(app);

        var copied = await CopyAsync(
            app.Data, url, "--Cote:Media:Storage=disk", $"--Cote:Media:Directory={Path.Combine(app.Data, "media")}");

        copied.Code.ShouldBe(0, copied.Error);
        (await cluster.QueryAsync("select count(*) from blob_chunks", url))[0][0].ShouldBe(0L);
        Files(app).ShouldBe(files);
    }

    [Fact]
    public async Task Bytes_that_lay_in_the_embedded_database_lie_in_the_other_one()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync("Media:Storage=database");
        using var ada = await app.RegisterAsync();
        var photo = Samples.Png(extra: 1_500_000);
        (await ada.UploadAsync(photo, "a.png")).Ok();
        await app.StopAsync();

        (await CopyAsync(app.Data, url)).Code.ShouldBe(0);

        var chunks = await cluster.QueryAsync("select bytes from blob_chunks order by n", url);
        chunks.SelectMany(x => (byte[])x[0]!).ShouldBe(photo);
    }

    [Fact]
    public async Task Bytes_in_a_bucket_stay_there_and_those_on_disk_come_into_one_that_the_new_nodes_have()
    {
        var cluster = await target.Cluster;
        await using var store = await FakeStore.StartAsync();
        string[] bucket = ["Media:S3:Bucket=media", $"Media:S3:Endpoint={store.Url}", "Media:S3:AccessKey=key",
            "Media:S3:SecretKey=secret"];
        string[] settings = [.. bucket.Select(x => "--Cote:" + x)];
        var photo = Samples.Png(extra: 70_000);
        await using var stored = await CoteApp.StartAsync(bucket);
        using var ada = await stored.RegisterAsync();
        (await ada.UploadAsync(photo, "a.png")).Ok();
        await stored.StopAsync();
        var before = store.Objects.ToList();
        await using var onDisk = await CoteApp.StartAsync();
        using var eve = await onDisk.RegisterAsync();
        (await eve.UploadAsync(photo, "b.png")).Ok();
        await onDisk.StopAsync();

        var stays = await CopyAsync(stored.Data, await cluster.CreateDatabaseAsync(), settings);
        var after = store.Objects.ToList();
        var url = await cluster.CreateDatabaseAsync();
        var comes = await CopyAsync(onDisk.Data, url, settings);
        store.IsBroken = true;
        var away = await CopyAsync(onDisk.Data, await cluster.CreateDatabaseAsync(), settings);

        stays.Code.ShouldBe(0, stays.Error);
        after.ShouldBe(before, "the very same arrays: nothing was written again");
        comes.Code.ShouldBe(0, comes.Error);
        store.Objects.Count.ShouldBe(2);
        store.Objects.Values.ShouldAllBe(x => x.SequenceEqual(photo));
        (await cluster.QueryAsync("select count(*) from blob_chunks", url))[0][0].ShouldBe(0L);
        away.Code.ShouldBe(1);
        away.Error.ShouldContain("Run it again: it goes on where it stopped.");
    }
}
