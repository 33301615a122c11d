using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

/// <summary>What is done and the line that tells of it are one commit.</summary>
public sealed class AuditTests
{
    static readonly string[] Webhook =
    [
        "Webhooks:crm:Url=https://127.0.0.1:9/", "Webhooks:crm:Allow:0=127.0.0.1",
        "Webhooks:crm:Secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ];

    [Fact]
    public async Task What_an_admin_does_is_not_done_where_its_line_cannot_be_written()
    {
        await using var app = await CoteApp.StartAsync(Webhook);
        using var root = await app.RegisterAdminAsync();
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        var path = $"/admin/users/{ada.Id}";
        using var robot = await ada.WithKeyAsync("read");
        var key = (await ada.GetAsync("/api-keys/")).Ok().Json[0].Text("id");
        var session = (await ada.GetAsync("/sessions/")).Ok().Json[0].Text("id");
        var reply = (await ada.WaitForToolAsync("demo/approval")).Split('/')[4];
        var device = await AddDeviceAsync(app, ada, session);
        var webhook = (await FailedWebhookTests.AddAsync(app, 1))[0];
        (await root.PostAsync($"/admin/users/{eve.Id}/disable")).Ok();
        (HttpMethod Method, string Path)[] verbs =
        [
            (HttpMethod.Post, path + "/disable"), (HttpMethod.Post, $"/admin/users/{eve.Id}/enable"),
            (HttpMethod.Delete, path + "/sessions"), (HttpMethod.Delete, $"{path}/sessions/{session}"),
            (HttpMethod.Delete, $"{path}/keys/{key}"), (HttpMethod.Delete, $"{path}/devices/{device}"),
            (HttpMethod.Post, $"/admin/replies/{reply}/stop"), (HttpMethod.Post, $"/admin/webhooks/{webhook}/retry"),
            (HttpMethod.Delete, $"/admin/webhooks/{webhook}"),
        ];

        await LoseAuditAsync(app, async () =>
        {
            foreach (var (method, verb) in verbs)
                (await root.SendAsync(method, verb)).Status.ShouldBe(500, verb);
        });

        (await ada.GetAsync("/users/me")).Ok();
        (await robot.GetAsync("/users/me")).Ok();
        (await eve.FormAsync("/token", ("username", eve.Username), ("password", eve.Password))).ErrorCode
            .ShouldBe("account_disabled");
        (await root.GetAsync(path + "/devices")).Ok().Json.EnumerateArray().Select(x => x.Text("id"))
            .ShouldBe([device]);
        (await root.GetAsync($"/admin/replies?user_id={ada.Id}")).Ok().Json[0].GetProperty("stop_requested")
            .GetBoolean().ShouldBeFalse();
        (await root.GetAsync("/admin/webhooks")).Ok().Json.EnumerateArray().Select(x => x.Text("id"))
            .ShouldBe([webhook]);
        // All of them could have been done: what ends others comes last.
        foreach (var i in (int[])[1, 4, 5, 6, 7, 3, 2, 0])
            (await root.SendAsync(verbs[i].Method, verbs[i].Path)).Status.ShouldBe(200, verbs[i].Path);
    }

    [Fact]
    public async Task What_a_user_does_is_not_done_where_its_line_cannot_be_written()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var phone = await ada.OtherDeviceAsync();
        using var robot = await ada.WithKeyAsync("read");
        var key = (await ada.GetAsync("/api-keys/")).Ok().Json[0].Text("id");
        var session = (await ada.GetAsync("/sessions/")).Ok().Json.EnumerateArray()
            .Single(x => !x.GetProperty("current").GetBoolean()).Text("id");
        var scopes = new { name = "another", scopes = new[] { "read" } };

        await LoseAuditAsync(app, async () =>
        {
            (await ada.DeleteAsync($"/sessions/{session}")).Status.ShouldBe(500);
            (await ada.DeleteAsync($"/api-keys/{key}")).Status.ShouldBe(500);
            (await ada.PostAsync("/api-keys/", scopes)).Status.ShouldBe(500);
            (await ada.PostAsync("/logout")).Status.ShouldBe(500);
        });

        (await phone.GetAsync("/users/me")).Ok();
        (await robot.GetAsync("/users/me")).Ok();
        (await ada.GetAsync("/api-keys/")).Ok().Json.GetArrayLength().ShouldBe(1);
        (await ada.DeleteAsync($"/sessions/{session}")).Ok();
        (await ada.DeleteAsync($"/api-keys/{key}")).Ok();
        (await ada.PostAsync("/api-keys/", scopes)).Ok();
        (await ada.PostAsync("/logout")).Ok();
    }

    [Fact]
    public async Task Of_two_who_do_the_same_at_once_one_does_it_and_one_line_tells_of_it()
    {
        await using var app = await CoteApp.StartAsync();
        using var root = await app.RegisterAdminAsync();
        using var ada = await app.RegisterAsync();
        var path = $"/admin/users/{ada.Id}";
        (string, HttpMethod, string)[] verbs =
        [
            ("user_disabled", HttpMethod.Post, path + "/disable"), ("user_enabled", HttpMethod.Post, path + "/enable"),
            ("key_deleted", HttpMethod.Delete, $"{path}/keys/{(await ada.CreateKeyAsync("read")).Id}"),
            ("session_revoked", HttpMethod.Delete, path + "/sessions"),
        ];

        foreach (var (action, method, verb) in verbs.Reverse())
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => root.SendAsync(method, verb)));
            (await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Ok().Json.EnumerateArray()
                .Count(x => x.Text("action") == action).ShouldBe(action == "user_enabled" ? 0 : 1, action);
        }
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => root.PostAsync(path + "/enable")));
        (await root.GetAsync($"/admin/audit?user_id={ada.Id}&limit=1")).Ok().Json[0].Text("action")
            .ShouldBe("user_enabled");
        (await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Ok().Json.EnumerateArray()
            .Count(x => x.Text("action") == "user_enabled").ShouldBe(1);
    }

    // No line can be written meanwhile.
    static async Task LoseAuditAsync(CoteApp app, Func<Task> act)
    {
        await app.SetRowsAsync("alter table audit rename to lost_audit");
        await act();
        await app.SetRowsAsync("alter table lost_audit rename to audit");
    }

    static async Task<string> AddDeviceAsync(CoteApp app, CoteClient client, string session)
    {
        var id = Guid.CreateVersion7().ToString();
        await app.SetRowsAsync($"""
            insert into devices (id, user_id, session_id, kind, hash, token, preview, created_at)
            values ('{id}', '{client.Id}', '{session}', 'fcm', '{id}', 'secret-token', 'off', 1)
            """);
        return id;
    }
}
