using System.Runtime.Versioning;
using Cote.Data;
using Cote.Primitives;
using Cote.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Data;

[UnsupportedOSPlatform("windows")]
public sealed class DataFolderTests
{
    const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task What_lies_in_the_data_directory_is_its_owners_alone_also_where_it_was_open_before()
    {
        await using var app = await CoteApp.StartAsync();
        await app.StopAsync();
        var folder = new DirectoryInfo(app.Data);
        foreach (var entry in folder.EnumerateFileSystemInfos().Prepend(folder))
            entry.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite
                | UnixFileMode.OtherExecute;

        await app.StartAgainAsync();
        using var ada = await app.RegisterAsync(); // so that the log has been written to

        var entries = folder.EnumerateFileSystemInfos().Prepend(folder).ToList();
        string[] expected = ["cote.db", "cote.db-wal", "cote.db-shm", "cote.db.lock", "cote.db.epoch",
            "signing.key", "media"];
        expected.Except(entries.Select(x => x.Name)).ShouldBeEmpty();
        entries.Where(x => (x.UnixFileMode & Others) != 0).Select(x => x.Name).ShouldBeEmpty();
    }

    [Fact]
    public async Task All_that_a_new_server_makes_is_closed_to_others_what_is_uploaded_too()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var bytes =
            new MultipartFormDataContent { { new ByteArrayContent("a note"u8.ToArray()), "file", "note.txt" } };
        (await ada.SendAsync(HttpMethod.Post, "/upload/", null, x => x.Content = bytes)).Ok();

        (await ada.SendAsync(HttpMethod.Post, "/upload/resumable", null, x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Length", "100");
        })).Status.ShouldBe(201);

        var entries = new DirectoryInfo(app.Data).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToList();

        string[] expected = ["media", "blobs", "incoming", "resumable"];
        expected.Except(entries.Select(x => x.Name)).ShouldBeEmpty();
        entries.OfType<FileInfo>().Count(x => x.FullName.Contains("/media/", StringComparison.Ordinal)).ShouldBe(2);
        entries.Where(x => (x.UnixFileMode & Others) != 0).Select(x => x.FullName).ShouldBeEmpty();
    }

    // Other tests begin with a copy of a database that has its tables.
    [Fact]
    public async Task A_new_database_is_closed_to_others_and_not_copied_before_its_first_migrations_of_a_host_either()
    {
        await using var app = await CoteApp.StartAsync();
        await app.StopAsync();
        Directory.Delete(app.Data, recursive: true);

        await app.ReplaceAsync(x => x.AddTables(
            "shop", y => y.Migration("m1", "create table x_shop_notes (id text primary key)").Table("x_shop_notes")));

        var entries = new DirectoryInfo(app.Data).EnumerateFileSystemInfos().ToList();
        entries.ShouldContain(x => x.Name == "cote.db");
        entries.ShouldNotContain(x => x.Name.Contains(".before-", StringComparison.Ordinal));
        entries.Where(x => (x.UnixFileMode & Others) != 0).Select(x => x.Name).ShouldBeEmpty();
        using var ada = await app.RegisterAsync();
        (await ada.GetAsync("/chats/")).Ok();
    }

    [Fact]
    public void A_new_directory_and_its_files_are_closed_from_the_start()
    {
        var parent = Directory.CreateTempSubdirectory("cote-folder-").FullName;
        var options = new DataOptions { Directory = Path.Combine(parent, "data") };

        using (var folder = new DataFolder(options, NullLogger<DataFolder>.Instance))
            folder.Open();

        (File.GetUnixFileMode(options.Directory) & Others).ShouldBe(UnixFileMode.None);
        (File.GetUnixFileMode(options.DatabaseFile + ".lock") & Others).ShouldBe(UnixFileMode.None);
        Directory.Delete(parent, recursive: true);
    }

    [Fact]
    public void A_file_is_replaced_as_a_whole_and_closed_to_others()
    {
        var folder = Directory.CreateTempSubdirectory("cote-file-").FullName;
        var file = Path.Combine(folder, "key");
        File.WriteAllText(file + ".new", "half of what a process that was kil");
        File.WriteAllText(file, "a longer content than the one after it");

        AtomicFile.Write(file, "new"u8);

        File.ReadAllText(file).ShouldBe("new");
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(folder).ShouldBe([file]);
        Directory.Delete(folder, recursive: true);
    }
}
