using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

// Links to chats, and devices.
public sealed partial class AccountApiTests
{
    [Fact]
    public async Task Links_of_a_user_are_ended_and_those_that_a_restore_disabled_show_again_when_enabled()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();
        var path = $"/admin/users/{ada.Id}/shares";
        var chat = await ada.CreateChatAsync("a secret title");
        var shares = new List<Reply>();
        for (var i = 0; i < 3; i++)
            shares.Add((await ada.PostAsync($"/chats/{chat}/shares", new { live = true })).Ok());
        var id = shares[0]["id"];
        await using var watching = await anyone.StreamAsync(HttpMethod.Get, Sharing.PathOf(shares[2]) + "/events");
        (await watching.NextAsync())!.Type.ShouldBe("reset");
        await _app.SetRowsAsync($"update shares set disabled_at = 7 where user_id = '{ada.Id}'");

        (await watching.ToEndAsync()).ShouldBeEmpty();
        var list = (await root.GetAsync(path)).Ok();
        list.Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([.. shares.Select(x => x["id"]).Reverse()]);
        list.Text.ShouldNotContain("secret");
        list.Text.ShouldNotContain(shares[0]["url"]);
        (await ShowsAsync(0)).ShouldBe(404);
        (await root.PostAsync($"/admin/users/{eve.Id}/shares/{id}/enable")).ErrorCode.ShouldBe("share_not_found");
        (await root.PostAsync($"{path}/{id}/enable")).Ok();
        (await root.PostAsync($"{path}/{id}/enable")).Ok();
        (await ShowsAsync(0)).ShouldBe(200);
        (await ShowsAsync(1)).ShouldBe(404);
        (await root.PostAsync($"{path}/enable")).Ok().Json.Number("enabled").ShouldBe(2);
        (await ShowsAsync(1)).ShouldBe(200);
        (await root.DeleteAsync($"/admin/users/{eve.Id}/shares/{id}")).ErrorCode.ShouldBe("share_not_found");
        (await root.DeleteAsync($"{path}/{id}")).Ok();
        (await ShowsAsync(0)).ShouldBe(404);
        (await root.DeleteAsync($"{path}/{id}")).ErrorCode.ShouldBe("share_not_found");
        (await root.PostAsync($"{path}/nonsense/enable")).ErrorCode.ShouldBe("share_not_found");
        (await ada.DeleteAsync($"/shares/{shares[1]["id"]}")).Ok();
        (await AuditAsync(root, ada.Id)).Where(x => x.Action.StartsWith("share", StringComparison.Ordinal)).ShouldBe([
            ("share_deleted", ada.Id, shares[1]["id"]), ("share_deleted", root.Id, id),
            ("share_enabled", root.Id, "all"), ("share_enabled", root.Id, id),
            .. shares.Select(x => ("share_created", ada.Id, x["id"])).Reverse()]);
        (await root.GetAsync(Nobody + "/shares")).ShouldBeProblem(404, "not_found", "No such user");
        (await root.PostAsync(Nobody + "/shares/enable")).ShouldBeProblem(404, "not_found", "No such user");

        async Task<int> ShowsAsync(int index) => (await anyone.GetAsync(Sharing.PathOf(shares[index]))).Status;
    }

    [Fact]
    public async Task Links_of_a_disabled_user_can_be_ended_before_they_show_again()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();
        var share = (await ada.PostAsync($"/chats/{await ada.CreateChatAsync()}/shares", new { live = true })).Ok();
        (await root.PostAsync($"/admin/users/{ada.Id}/disable")).Ok();
        (await anyone.GetAsync(Sharing.PathOf(share))).Status.ShouldBe(404);

        (await root.GetAsync($"/admin/users/{ada.Id}/shares")).Ok().Json.EnumerateArray().Single().Text("id")
            .ShouldBe(share["id"]);
        (await root.DeleteAsync($"/admin/users/{ada.Id}/shares/{share["id"]}")).Ok();
        (await root.PostAsync($"/admin/users/{ada.Id}/enable")).Ok();
        (await anyone.GetAsync(Sharing.PathOf(share))).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Devices_of_a_user_are_listed_and_removed()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var path = $"/admin/users/{ada.Id}/devices";
        var (first, second) = (await AddDeviceAsync(ada), await AddDeviceAsync(ada));

        var list = (await root.GetAsync(path)).Ok();
        list.Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([second, first]);
        list.Text.ShouldNotContain("secret-token");
        (await root.DeleteAsync($"/admin/users/{eve.Id}/devices/{first}")).ErrorCode.ShouldBe("device_not_found");
        (await root.DeleteAsync($"{path}/{first}")).Ok();
        (await root.DeleteAsync($"{path}/{first}")).ErrorCode.ShouldBe("device_not_found");
        (await root.DeleteAsync($"{path}/nonsense")).ErrorCode.ShouldBe("device_not_found");
        (await root.GetAsync(path)).Ok().Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([second]);
        (await ada.GetAsync("/users/me")).Ok();
        (await root.PostAsync($"/admin/users/{ada.Id}/disable")).Ok();
        (await root.GetAsync(path)).Ok().Json.GetArrayLength().ShouldBe(0, "devices go with their sessions");
        (await root.GetAsync(Nobody + "/devices")).ShouldBeProblem(404, "not_found", "No such user");
        (await AuditAsync(root, ada.Id)).ShouldContain(("device_removed", root.Id, first));
    }

    // A row, since the server has no service that it could push by.
    async Task<string> AddDeviceAsync(CoteClient client)
    {
        var id = Guid.CreateVersion7().ToString();
        var session = (await client.GetAsync("/sessions/")).Ok().Json[0].Text("id");
        await _app.SetRowsAsync($"""
            insert into devices (id, user_id, session_id, kind, hash, token, preview, created_at)
            values ('{id}', '{client.Id}', '{session}', 'fcm', '{id}', 'secret-token', 'off',
              {new Clock(TimeProvider.System).Now.Milliseconds})
            """);
        return id;
    }
}
