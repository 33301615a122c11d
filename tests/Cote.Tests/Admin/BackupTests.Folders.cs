using Cote.Media;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

// Where a backup is put, and what it is without.
public sealed partial class BackupTests
{
    string[] Shared => ["--Cote:Media:Storage=disk", $"--Cote:Media:Directory={At("shared")}"];

    string SharedBlobs => Path.GetFullPath(Path.Combine(
        Directory.GetFiles(At("shared"), "*", SearchOption.AllDirectories).Single(), "../.."));

    [Fact]
    public async Task A_folder_that_is_there_is_filled_and_not_replaced()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok();
        Directory.CreateDirectory(At("disk/lost+found"));
        Directory.CreateDirectory(At("disk/.unfinished/media")); // as a kill leaves it
        Directory.CreateSymbolicLink(At("mounted"), At("disk")); // as a mount point, it can be replaced by mistake only

        var filled = await RunAsync(app, "backup", "--to", At("mounted") + "/");
        var made = await RunAsync(app, "backup", "--to", At("b") + "/");

        filled.Code.ShouldBe(0, filled.Error);
        new DirectoryInfo(At("mounted")).LinkTarget.ShouldBe(At("disk"));
        Names(At("disk")).ShouldBe([.. Names(At("b")).Append("lost+found").Order(StringComparer.Ordinal)]);
        Names(At("b")).ShouldContain("manifest.json");
        made.Code.ShouldBe(0, made.Error);
        Directory.Exists(At("b/.unfinished")).ShouldBeFalse();
        await app.StopAsync();
        var restored = await SayAsync(["restore", "--from", At("mounted"), .. Embedded(app)]);
        restored.Code.ShouldBe(0, restored.Error);

        static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder)
            .Select(x => Path.GetFileName(x)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_backup_without_the_bytes_of_uploads_is_no_success_until_that_is_known()
    {
        await using var app = await CoteApp.StartAsync(Shared);
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok();
        var blobs = SharedBlobs;
        Directory.Move(blobs, At("elsewhere")); // a share that is not mounted

        var lacking = await RunAsync(app, "backup", "--to", At("lacking"));
        var known = await RunAsync(app, "backup", "--skip-lost-media", "--to", At("known"));
        Directory.Move(At("elsewhere"), blobs);
        var whole = await RunAsync(app, "backup", "--to", At("whole"));

        lacking.Code.ShouldBe(2);
        lacking.Output.ShouldNotContain("The backup is whole");
        lacking.Error.ShouldSatisfyAllConditions(
            x => x.ShouldContain("Without the bytes of 1 of 1 blobs, which are lost or damaged: "),
            x => x.ShouldContain("See that the storage of media is there"),
            x => x.ShouldContain("--skip-lost-media"));
        known.Code.ShouldBe(0, known.Error);
        foreach (var folder in new[] { "lacking", "known" })
            Directory.GetFiles(At(folder)).Select(x => Path.GetFileName(x))
                .Where(x => !x.EndsWith(".key", StringComparison.Ordinal))
                .ShouldBe(["cote.db", "manifest.json"], ignoreOrder: true);
        whole.Code.ShouldBe(0, whole.Error);
        whole.Output.ShouldContain("The backup is whole");
    }

    [Fact]
    public async Task A_row_whose_owner_is_lost_stops_no_backup()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.PostAsync($"/chats/{await ada.CreateChatAsync()}/shares", new { })).Ok();
        await app.StopAsync();
        await app.PlantAsync("update shares set chat_id = 'x'");

        var made = await RunAsync(app, "backup", "--to", At("b"));
        var check = await RunAsync(app, "check");

        made.Code.ShouldBe(0, made.Error);
        check.Code.ShouldBe(2);
        check.Output.ShouldContain("names a row of chats that is not there");
        var restored = await RestoreAsync(app);
        restored.Code.ShouldBe(0, restored.Error);
        (await ReadAsync("select chat_id from shares")).ShouldBe(["x"], "it is there as it was");
    }

    [Fact]
    public async Task A_hold_that_has_lapsed_fails_what_relies_on_it()
    {
        await using var app = await CoteApp.StartAsync();
        var db = app.Services.GetRequiredService<Database>();
        await using var hold = await SweepHold.BeginAsync(db, app.Services.GetRequiredService<Clock>());
        await hold.ConfirmAsync();
        var batch = new WriteBatch();
        batch.Execute($"update meta set value = '1' where {SweepHold.IsHold}"); // the database was away for long
        await db.WriteAsync(batch);

        (await Should.ThrowAsync<StartupException>(hold.ConfirmAsync)).Message.ShouldContain("Run it again.");

        await Should.ThrowAsync<StartupException>(hold.ConfirmAsync); // it holds again, but it has lapsed
    }
}
