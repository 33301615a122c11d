using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats.Import;

/// <summary>What is done with trees that only an import makes.</summary>
public sealed class ImportedBranchesTests(SharedApp shared)
{
    Task<(CoteClient Ada, string Chat, Dictionary<string, string> Ids)> ImportAsync(params string[] nodes) =>
        ImportAsync(shared.App, nodes);

    static async Task<(CoteClient Ada, string Chat, Dictionary<string, string> Ids)> ImportAsync(
        CoteApp app, params string[] nodes)
    {
        var ada = await app.RegisterAsync();
        (await ada.ImportAsync(Exports.File(Exports.ChatGpt("c", nodes)))).Ok();
        var chat = (await ada.ChatsAsync()).ShouldHaveSingleItem().Text("id");
        var messages = (await ada.GetAsync($"/chats/{chat}/messages/?branches=all")).Ok().Json.EnumerateArray();
        return (ada, chat, messages.ToDictionary(x => x.Text("content"), x => x.Text("id")));
    }

    [Fact]
    public async Task A_deletion_may_make_versions_of_messages_that_were_none()
    {
        var (ada, chat, ids) = await ImportAsync(
            "u1 - user u1", "u2 u1 user u2", "a1 u1 assistant a1", "u3 a1 user u3");
        await using var socket = await ada.ConnectAsync();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{ids["a1"]}")).Ok();

        (await socket.NextAsync("chat.path")).Data.Number("after_seq").ShouldBe(1);
        var versions = (await ada.GetAsync($"/chats/{chat}/messages/{ids["u3"]}/siblings")).Ok().Json;
        versions.EnumerateArray().Select(x => (x.Text("content"), x.Number("siblings", "count")))
            .ShouldBe([("u2", 2), ("u3", 2)]);
    }

    [Fact]
    public async Task A_switch_to_what_was_never_left_goes_to_the_newest_leaf_below()
    {
        var (ada, chat, ids) = await ImportAsync(
            "q1 - user q1", "r1 q1 assistant r1", "v1 q1 assistant v1", "q2 r1 user q2", "r2 q2 assistant r2",
            "q0 - user q0");
        (await ada.PathAsync(chat)).ShouldBe([ids["q0"]]);

        (await ada.SwitchAsync(chat, ids["q1"])).Ok().Json.Text("leaf_id").ShouldBe(ids["r2"]);
    }

    [Fact]
    public async Task A_file_of_anothers_account_gets_no_signature()
    {
        using var eve = await shared.App.RegisterAsync();
        using var ada = await shared.App.RegisterAsync();
        var own = (await eve.UploadAsync("mine"u8.ToArray(), "mine.txt")).Ok().Json.Text("url");
        var hers = (await ada.UploadAsync("hers"u8.ToArray(), "hers.txt")).Ok().Json.Text("url").Split('?')[0];

        (await eve.ImportAsync($$"""
            {"format":"cote","chats":[{"chat":{"id":"c","title":"t"},"messages":[{"id":"a","sender":"ai","content":"So.",
            "media_urls":["{{own}}"],"parts":[{"type":"file","name":"x","url":"{{hers}}"},{"type":"file","name":"y",
            "media_id":"{{hers.Split('/')[^1]}}","url":"{{hers}}"},{"type":"text","start":0,"end":3}]}]}]}
            """)).Ok();

        var chat = (await eve.ChatsAsync()).ShouldHaveSingleItem().Text("id");
        (await eve.GetAsync($"/chats/{chat}/messages/?parts=all")).Ok().Text.ShouldNotContain(hers.Split('/')[^1]);
        (await eve.GetAsync("/sync")).Ok().Text.ShouldNotContain(hers.Split('/')[^1]);
    }

    [Fact]
    public async Task A_page_of_texts_of_one_moment_leads_to_all_of_them()
    {
        await using var app = await CoteApp.StartAsync(Searching.WithoutLoop); // places change while it works
        var (ada, _, ids) = await ImportAsync(app, [.. Enumerable.Range(0, 400)
            .Select(i => $"m{i} {(i == 0 ? "-" : $"m{i - 1}")} {(i % 2 == 0 ? "user" : "assistant")} dove {i}")]);

        (await ada.PagesAsync("/search?q=dove&limit=7")).Distinct().Count().ShouldBe(ids.Count + 1, "and the title");
    }

    [Fact]
    public void A_very_long_row_of_replies_is_one_up_to_the_longest_text()
    {
        var tree = Exports.TreeOf(Exports.ChatGpt("c", ["q - user q", .. Enumerable.Range(0, 120_000)
            .Select(i => $"a{i} {(i == 0 ? "q" : $"a{i - 1}")} assistant 0123456789")]).ToJsonString());

        tree.Messages.Count.ShouldBe(2);
        tree.Messages[1].Text.Length.ShouldBeInRange(1_048_576 - 12, 1_048_576);
        tree.Reason.ShouldBe("text_too_long");
    }
}
