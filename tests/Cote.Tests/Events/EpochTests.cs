using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace Cote.Tests.Events;

/// <summary>
/// A database that was put back from a copy says so; one that merely stopped, or was killed, does not.
/// </summary>
public sealed class EpochTests
{
    [Fact]
    public async Task A_restart_keeps_the_epoch_and_a_copy_put_back_begins_a_new_one()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        await ada.CreateChatAsync("before the copy");
        await app.StopAsync();
        var file = Path.Combine(app.Data, "cote.db");
        File.Exists(file + "-wal").ShouldBeFalse("after a stop the one file is the whole database");
        File.Copy(file, file + ".copy");

        await app.StartAgainAsync();
        using var later = await ada.OtherDeviceAsync(app.Url);
        await later.CreateChatAsync("after the copy");
        var seen = (await later.GetAsync("/events")).Ok()["cursor"];
        await app.RestartAsync();
        using var still = await later.OtherDeviceAsync(app.Url);
        (await still.GetAsync("/events")).Ok()["cursor"].ShouldBe(seen);
        await app.StopAsync();
        File.Copy(file + ".copy", file, overwrite: true);
        await app.StartAgainAsync();

        using var back = await ada.OtherDeviceAsync(app.Url);
        (await back.GetAsync("/chats/"))
            .Ok().Json.EnumerateArray().Select(x => x.GetProperty("title").GetString()).ShouldBe(["before the copy"]);
        // One more event, and the old cursor would look like any other: only the epoch tells.
        await back.CreateChatAsync("another");
        await using var socket = await back.ConnectAsync(seen);
        (await socket.NextAsync()).Data.GetProperty("reason").GetString().ShouldBe("epoch");
        app.Logs.ShouldContain(x => x.Contains("restored from a copy"));
    }

    [Fact]
    public async Task A_copy_made_and_put_back_within_one_run_is_noticed_by_its_number_of_events()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        await ada.CreateChatAsync();
        var copy = Path.Combine(app.Data, "live.copy");
        using (var live = new SqliteConnection(
            $"Data Source={Path.Combine(app.Data, "cote.db")};Mode=ReadOnly;Pooling=False"))
        {
            live.Open();
            using var vacuum = live.CreateCommand();
            vacuum.CommandText = $"vacuum into '{copy}'";
            vacuum.ExecuteNonQuery();
        }
        await ada.CreateChatAsync();
        var seen = (await ada.GetAsync("/events")).Ok()["cursor"];
        await app.StopAsync();
        File.Move(copy, Path.Combine(app.Data, "cote.db"), overwrite: true);
        await app.StartAgainAsync();

        using var back = await ada.OtherDeviceAsync(app.Url);
        (await back.GetAsync("/events")).Ok()["cursor"].Split('-')[0].ShouldNotBe(seen.Split('-')[0]);
    }
}
