using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

/// <summary>What webhooks could not be told, and what admins do about it.</summary>
public sealed class FailedWebhookTests
{
    const string Endpoint = "crm";

    static readonly string[] Configured =
    [
        $"Webhooks:{Endpoint}:Url=https://127.0.0.1:9/", $"Webhooks:{Endpoint}:Allow:0=127.0.0.1",
        $"Webhooks:{Endpoint}:Secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ];

    [Fact]
    public async Task What_was_given_up_is_listed_tried_again_and_dropped()
    {
        await using var app = await CoteApp.StartAsync(Configured);
        using var root = await app.RegisterAdminAsync();
        using var ada = await app.RegisterAsync();
        var ids = await AddAsync(app, 5);
        string[] newest = [.. ids.Reverse()];

        var page = (await root.GetAsync("/admin/webhooks?limit=2")).Ok();
        var listed = page.Json.EnumerateArray().ToList();
        while (page.NextPage is { } next)
            listed.AddRange((page = (await root.GetAsync(next)).Ok()).Json.EnumerateArray());
        listed.Select(x => x.Text("id")).ShouldBe(newest, "also where two were given up at one moment");
        (listed[0].Text("endpoint"), listed[0].Text("type"), listed[0].Text("fault"), listed[0].Number("tries"))
            .ShouldBe((Endpoint, "reply.ended", "status 500", 14));
        (await EndpointAsync(root)).Number("failed").ShouldBe(5);

        (await root.PostAsync($"/admin/webhooks/{ids[0]}/retry")).Ok();
        (await root.PostAsync($"/admin/webhooks/{ids[0]}/retry"))
            .ShouldBeProblem(404, "not_found", "No such failed webhook");
        (await root.DeleteAsync($"/admin/webhooks/{ids[1]}")).Ok();
        (await root.DeleteAsync($"/admin/webhooks/{ids[1]}")).Status.ShouldBe(404);
        (await root.PostAsync("/admin/webhooks/nonsense/retry")).Status.ShouldBe(404);
        (await root.GetAsync("/admin/webhooks")).Ok().Json.EnumerateArray().Select(x => x.Text("id"))
            .ShouldBe(newest[..3]);
        // The endpoint is away: what is tried again waits, and fails.
        await Patience.UntilAsync(
            async () => (await EndpointAsync(root)).GetProperty("failing_since").ValueKind == JsonValueKind.String,
            "it was tried");
        (await EndpointAsync(root)).Number("failed").ShouldBe(3);
        (await root.GetAsync("/admin/audit?limit=2")).Ok().Json.EnumerateArray()
            .Select(x => (x.Text("action"), x.Text("actor"), x.Text("detail"))).ShouldBe(
            [("webhook_dropped", root.Id, ids[1]), ("webhook_retried", root.Id, ids[0])]);
        foreach (var wrong in (string[])["x", "7", $"x.{ids[0]}", "7.x", $"7.{ids[0][..36]}", $"7.{ids[0]}%00"])
            (await root.GetAsync($"/admin/webhooks?before={wrong}")).ShouldBeWrong("query.before value_error");
        (await ada.GetAsync("/admin/webhooks")).ErrorCode.ShouldBe("admin_only");
        (await ada.PostAsync($"/admin/webhooks/{ids[2]}/retry")).ErrorCode.ShouldBe("admin_only");
        (await ada.DeleteAsync($"/admin/webhooks/{ids[2]}")).ErrorCode.ShouldBe("admin_only");
    }

    /// <summary>Rows of webhooks that were given up, the oldest first; two of them at each moment.</summary>
    internal static async Task<IReadOnlyList<string>> AddAsync(CoteApp app, int count)
    {
        string[] ids =
            [.. Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7().ToString()).Order().Select(NameOf)];
        var now = new Clock(TimeProvider.System).Now.Milliseconds;
        await app.SetRowsAsync([.. ids.Select((id, i) => $"""
            insert into webhooks (id, endpoint, type, user_id, at, until, tries, failed_at, fault) values
              ('{id}', '{Endpoint}', 'reply.ended', '{Guid.CreateVersion7()}', 1, 2, 14, {now + i / 2}, 'status 500')
            """)]);
        return ids;
    }

    // As the outbox names them: some come from a statement that tells of several.
    static string NameOf(string id, int i) => i % 2 == 0 ? $"{id}_{Endpoint}" : $"{id}_{Endpoint}_{i}";

    static async Task<JsonElement> EndpointAsync(CoteClient root) =>
        (await root.GetAsync("/admin/webhooks/endpoints")).Ok().Json.EnumerateArray().ToList().ShouldHaveSingleItem();
}
