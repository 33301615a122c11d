using Cote.Tests.Admin;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.AspNetCore.Routing;

namespace Cote.Tests.Http;

/// <summary>Answers to admins are as they are described.</summary>
public sealed class DescribedAdminTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Every_answer_about_accounts_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();
        var (user, missing) = ($"/admin/users/{ada.Id}", $"/admin/users/{Guid.CreateVersion7()}");
        var (key, _) = await ada.CreateKeyAsync("read");
        var share = (await ada.PostAsync($"/chats/{await ada.CreateChatAsync()}/shares")).Ok()["id"];
        await _app.SetRowsAsync(
            $"update api_keys set disabled_at = 7 where user_id = '{ada.Id}'",
            $"update shares set disabled_at = 7 where user_id = '{ada.Id}'");
        (await root.PutAsync(user + "/budget", new { day_tokens = 5 })).Ok();
        var session = (await ada.GetAsync("/sessions/")).Ok().Json[0].Text("id");

        api.Check(await root.GetAsync($"/admin/users?q={ada.Username}")).Json.GetArrayLength().ShouldBe(1);
        api.Check(await root.GetAsync("/admin/users?limit=1")).Header("Link").ShouldNotBeNull();
        api.Check(await root.GetAsync("/admin/users?limit=x")).Status.ShouldBe(422);
        foreach (var path in (string[])["", "/sessions", "/devices", "/keys", "/shares"])
        {
            api.Check(await root.GetAsync(user + path)).Ok();
            api.Check(await root.GetAsync(missing + path)).Status.ShouldBe(404);
            api.Check(await ada.GetAsync(user + path)).ErrorCode.ShouldBe("admin_only");
            api.Check(await anyone.GetAsync(user + path)).Status.ShouldBe(401);
        }
        string[] verbs = ["/keys/enable", $"/keys/{key}/enable", "/shares/enable", $"/shares/{share}/enable",
            "/disable", "/enable"];
        foreach (var path in verbs)
        {
            api.Check(await ada.PostAsync(user + path)).ErrorCode.ShouldBe("admin_only");
            api.Check(await root.PostAsync(missing + path)).Status.ShouldBe(404);
            if (path != "/disable")
                api.Check(await root.PostAsync(user + path)).Ok();
        }
        string[] ends = [$"/keys/{key}", $"/shares/{share}", $"/sessions/{session}"];
        foreach (var path in ends)
        {
            api.Check(await ada.DeleteAsync(user + path)).ErrorCode.ShouldBe("admin_only");
            api.Check(await root.DeleteAsync(user + path)).Ok();
            api.Check(await root.DeleteAsync(user + path)).Status.ShouldBe(404);
        }
        api.Check(await root.DeleteAsync($"{user}/devices/{key}")).Status.ShouldBe(404);
        api.Check(await root.DeleteAsync(user + "/sessions")).Ok();
        api.Check(await root.DeleteAsync(missing + "/sessions")).Status.ShouldBe(404);
        api.Check(await root.PostAsync(user + "/disable")).Ok();
        api.Check(await root.PostAsync($"/admin/users/{root.Id}/disable")).Status.ShouldBe(409);
        api.Check(await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Json.GetArrayLength().ShouldBeGreaterThan(8);
    }

    [Fact]
    public async Task Every_answer_about_the_server_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        var reply = (await ada.WaitForToolAsync("demo/approval")).Split('/')[4];

        api.Check(await root.GetAsync("/admin/overview")).Ok();
        api.Check(await root.GetAsync("/admin/providers")).Ok().Json.GetArrayLength().ShouldBeGreaterThan(2);
        api.Check(await root.GetAsync($"/admin/replies?user_id={ada.Id}")).Json.GetArrayLength().ShouldBe(1);
        api.Check(await root.GetAsync("/admin/replies?after=x")).Status.ShouldBe(422);
        await FailedWebhookTests.AddAsync(_app, 2);
        var failed = api.Check(await root.GetAsync("/admin/webhooks?limit=1")).Json[0].Text("id");
        api.Check(await root.GetAsync("/admin/webhooks?before=x")).Status.ShouldBe(422);
        api.Check(await root.GetAsync("/admin/webhooks/endpoints")).Ok();
        api.Check(await root.PostAsync($"/admin/webhooks/{failed}/retry")).Ok();
        api.Check(await root.PostAsync($"/admin/webhooks/{failed}/retry")).Status.ShouldBe(404);
        api.Check(await root.DeleteAsync($"/admin/webhooks/{failed}")).Status.ShouldBe(404);
        api.Check(await ada.PostAsync($"/admin/replies/{reply}/stop")).Status.ShouldBe(403);
        api.Check(await root.PostAsync($"/admin/replies/{reply}/stop")).Ok().Json.Number("stopped").ShouldBe(1);
        api.Check(await root.PostAsync($"/admin/replies/{reply}/stop")).Status.ShouldBe(404);
    }

    // Every route that an admin can read by, those of later versions too.
    [Fact]
    public async Task No_answer_to_an_admin_holds_a_text_of_a_chat()
    {
        const string Secret = "whatnobodyelsemayread";
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(Secret, "demo/demo");
        (await ada.PatchAsync($"/chats/{chat}", new { system_prompt = Secret })).Ok();
        (await ada.PatchAsync("/users/me", new { instructions = Secret })).Ok();
        (await ada.PostAsync($"/chats/{chat}/shares")).Ok();
        var question = await ada.AskAsync(chat, Secret);
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        await ada.WaitForToolAsync("demo/approval", new { content = Secret });
        (await ada.GetAsync("/sync")).Ok().Text.ShouldContain(Secret);

        var read = 0;
        foreach (var endpoint in _app.Endpoints.Where(x => x.RoutePattern.RawText!.StartsWith("/admin/")
            && x.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Contains("GET")))
        {
            var path = endpoint.RoutePattern.RawText!.Replace("{userId}", ada.Id);
            path.ShouldNotContain("{", customMessage: "say here what it stands for");
            var answer = (await root.GetAsync(path)).Ok();
            answer.Text.ShouldNotContain(Secret, Case.Insensitive, path);
            read++;
        }
        read.ShouldBeGreaterThanOrEqualTo(12);
    }
}
