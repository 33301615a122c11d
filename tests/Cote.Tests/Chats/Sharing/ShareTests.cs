using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

/// <summary>Links to chats: who makes, lists and deletes them, and when they end.</summary>
public sealed class ShareTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_link_is_shown_once_listed_without_its_token_and_gone_when_it_is_deleted()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync("Plans");
        await AskAsync(ada, chat, "one");

        var made = (await ada.PostAsync($"/chats/{chat}/shares",
            new { expires_in = 3_600, live = true, include = new[] { "tools", "reasoning" } })).Ok();
        var again = (await ada.PostAsync($"/chats/{chat}/shares")).Ok();

        made.Json.Names().ShouldBe("chat_id created_at expires_at id include live url");
        made["url"].ShouldMatch("^/s/[A-Za-z0-9_-]{22}$");
        made["url"].ShouldNotBe(again["url"]);
        made.Json.GetProperty("include").ToString().ShouldBe("""["reasoning","tools"]""");
        (again["live"], again["expires_at"], again["include"]).ShouldBe(("False", "", "[]"));
        var list = (await ada.GetAsync("/shares/")).Ok();
        list.Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([again["id"], made["id"]]);
        list.Json[1].Names().ShouldBe("chat_id created_at expires_at id include live");
        list.Text.ShouldNotContain(Sharing.TokenOf(Sharing.PathOf(made)));
        (await eve.GetAsync("/shares")).Ok().Text.ShouldBe("[]");
        (await eve.DeleteAsync($"/shares/{made["id"]}")).ShouldBeNoShare();
        (await nobody.GetAsync(Sharing.PathOf(made))).Ok();

        (await ada.DeleteAsync($"/shares/{made["id"]}")).Ok().Text.ShouldBe("""{"success":true}""");

        (await nobody.GetAsync(Sharing.PathOf(made))).ShouldBeNoShare();
        (await ada.DeleteAsync($"/shares/{made["id"]}")).ShouldBeNoShare();
        (await nobody.GetAsync(Sharing.PathOf(again))).Ok();
        (await ada.GetAsync("/shares/")).Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Only_the_hash_of_a_token_is_kept_and_an_account_exports_and_loses_its_links()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync("Plans");
        var path = await ada.ShareAsync(chat);

        var export = (await ada.GetAsync("/users/me/export")).Ok();
        var rows = await _app.RowsAsync();

        export.Json.GetProperty("shares").EnumerateArray().Single().Text("chat_id").ShouldBe(chat);
        rows["shares"].ShouldContain(x => x.Contains(ada.Id, StringComparison.Ordinal));
        rows.Values.SelectMany(x => x).ShouldNotContain(x => x.Contains(Sharing.TokenOf(path)));
        (await nobody.GetAsync(path)).Ok();
        (await ada.DeleteAsync("/users/me")).Ok();
        (await nobody.GetAsync(path)).ShouldBeNoShare();
        await Patience.UntilAsync(
            async () => !(await _app.RowsAsync())["shares"].Any(x => x.Contains(ada.Id, StringComparison.Ordinal)),
            "its shares are removed");
    }

    [Fact]
    public async Task What_is_wrong_is_said_field_by_field_and_another_chat_is_none()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        var temporary = (await ada.PostAsync("/chats/", new { title = "t", temporary = true })).Ok()["id"];

        foreach (var (body, wrong) in ((object, string)[])[
            (new { expires_in = 59 }, "body.expires_in greater_than_equal"),
            (new { expires_in = 316_224_001L }, "body.expires_in less_than_equal"),
            (new { expires_in = "1" }, "body.expires_in int_type"),
            (new { live = "yes" }, "body.live bool_type"),
            (new { include = "tools" }, "body.include list_type"),
            (new { include = new[] { "usage" } }, "body.include value_error")])
            (await ada.PostAsync($"/chats/{chat}/shares", body)).ShouldBeWrong(wrong);
        (await ada.PostAsync($"/chats/{chat}/shares", new { expires_in = 59, include = new[] { "usage" } }))
            .ShouldBeWrong("body.expires_in greater_than_equal", "body.include value_error");
        foreach (var other in new[] { temporary, Guid.CreateVersion7().ToString(), "nonsense" })
            (await ada.PostAsync($"/chats/{other}/shares", new { })).ShouldBeNoChat();
        (await eve.PostAsync($"/chats/{chat}/shares", new { })).ShouldBeNoChat();
        (await ada.DeleteAsync("/shares/nonsense")).ShouldBeNoShare();
        (await ada.GetAsync("/shares")).Text.ShouldBe("[]");
        (await ada.PostAsync(
            $"/chats/{chat}/shares", new { expires_in = (long?)null, include = Array.Empty<string>() })).Ok();
    }

    [Fact]
    public async Task It_ends_with_its_time_its_chat_and_the_disabling_of_its_owner()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var (brief, gone, kept) = (await ada.ShareAsync(chat, new { expires_in = 60 }), await ada.ShareAsync(other),
            await ada.ShareAsync(chat));
        foreach (var path in (string[])[brief, gone, kept])
            (await nobody.GetAsync(path)).Ok();

        time.Shift = TimeSpan.FromSeconds(61);
        (await ada.DeleteAsync($"/chats/{other}")).Ok();

        (await nobody.GetAsync(brief)).ShouldBeNoShare();
        (await nobody.GetAsync(gone)).ShouldBeNoShare();
        (await nobody.GetAsync("/shared/" + new string('A', 22))).ShouldBeNoShare();
        (await app.RowsAsync())["shares"].Count.ShouldBe(2, "that of the chat went with it");
        (await ada.GetAsync("/shares/")).Json.GetArrayLength().ShouldBe(1);
        (await nobody.GetAsync(kept)).Ok();
        await CommandAsync(app, "disable-user", ada.Username);
        (await nobody.GetAsync(kept)).ShouldBeNoShare();
        await CommandAsync(app, "enable-user", ada.Username);
        (await nobody.GetAsync(kept)).Ok();
    }

    [Fact]
    public async Task A_user_has_so_many_links_at_a_time_and_no_more()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync();
        var most = (await nobody.GetAsync("/limits")).Json.GetProperty("shares");
        (most.Number("viewers"), most.Number("per_user")).ShouldBe((50, 500));
        for (var i = 0; i < 500; i += 20)
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ada.ShareAsync(chat)));

        var refused = await ada.PostAsync($"/chats/{chat}/shares");

        (refused.Status, refused.ErrorCode).ShouldBe((429, "rate_limited"));
        refused.Header("Retry-After").ShouldNotBeNull();
        var one = (await ada.GetAsync("/shares/")).Ok().Json[0].Text("id");
        (await ada.DeleteAsync($"/shares/{one}")).Ok();
        (await ada.PostAsync($"/chats/{chat}/shares")).Ok();
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task Who_guesses_tokens_is_held_up_by_address_and_learns_nothing()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:LoginPerMinute=3");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var path = await ada.ShareAsync(await ada.CreateChatAsync());
        for (var i = 0; i < 10; i++)
            (await nobody.GetAsync(path)).Ok();

        var answers = new List<int>();
        for (var i = 0; i < 6; i++)
            answers.Add((await nobody.GetAsync($"/shared/{new string('A', 21)}{i}")).Status);

        answers.Count(x => x == 404).ShouldBe(3);
        answers[^1].ShouldBe(429);
        (await nobody.GetAsync(path)).ErrorCode.ShouldBe("rate_limited", "a right guess looks the same");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_link_that_has_ended_and_that_many_behind_an_address_have_costs_it_once()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:LoginPerMinute=3");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var path = await ada.ShareAsync(await ada.CreateChatAsync());

        for (var i = 0; i < 10; i++)
            (await nobody.GetAsync($"/shared/{new string('A', 22)}")).ShouldBeNoShare();

        (await nobody.GetAsync(path)).Ok();
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_token_stands_in_no_log_line_and_in_no_trace()
    {
        var traced = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = x => x.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            // As exporters of traces do, from the request itself.
            ActivityStarted = x => x.SetTag("url.path", "unknown"),
            ActivityStopped = x => traced.Enqueue(
                $"{x.DisplayName} {string.Join(' ', x.TagObjects.Select(y => $"{y.Key}={y.Value}"))}"),
        };
        ActivitySource.AddActivityListener(listener);
        await using var app = await CoteApp.StartAsync(
            "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft=Trace");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var path = await ada.ShareAsync(await ada.CreateChatAsync(), new { live = true });
        var token = Sharing.TokenOf(path);
        await using (await nobody.StreamAsync(HttpMethod.Get, path + "/events"))
            foreach (var asked in (string[])[path, path + "/", "/shared//" + token, $"/SHARED/{token}/nothing",
                $"/s/{token}", $"/s/{token}/x", $"/a/s/{token}", path + "/media/1", path + "/media/x",
                "/shared/%41" + token, "/shared%2F" + token, "/shared%2f" + token, "/x%2Fs%2f" + token])
                await nobody.GetAsync(asked);
        await ada.PostAsync(path + "/fork");
        await nobody.SendAsync(HttpMethod.Options, path);
        await app.LoggedAsync("/shared/…/events"); // at the end of the stream

        app.Logs.ShouldContain(x => x.Contains("/s/…", StringComparison.Ordinal));
        app.Logs.ShouldContain(x => x.Contains("/shared/…/media/1", StringComparison.Ordinal));
        app.Logs.Where(x => x.Contains(token, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();
        traced.ShouldContain(x => x.Contains("url.path=/shared/…/media/1", StringComparison.Ordinal));
        traced.Where(x => x.Contains(token, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task Every_origin_may_read_it_without_credentials_whatever_others_may()
    {
        await using var app = await CoteApp.StartAsync("Http:CorsOrigins=https://app.example");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var path = await ada.ShareAsync(await ada.CreateChatAsync(), new { live = true });

        foreach (var target in (string[])[path, path + "/media/1", "/shared/none", path + "/nothing"])
            foreach (var origin in (string[])["null", "https://evil.example", "https://app.example"])
            {
                var answer = await nobody.SendAsync(
                    HttpMethod.Get, target, change: x => x.Headers.Add("Origin", origin));
                answer.Header("Access-Control-Allow-Origin").ShouldBe("*", $"{target} {answer.Status}");
                answer.Header("Access-Control-Allow-Credentials").ShouldBeNull();
                foreach (var header in (string[])["Idempotent-Replayed", "Content-Disposition", "Content-Range"])
                    answer.Header("Access-Control-Expose-Headers")!.ShouldContain(header);
            }
        var preflight = await nobody.SendAsync(HttpMethod.Options, path + "/fork", change: x =>
        {
            x.Headers.Add("Origin", "null");
            x.Headers.Add("Access-Control-Request-Method", "POST");
            x.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        });
        (preflight.Status, preflight.Header("Access-Control-Allow-Origin")).ShouldBe((204, "*"));
        preflight.Header("Access-Control-Allow-Headers")!.ShouldContain("authorization");
        await using var stream = await nobody.StreamAsync(
            HttpMethod.Get, path + "/events", change: x => x.Headers.Add("Origin", "null"));
        stream.Response.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["*"]);
        (await nobody.SendAsync(HttpMethod.Get, "/limits", change: x => x.Headers.Add("Origin", "null")))
            .Header("Access-Control-Allow-Origin").ShouldBeNull();
    }

    [Fact]
    public async Task No_token_is_looked_at_but_for_a_copy()
    {
        using var ada = await _app.RegisterAsync();
        var path = await ada.ShareAsync(await ada.CreateChatAsync());
        using var robot = await ada.WithKeyAsync("v1");
        using var liar = _app.Anonymous();
        liar.Token = "bad";

        (await robot.GetAsync(path)).Ok();
        (await liar.GetAsync(path)).Ok();
        (await liar.PostAsync(path + "/fork")).ErrorCode.ShouldBe("invalid_token");
        (await robot.PostAsync(path + "/fork")).ErrorCode.ShouldBe("insufficient_scope");
    }

    internal static async Task<JsonElement> AskAsync(CoteClient client, string chat, string text)
    {
        var question = await client.AskAsync(chat, text);
        return await client.EndOfAsync(chat, question.Text("reply_id"));
    }

    internal static async Task CommandAsync(CoteApp app, string verb, string name) =>
        (await CoteCommands.RunAsync([verb, name, .. app.Place], TextReader.Null, TextWriter.Null, TextWriter.Null))
            .ShouldBe(0);
}
