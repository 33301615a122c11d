using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

/// <summary>Blobs in a folder that nodes share, which lies on another file system than what comes in.</summary>
public sealed class DiskStorageTests : IDisposable
{
    readonly string _shared = Directory.Exists(MemoryDisk.Elsewhere)
        ? Directory.CreateDirectory(Path.Combine(MemoryDisk.Elsewhere, "cote-test-" + Guid.CreateVersion7())).FullName
        : Directory.CreateTempSubdirectory("cote-shared-").FullName;

    public void Dispose() => Directory.Delete(_shared, recursive: true);

    [Fact]
    public async Task A_blob_is_copied_where_it_cannot_be_moved_and_stands_there_whole()
    {
        await using var app = await CoteApp.StartAsync("Media:Storage=disk", $"Media:Directory={_shared}");
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 3_000_000);
        if (Directory.Exists(MemoryDisk.Elsewhere))
            Disk.TryMove(Path.Combine(app.Data, "cote.db.epoch"), Path.Combine(_shared, "x"))
                .ShouldBeFalse("it must be another file system for this test to say anything");

        var url = (await ada.UploadAsync(picture, "a.png")).Ok()["url"];

        (await File.ReadAllBytesAsync(Files().ShouldHaveSingleItem())).ShouldBe(picture);
        Directory.Exists(Path.Combine(app.Data, "media", "blobs")).ShouldBeFalse();
        UploadTests.Leftovers(app).ShouldBeEmpty();
        (await Samples.BytesOf(await ada.GetAsync(url, x => x.Range = new(1_000, 1_999))))
            .ShouldBe(picture[1_000..2_000]);
        await app.SweepAllMediaAsync();
        Files().ShouldBeEmpty();
        (await ada.GetAsync(url)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_start_leaves_what_other_nodes_are_writing_and_removes_what_a_crash_left_long_ago()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_shared, "blobs", "00")).FullName;
        var (old, young) = (Left("01900000-0000-7000-8000-000000000000.part"), Left(Guid.CreateVersion7() + ".part"));
        var foreign = Left("README");

        await using var app = await CoteApp.StartAsync("Media:Storage=disk", $"Media:Directory={_shared}");

        await Patience.UntilAsync(() => Task.FromResult(!File.Exists(old)), "the half of long ago is removed");
        File.Exists(young).ShouldBeTrue();
        File.Exists(foreign).ShouldBeTrue();

        string Left(string name)
        {
            File.WriteAllText(Path.Combine(folder, name), "half");
            return Path.Combine(folder, name);
        }
    }

    [Fact]
    public async Task A_copy_that_fails_leaves_no_half_and_says_that_the_storage_is_away()
    {
        using var data = new Folder();
        var storage = new DiskStorage(new(new() { Directory = data.Path }, new() { Directory = _shared }));
        Directory.CreateDirectory(Path.Combine(_shared, "blobs"));
        var file = Path.Combine(data.Path, "file");
        await File.WriteAllBytesAsync(file, Samples.Noise(1_000_000));
        await storage.AddAsync("0a", file, default);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        var another = await AnotherAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => storage.AddAsync("0b", another, gone.Token));
        var missing = () => storage.AddAsync("0c", file + " that is not there", default);
        (await Should.ThrowAsync<ProblemException>(missing)).Problem.ShouldBe(Problems.StorageUnavailable);

        Files().Select(x => Path.GetFileName(x)).ShouldBe(["0a"]);
        await storage.DeleteAsync("0b", default);

        async Task<string> AnotherAsync()
        {
            await File.WriteAllBytesAsync(file + "2", Samples.Noise(1_000_000));
            return file + "2";
        }
    }

    [Theory]
    [InlineData("Media:Storage=s3", "Cote__Media__Storage is s3, but no bucket is named. Set Cote__Media__S3__Bucket.")]
    [InlineData("Media:Storage=disk|Media:S3:Bucket=b",
        "Cote__Media__Storage is disk, but Cote__Media__S3__Bucket names a bucket. Unset one of them.")]
    [InlineData("Media:Storage=database|Media:S3:Bucket=b",
        "Cote__Media__Storage is database, but Cote__Media__S3__Bucket names a bucket. Unset one of them.")]
    [InlineData("Media:Directory=x|Media:S3:Bucket=b",
        "Cote__Media__Directory names a folder, but media are kept in a bucket. "
        + "Unset it, or set Cote__Media__Storage to disk.")]
    [InlineData("Media:Directory=x|Media:Storage=database",
        "Cote__Media__Directory names a folder, but media are kept in the database. "
        + "Unset it, or set Cote__Media__Storage to disk.")]
    [InlineData("Media:Storage=tape", "Cote__Media__Storage is wrong: Storage is one of disk, database, s3.")]
    [InlineData("Media:Storage=disk|Media:Directory=/dev/null/x", null)]
    [Trait("Rows", "none")]
    public async Task Settings_that_contradict_each_other_stop_the_start_with_a_sentence(
        string settings, string? sentence)
    {
        var error = await Should.ThrowAsync<StartupException>(() => CoteApp.StartAsync(settings.Split('|')));

        if (sentence is null)
            error.Message.ShouldContain("(Cote__Media__Directory), cannot be made");
        else
            error.Message.ShouldBe(sentence);
    }

    [Fact]
    public void What_is_unset_follows_the_database_and_the_bucket()
    {
        new MediaOptions().StorageOf(isSingleProcess: true).ShouldBe("disk");
        new MediaOptions().StorageOf(isSingleProcess: false).ShouldBe("database");
        foreach (var isSingleProcess in new[] { true, false })
        {
            var options = new MediaOptions { S3 = { Bucket = "b" } };
            options.StorageOf(isSingleProcess).ShouldBe("s3");
            new MediaOptions { Storage = "database" }.StorageOf(isSingleProcess).ShouldBe("database");
            new MediaOptions { Storage = "disk", Directory = "x" }.StorageOf(isSingleProcess).ShouldBe("disk");
        }
        var shared = new MediaOptions { Storage = "disk" };
        Should.Throw<StartupException>(() => shared.StorageOf(isSingleProcess: false)).Message.ShouldBe(
            "Cote__Media__Storage is disk, and other nodes may use this database. "
            + "Name the folder that all of them share with Cote__Media__Directory.");
        Should.Throw<StartupException>(() => new MediaOptions { Directory = "x" }.StorageOf(isSingleProcess: false));
    }

    string[] Files() => Directory.GetFiles(_shared, "*", SearchOption.AllDirectories);

    sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("cote-media-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
