using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

/// <summary>What admins are told of accounts, and what they change, by the API.</summary>
public sealed partial class AccountApiTests(SharedApp shared)
{
    const string Nobody = "/admin/users/0190a0b0-0000-7000-8000-000000000001";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Accounts_are_found_by_the_beginning_of_a_name_or_an_address_then_by_a_part_of_it_and_by_id()
    {
        using var root = await _app.RegisterAdminAsync();
        var mark = "find" + Guid.CreateVersion7().ToString("N")[^12..];
        using var yves = await _app.RegisterAsync($"y-{mark}");
        using var anna = await _app.RegisterAsync($"{mark}-Anna");
        using var bert = await _app.RegisterAsync($"x-{mark}");
        (await bert.PatchAsync("/users/me", new { email = $"{mark}-zoe@example.com" })).Ok();
        using var carl = await _app.RegisterAsync($"{mark}-carl");

        (await IdsAsync($"?q={mark.ToUpperInvariant()}"))
            .ShouldBe([anna.Id, bert.Id, carl.Id, yves.Id], "the oldest first of those that begin with it");
        (await IdsAsync($"?q={mark[1..].ToUpperInvariant()}")).ShouldBe([yves.Id, anna.Id, bert.Id, carl.Id]);
        (await IdsAsync($"?q=-{mark}")).ShouldBe([yves.Id, bert.Id]);
        (await IdsAsync($"?q={mark[2..]}-zoe@exam")).ShouldBe([bert.Id], "of its address");
        (await IdsAsync($"?q={mark[^2..]}")).Contains(yves.Id).ShouldBeFalse("two characters are too few for a part");
        (await IdsAsync($"?q={mark}-ANN")).ShouldBe([anna.Id]);
        (await IdsAsync($"?q=%20{mark}-zoe")).ShouldBe([bert.Id]);
        (await IdsAsync($"?q={carl.Id}")).ShouldBe([carl.Id]);
        (await IdsAsync($"?q={mark}-nobody")).ShouldBeEmpty();
        (await IdsAsync($"?q={mark}_")).ShouldBeEmpty("it is no pattern");
        (await IdsAsync($"?q={mark}%25")).ShouldBeEmpty();
        (await IdsAsync($"?q={mark}%5C")).ShouldBeEmpty();
        foreach (var (q, all) in new[]
        {
            (mark, new[] { anna.Id, bert.Id, carl.Id, yves.Id }), ("-" + mark, [yves.Id, bert.Id]),
        })
            foreach (var limit in (int[])[1, 2, 3])
            {
                var seen = new List<string>();
                for (var path = $"/admin/users?q={q}&limit={limit}"; path is not null;)
                {
                    var page = (await root.GetAsync(path)).Ok();
                    seen.AddRange(page.Json.EnumerateArray().Select(x => x.Text("id")));
                    path = page.NextPage;
                }
                seen.ShouldBe(all.ToList(), customMessage: $"pages of {limit}");
            }
        (await root.GetAsync("/admin/users?q=")).Ok().Json.GetArrayLength().ShouldBeGreaterThan(3);
        (await root.GetAsync($"/admin/users?q={new string('a', 300)}")).ShouldBeWrong("query.q string_too_long");
        (await root.GetAsync("/admin/users?q=%00&after=x&limit=0"))
            .ShouldBeWrong("query.limit greater_than_equal", "query.after uuid_parsing", "query.q value_error");

        async Task<IEnumerable<string>> IdsAsync(string query) =>
            (await root.GetAsync("/admin/users" + query)).Ok().Json.EnumerateArray().Select(x => x.Text("id")).ToList();
    }

