using Cote.Media;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Cote.Tests.Notices;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

// What a restore changes.
public sealed partial class BackupTests
{
    static readonly string[] Endpoint =
    [
        "--Cote:Webhooks:main:Url=https://localhost:9/hook", "--Cote:Webhooks:main:Allow=localhost",
        $"--Cote:Webhooks:main:Secret={WebhookSteps.Secret}",
    ];

    [Fact]
    public async Task What_a_restore_ends_is_told_to_nobody_and_settled()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var gone = await app.RegisterAsync();
        var (_, reply) = await HalfAReplyAsync(app, ada);
        await app.StopAsync();
        await app.PlantAsync("update calls set state = 0, purpose = 'title'"); // one that no open reply makes
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);
        await File.WriteAllTextAsync(At("list"), $"{gone.Id} 2026-01-01T00:00:00.000Z\n");

        var restored = await RestoreAsync(app, ["--erased", At("list"), .. Endpoint]);

        restored.Code.ShouldBe(0, restored.Error);
        restored.Error.ShouldSatisfyAllConditions(
            x => x.ShouldContain("1 open replies are interrupted."),
            x => x.ShouldContain("1 of the 1 erased accounts were in the backup."));
        (await ReadAsync("select type || ' ' || user_id from webhooks")).ShouldBeEmpty();
        (await ReadAsync("select subject_id from calls where state = 1")).ShouldBe([reply]);
        (await ReadAsync("select subject_id from calls where state <> 1")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reply_that_cannot_be_ended_is_named()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var (_, reply) = await HalfAReplyAsync(app, ada);
        await app.StopAsync();
        await app.PlantAsync("delete from heads");
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);

        var refused = await RestoreAsync(app).InTimeAsync();

        refused.Code.ShouldBe(1);
        refused.Error.ShouldContain($"Nothing was restored: the reply {reply} of user {ada.Id} cannot be ended");
        File.Exists(At("data/cote.db")).ShouldBeFalse();
    }

    [Fact]
    public async Task The_list_of_erased_accounts_goes_with_a_backup_and_is_never_shorter_after_a_restore()
    {
        await using var app = await CoteApp.StartAsync();
        using var before = await app.RegisterAsync();
        using var after = await app.RegisterAsync();
        (await before.DeleteAsync("/users/me")).Ok();
        await Patience.UntilAsync(async () => (await app.RowsAsync())["users"].Count == 1, "the account is gone");
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);
        await app.StopAsync();
        var listed = await File.ReadAllTextAsync(At("b/erased.txt"));
        listed.ShouldStartWith(before.Id);
        listed.ShouldBe(await File.ReadAllTextAsync(Path.Combine(app.Data, "erased.txt")));
        await File.WriteAllTextAsync(At("list"), $"{after.Id} 2026-01-02T00:00:00.000Z\n");
        Directory.CreateDirectory(At("data"));
        const string Older = "01900000-0000-7000-8000-000000000000 2026-01-01T00:00:00.000Z\n";
        await File.WriteAllTextAsync(At("data/erased.txt"), Older);

        var restored = await RestoreAsync(app, "--erased", At("list"));

        restored.Code.ShouldBe(0, restored.Error);
        restored.Error.ShouldContain("1 of the 2 erased accounts were in the backup.");
        (await File.ReadAllTextAsync(At("data/erased.txt"))).ShouldBe(
            $"{Older}{listed}{after.Id} 2026-01-02T00:00:00.000Z\n");
        (await ReadAsync("select id from users")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_restored_copy_deletes_no_upload_of_the_old_server_from_a_storage_that_both_use()
    {
        await using var app = await CoteApp.StartAsync(Shared);
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok();
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);
        await app.StopAsync();
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddDays(-2)).ToString();
        var later = Path.Combine(SharedBlobs, id[^2..], id);
        Directory.CreateDirectory(Path.GetDirectoryName(later)!);
        await File.WriteAllTextAsync(later, "an upload that came after the backup");
        var restored = await RestoreAsync(app, Shared);
        restored.Code.ShouldBe(0, restored.Error);
        await app.RestartAsync(
            [$"Data:Directory={At("data")}", "Data:Postgres=", $"Auth:SigningKey=base64:{Key(app)}", .. Shared]);
        var (db, sweep) = (app.Services.GetRequiredService<Database>(), app.Services.GetRequiredService<MediaGcLoop>());

        await sweep.ReconcileAsync(default);

        File.Exists(later).ShouldBeTrue();
        var batch = new WriteBatch();
        batch.Execute($"delete from meta where key = 'media-kept-before'"); // the old server is gone for good
        await db.WriteAsync(batch);
        await sweep.ReconcileAsync(default);
        File.Exists(later).ShouldBeFalse("it is unknown to this database");
    }
}
