using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats.Import;

/// <summary>What is exported is imported to the same tree, by its owner and by others.</summary>
public sealed class RoundTripTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task An_account_is_the_same_in_another_account()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        await FillAsync(ada);
        var export = (await ada.GetAsync("/users/me/export")).Ok().Text;

        (await ada.ImportAsync(export)).Ok().Json.Skipped().ShouldBe("0 exists, 1 exists, 2 exists");
        var report = (await bob.ImportAsync(export)).Ok().Json;

        (report.Number("chats"), report.Skipped()).ShouldBe((2, "0 empty"));
        var shape = (await ShapeAsync(ada)).Where(x => !x.Contains("nothing", StringComparison.Ordinal));
        (await ShapeAsync(bob)).ShouldBe(shape);
        var again = (await bob.GetAsync("/users/me/export")).Ok().Text;
        (await bob.ImportAsync(again)).Ok().Json.Skipped().ShouldBe("0 exists, 1 exists");
        using var eve = await _app.RegisterAsync();
        (await eve.ImportAsync(again)).Ok();
        (await ShapeAsync(eve)).ShouldBe(await ShapeAsync(bob));
    }

    [Fact]
    public async Task An_export_keeps_its_ids_and_uploads_for_the_account_it_came_from()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Doves");
        var url = await ada.PictureAsync();
        var question = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "Look", type = "image", media_urls = new[] { url } })).Ok().Json;
        var reply = await ada.EndOfAsync(chat, question.Text("reply_id"));
        var export = (await ada.GetAsync($"/chats/{chat}/export")).Ok();
        var file = JsonNode.Parse(export.Text)!;
        file["chats"]![0]!["chat"]!["id"] = Guid.CreateVersion7().ToString();
        foreach (var (place, message) in file["chats"]![0]!["messages"]!.AsArray().Index())
            message!["id"] = $"0190a0b0-0000-7000-8000-00000000000{place}";
        file["chats"]![0]!["messages"]![1]!["parent_id"] = "0190a0b0-0000-7000-8000-000000000000";

        (await ada.ImportAsync(export.Text)).Ok().Json.Skipped().ShouldBe("0 exists");
        (await ada.ImportAsync(file.ToJsonString())).Ok().Json.Number("chats").ShouldBe(1);

        var copy = (string)file["chats"]![0]!["chat"]!["id"]!;
        var messages = await ada.MessagesAsync(copy);
        messages.Select(x => x.Text("id")).ShouldBe(
            ["0190a0b0-0000-7000-8000-000000000000", "0190a0b0-0000-7000-8000-000000000001"]);
        messages[0].Text("type").ShouldBe("image");
        Samples.PathOf(messages[0].GetProperty("media_urls")[0].GetString()!).ShouldBe(Samples.PathOf(url));
        messages[1].Text("content").ShouldBe(reply.Text("content"));

        // For another the bytes are not in the file: the name is.
        using var bob = await app.RegisterAsync();
        (await bob.ImportAsync(export.Text)).Ok();
        var theirs = await bob.MessagesAsync((await bob.ChatsAsync())[0].Text("id"));
        (theirs[0].Text("content"), theirs[0].Text("type")).ShouldBe(("Look\n\n[picture.png]", "text"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task A_chat_keeps_its_settings_and_what_its_user_thinks_of_it(string tools)
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", $$"""
            {"title":"Doves","system_prompt":"Be brief.","temperature":0.25,"max_tokens":300,"reasoning_effort":"low",
             "tools":{{tools}}}
            """)).Ok()["id"];
        var (_, reply) = await ada.TurnAsync(chat, "Why?");
        (await ada.PutAsync($"/chats/{chat}/messages/{reply}/feedback", new { rating = -1, text = "No." })).Ok();
        var export = (await ada.GetAsync($"/chats/{chat}/export")).Ok().Text;

        (await bob.ImportAsync(export)).Ok();

        var copy = (await bob.ChatsAsync()).Single();
        copy.Text("id").ShouldNotBe(chat);
        Settings(copy).ShouldBe(Settings(await ada.ChatAsync(chat)));
        (await bob.MessagesAsync(copy.Text("id")))[1].GetProperty("feedback").GetRawText()
            .ShouldBe("""{"rating":-1,"text":"No."}""");
    }

    static IEnumerable<string> Settings(JsonElement chat) =>
        [.. new[] { "title", "system_prompt", "temperature", "max_tokens", "reasoning_effort", "tools" }
            .Select(x => $"{x} {(chat.TryGetProperty(x, out var value) ? value.GetRawText() : "absent")}")];

    [Fact]
    public async Task As_Markdown_a_chat_is_its_shown_path()
    {
        using var ada = await _app.RegisterAsync();
        await FillAsync(ada);
        var chat = (await ada.ChatsAsync()).Single(x => x.Number("last_seq") == 7).Text("id");

        var file = (await ada.GetAsync($"/chats/{chat}/export?format=markdown")).Ok();

        file.Header("Content-Type").ShouldBe("text/markdown; charset=utf-8");
        file.Header("Content-Disposition")!.ShouldContain("Doves.md");
        file.Text.ShouldStartWith("# Doves\n\n## User, 2023-11-14T22:13:20.500Z\n\nWhy?\n\n## Assistant (gpt-5), ");
        file.Text.ShouldContain("New");
        file.Text.ShouldNotContain("Old");
    }

    [Fact]
    public async Task An_export_is_of_ones_own_chat_in_a_form_that_is_known()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        (await eve.GetAsync($"/chats/{chat}/export")).ShouldBeNoChat();
        (await ada.GetAsync("/chats/nonsense/export")).ShouldBeNoChat();
        (await ada.GetAsync($"/chats/{chat}/export?format=pdf")).ShouldBeWrong("query.format value_error");
        var first = (await ada.GetAsync($"/chats/{chat}/export?format=json")).Ok();
        first.Header("Content-Disposition")!.ShouldContain("chat.json");
        first.Json.Fields().ShouldBe(["exported_at", "user_id", "media", "chats"]);
        (await ada.GetAsync($"/chats/{chat}/export")).Json.GetProperty("chats").ToString()
            .ShouldBe(first.Json.GetProperty("chats").ToString());
    }

    static async Task FillAsync(CoteClient client)
    {
        var doves = Exports.ChatGpt("c", "q - user Why?", "a q assistant Old", "b q assistant New", "q2 b user And?",
            "d q2 assistant So.", "x - user Another beginning", "e q2 assistant Thus.");
        (await client.ImportAsync(Exports.File(doves))).Ok();
        (await client.ImportAsync(Exports.File(Exports.Straight("long", 300)))).Ok();
        await client.CreateChatAsync("nothing");
    }

    static async Task<List<string>> ShapeAsync(CoteClient client)
    {
        var shape = new List<string>();
        foreach (var chat in await client.ChatsAsync())
            shape.Add(string.Join('\n', [chat.Text("title"), chat.Text("created_at"), chat.Text("last_message_time"),
                chat.Text("last_message_content"), .. await client.TreeAsync(chat.Text("id"))]));
        shape.Sort(StringComparer.Ordinal);
        return shape;
    }
}