    [Fact]
    public async Task An_account_is_told_in_numbers()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var phone = await ada.OtherDeviceAsync();
        var chat = await ada.CreateChatAsync("a secret title", "demo/approval");
        await ada.CreateKeyAsync("read");
        (await ada.PostAsync($"/chats/{chat}/shares")).Ok();
        await AddDeviceAsync(ada);
        await ada.WaitForToolAsync("demo/client-tool",
            new { content = "a secret", client_id = "phone", client_tools = new[] { new { name = "place" } } });
        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { month_cost_usd = 1.5, day_tokens = 7_000_000 }))
            .Ok();

        var told = (await root.GetAsync($"/admin/users/{ada.Id}")).Ok();

        told.Json.Number("sessions").ShouldBe(2);
        told.Json.Number("devices").ShouldBe(1);
        told.Json.Number("keys").ShouldBe(1);
        told.Json.Number("shares").ShouldBe(1);
        told.Json.Number("identities").ShouldBe(0);
        told.Json.Number("chats").ShouldBe(2);
        told.Json.Number("open_replies").ShouldBe(1);
        told.Json.Number("media_bytes").ShouldBe(0);
        told.Json.GetProperty("last_used_at").GetDateTimeOffset()
            .ShouldBeGreaterThanOrEqualTo(told.Json.GetProperty("created_at").GetDateTimeOffset());
        told.Json.GetProperty("caps").GetRawText().ShouldBe(
            """{"day_tokens":7000000,"day_cost_usd":null,"month_tokens":null,"month_cost_usd":1.5}""");
        told.Json.GetProperty("budget").EnumerateArray().Select(x => x.Text("window") + " " + x.Text("unit"))
            .ShouldBe(["day tokens", "month cost_usd"]);
        told.Text.ShouldNotContain("secret");
        (await root.GetAsync(Nobody)).ShouldBeProblem(404, "not_found", "No such user");
        (await root.GetAsync("/admin/users/nonsense")).ShouldBeProblem(404, "not_found", "No such user");
    }

    [Fact]
    public async Task A_disabled_user_is_out_at_once_and_in_again_when_enabled()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read");
        await using var socket = await ada.ConnectAsync();
        await using var byKey = await robot.ConnectByProtocolAsync();

        var first = (await root.PostAsync($"/admin/users/{ada.Id}/disable")).Ok();
        (await socket.Closed).ShouldBe(4503);
        (await byKey.Closed).ShouldBe(4503);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await robot.GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.FormAsync("/token", ("username", ada.Username), ("password", ada.Password)))
            .ErrorCode.ShouldBe("account_disabled");
        (await root.PostAsync($"/admin/users/{ada.Id}/disable")).Ok().Text.ShouldBe(first.Text, "it is repeated");
        first["disabled_at"].ShouldNotBeNullOrEmpty();
        (await root.PostAsync($"/admin/users/{ada.Id}/enable")).Ok().Json.GetProperty("disabled_at").ValueKind
            .ShouldBe(JsonValueKind.Null);
        (await root.PostAsync($"/admin/users/{ada.Id}/enable")).Ok();
        (await ada.LogInAsync()).Status.ShouldBe(200);
        (await robot.GetAsync("/users/me")).Status.ShouldBe(401, "its key has ended");

        var audit = await AuditAsync(root, ada.Id);
        audit.Where(x => x.Actor == root.Id).ShouldBe(
            [("user_enabled", root.Id, ""), ("user_disabled", root.Id, "")], "what changed nothing has no line");
        foreach (var verb in (string[])["disable", "enable"])
            (await root.PostAsync($"{Nobody}/{verb}")).ShouldBeProblem(404, "not_found", "No such user");
    }

    [Fact]
    public async Task An_admin_disables_neither_himself_nor_the_last_admin()
    {
        await using var app = await CoteApp.StartAsync();
        using var root = await app.RegisterAdminAsync();
        using var other = await app.RegisterAdminAsync();

        (await root.PostAsync($"/admin/users/{root.Id}/disable"))
            .ShouldBeProblem(409, "own_account", "An admin cannot disable the account that asks");
        // Both at once: whoever comes second is the last.
        var both = await Task.WhenAll(
            root.PostAsync($"/admin/users/{other.Id}/disable"), other.PostAsync($"/admin/users/{root.Id}/disable"));

        both.Count(x => x.Status == 200).ShouldBe(1, string.Join('\n', both.Select(x => x.Text)));
        both.Single(x => x.Status != 200).Status.ShouldBeOneOf(401, 403, 409);
        var winner = both[0].Status == 200 ? root : other;
        var left = (await winner.GetAsync("/admin/users")).Ok().Json.EnumerateArray()
            .Where(x => x.GetProperty("disabled_at").ValueKind == JsonValueKind.Null).ToList();
        left.ShouldHaveSingleItem().Text("id").ShouldBe(winner.Id);
        (await winner.GetAsync("/admin/audit")).Ok().Json.EnumerateArray()
            .Count(x => x.Text("action") == "user_disabled").ShouldBe(1, "what was refused was not done");
    }

    [Fact]
    public async Task Sessions_of_a_user_are_listed_and_ended_one_and_all()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var phone = await ada.OtherDeviceAsync();
        using var eve = await _app.RegisterAsync();
        var path = $"/admin/users/{ada.Id}/sessions";
        await using var socket = await phone.ConnectAsync();

        var list = (await root.GetAsync(path)).Ok().Json.EnumerateArray().ToList();
        list.Count.ShouldBe(2);
        list.ShouldAllBe(x => !x.GetProperty("current").GetBoolean());
        var own = (await root.GetAsync($"/admin/users/{root.Id}/sessions")).Ok().Json[0];
        own.GetProperty("current").GetBoolean().ShouldBeTrue();
        var last = list[0].Text("id"); // the phone's: the newest first
        (await root.DeleteAsync($"/admin/users/{eve.Id}/sessions/{last}"))
            .ShouldBeProblem(404, "session_not_found", "Session not found");
        (await phone.GetAsync("/users/me")).Ok();
        (await root.DeleteAsync($"{path}/{last}")).Ok();
        (await socket.Closed).ShouldBe(4503);
        (await phone.GetAsync("/users/me")).Status.ShouldBe(401);
        (await root.DeleteAsync($"{path}/{last}")).ShouldBeProblem(404, "session_not_found", "Session not found");
        (await root.DeleteAsync($"{path}/nonsense")).Status.ShouldBe(404);
        (await ada.GetAsync("/users/me")).Ok();

        (await root.DeleteAsync(path)).Ok();
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await root.GetAsync(path)).Ok().Json.GetArrayLength().ShouldBe(0);
        (await root.DeleteAsync(path)).Ok();
        (await AuditAsync(root, ada.Id)).Where(x => x.Action == "session_revoked" && x.Actor == root.Id)
            .Select(x => x.Detail).ShouldBe(["everywhere", last], "the second time nothing ended");
        (await root.GetAsync(Nobody + "/sessions")).ShouldBeProblem(404, "not_found", "No such user");
        (await root.DeleteAsync(Nobody + "/sessions")).ShouldBeProblem(404, "not_found", "No such user");
    }

    [Fact]
    public async Task Keys_of_a_user_are_ended_and_those_that_a_restore_disabled_work_again_when_enabled()
    {
        using var root = await _app.RegisterAdminAsync();
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var path = $"/admin/users/{ada.Id}/keys";
        var (id, key) = await ada.CreateKeyAsync("read");
        var (second, secondKey) = await ada.CreateKeyAsync("read");
        var (third, thirdKey) = await ada.CreateKeyAsync("read");
        await _app.SetRowsAsync($"update api_keys set disabled_at = 7 where user_id = '{ada.Id}'");

        var list = (await root.GetAsync(path)).Ok();
        list.Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([third, second, id]);
        list.Json[0].Text("disabled_at").ShouldBe("1970-01-01T00:00:00.007Z");
        list.Text.ShouldNotContain("cote_");
        (await ada.GetAsync("/api-keys/")).Ok().Json[0].Text("disabled_at").ShouldNotBeNull();
        (await MeAsync(key)).ShouldBe(401);
        (await root.PostAsync($"/admin/users/{eve.Id}/keys/{id}/enable"))
            .ShouldBeProblem(404, "key_not_found", "API key not found");
        (await root.PostAsync($"{path}/{id}/enable")).Ok();
        (await root.PostAsync($"{path}/{id}/enable")).Ok();
        (await MeAsync(key)).ShouldBe(200);
        (await MeAsync(secondKey)).ShouldBe(401);
        (await root.PostAsync($"{path}/enable")).Ok().Json.Number("enabled").ShouldBe(2);
        (await root.PostAsync($"{path}/enable")).Ok().Json.Number("enabled").ShouldBe(0);
        (await MeAsync(secondKey)).ShouldBe(200);
        (await root.DeleteAsync($"/admin/users/{eve.Id}/keys/{id}")).Status.ShouldBe(404);
        (await root.DeleteAsync($"{path}/{id}")).Ok();
        (await MeAsync(key)).ShouldBe(401);
        (await MeAsync(thirdKey)).ShouldBe(200);
        (await root.DeleteAsync($"{path}/{id}")).ShouldBeProblem(404, "key_not_found", "API key not found");
        (await root.PostAsync($"{path}/{id}/enable")).Status.ShouldBe(404, "it has ended");
        (await root.PostAsync($"{path}/nonsense/enable")).Status.ShouldBe(404);
        (await root.GetAsync(path)).Ok().Json.GetArrayLength().ShouldBe(2);
        (await AuditAsync(root, ada.Id)).Where(x => x.Actor == root.Id).Select(x => (x.Action, x.Detail)).ShouldBe(
            [("key_deleted", id), ("key_enabled", "all"), ("key_enabled", id)]);
        (await root.GetAsync(Nobody + "/keys")).ShouldBeProblem(404, "not_found", "No such user");
        (await root.PostAsync(Nobody + "/keys/enable")).ShouldBeProblem(404, "not_found", "No such user");

        async Task<int> MeAsync(string token)
        {
            using var robot = _app.Anonymous();
            robot.Token = token;
            return (await robot.GetAsync("/users/me")).Status;
        }
    }

    static async Task<IReadOnlyList<(string Action, string Actor, string Detail)>> AuditAsync(
        CoteClient root, string user) =>
        [
            .. (await root.GetAsync($"/admin/audit?user_id={user}")).Ok().Json.EnumerateArray()
                .Select(x => (x.Text("action"), x.Text("actor"), x.Text("detail"))),
        ];
}
