using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats.Import;

/// <summary>Imported parts, read and used as those of replies that were made here.</summary>
public sealed class KeptImportedPartsTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    static JsonObject Doves(string id = "c") => Exports.ChatGptParts(id,
        "q - user {\"parts\":[\"Why do doves come home?\"]}",
        """t q assistant {"content_type":"thoughts","thoughts":[{"summary":"Home","content":"A xylophone thinks."}]}""",
        "a t assistant {\"parts\":[\"Let me see.\"]}",
        """p a assistant>web {"content_type":"code","text":"{\"q\":\"marimba\"}"}""",
        """o p tool:web {"content_type":"text","parts":["glockenspiel"]}""",
        """r o assistant {"content_type":"reasoning_recap"} {"finished_duration_sec":12}""",
        "b r assistant {\"parts\":[\"They like it.\"]}");

    const string Whole = """
        [{"type":"reasoning","text":"Home\n\nA xylophone thinks.","ms":12000,"length":25},{"type":"text","start":0,"end":11},
        {"type":"tool","call_id":"p","name":"web","source":"server","state":"done","input":{"q":"marimba"},"output":"glockenspiel"},
        {"type":"text","start":13,"end":26}]
        """;

    [Fact]
    public async Task They_are_shown_in_each_view_and_never_in_titles_search_and_excerpts()
    {
        using var ada = await _app.RegisterAsync();
        var untitled = Doves();
        untitled["title"] = "";

        (await ada.ImportAsync(Exports.File(untitled))).Ok().Text.ShouldBe("""{"chats":1,"messages":2,"skipped":[]}""");

        var chat = (await ada.ChatsAsync()).ShouldHaveSingleItem();
        (chat.Text("title"), chat.Text("last_message_content"))
            .ShouldBe(("Why do doves come home?", "Let me see.\n\nThey like it."));
        var id = chat.Text("id");
        var reply = (await ada.MessagesAsync(id))[1];
        reply.Text("content").ShouldBe("Let me see.\n\nThey like it.");
        reply.GetProperty("generation").Text("state").ShouldBe("completed");
        var light = Whole.ReplaceLineEndings("").Replace("\"text\":\"Home\\n\\nA xylophone thinks.\",", "");
        reply.GetProperty("parts").GetRawText().ShouldBe(light);
        var one = $"/chats/{id}/messages/{reply.Text("id")}";
        (await ada.GetAsync($"{one}?parts=all")).Ok().Json.GetProperty("parts").GetRawText()
            .ShouldBe(Whole.ReplaceLineEndings(""));
        (await ada.GetAsync($"{one}?parts=none")).Ok().Json.TryGetProperty("parts", out _).ShouldBeFalse();
        (await ada.GetAsync("/sync?parts=all")).Ok();
        foreach (var word in new[] { "xylophone", "marimba", "glockenspiel" })
            (await ada.GetAsync($"/search?q={word}")).Ok().Json.GetArrayLength().ShouldBe(0);
        (await ada.GetAsync("/search?q=like")).Ok().Json.GetArrayLength().ShouldBe(1);
        (await ada.GetAsync($"/chats/{id}/export?format=markdown")).Ok().Text.ShouldNotContain("xylophone");
    }

    [Fact]
    public async Task An_export_an_import_and_a_fork_bring_them_and_a_deletion_leaves_none()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        (await ada.ImportAsync(Exports.File(Doves()))).Ok();
        var chat = (await ada.ChatsAsync())[0].Text("id");
        var before = await PartsAsync(ada, chat);

        (await bob.ImportAsync((await ada.GetAsync($"/chats/{chat}/export")).Ok().Text)).Ok();
        var theirs = (await bob.ChatsAsync())[0].Text("id");
        var fork = (await bob.PostAsync($"/chats/{theirs}/fork")).Ok().Json.Text("id");

        before.ShouldBe(Whole.ReplaceLineEndings(""));
        (await PartsAsync(bob, theirs)).ShouldBe(before);
        (await PartsAsync(bob, fork)).ShouldBe(before);
        var replies = new[] { await ReplyAsync(bob, theirs), await ReplyAsync(bob, fork) };
        (await RowsAsync(replies)).ShouldBe(10, "four parts and the text of one, twice");
        (await bob.DeleteAsync($"/chats/{fork}/messages/{replies[1]}")).Ok();
        (await RowsAsync(replies[1])).ShouldBe(0);
        (await bob.DeleteAsync($"/chats/{theirs}")).Ok();
        await Patience.UntilAsync(async () => await RowsAsync(replies) == 0, "the parts of a deleted chat are gone");
        var own = await ReplyAsync(ada, chat);
        (await RowsAsync(own)).ShouldBe(5);
        (await ada.DeleteAsync("/users/me")).Ok();
        await Patience.UntilAsync(async () => await RowsAsync(own) == 0, "the parts of an erased account are gone");
    }

    [Fact]
    public async Task A_later_prompt_has_the_text_alone_and_what_has_none_is_left_out_of_it()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = Doves();
        chat["mapping"]!["b"]!["message"] = null; // It was stopped before its answer.
        chat["mapping"]!["a"]!["message"] = null;
        (await ada.ImportAsync(Exports.File(chat, Doves("d")))).Ok();
        var chats = await ada.ChatsAsync();

        var prompts = new List<string>();
        foreach (var id in chats.Select(x => x.Text("id")))
        {
            var question = await ada.AskAsync(id, "And?");
            (await ada.EndOfAsync(id, question.Text("reply_id"))).GetProperty("generation").Text("state")
                .ShouldBe("completed");
            prompts.Add(app.Model.Requests[^1].Messages.GetRawText());
        }

        prompts.ShouldAllBe(x => !x.Contains("xylophone", StringComparison.Ordinal)
            && !x.Contains("glockenspiel", StringComparison.Ordinal) && !x.Contains("tool", StringComparison.Ordinal));
        prompts.Count(x => x.Contains("They like it.", StringComparison.Ordinal)).ShouldBe(1);
        var contents = new List<string>();
        foreach (var id in chats.Select(x => x.Text("id")))
            contents.Add((await ada.MessagesAsync(id))[1].Text("content"));
        contents.ShouldBe(["", "Let me see.\n\nThey like it."], ignoreOrder: true);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_the_last_text_and_parts_are_written_in_several_batches()
    {
        using var ada = await _app.RegisterAsync();
        var chat = Doves();
        chat["mapping"]!["b"]!["message"]!["metadata"] =
            JsonNode.Parse("""{"attachments":[{"id":"x","name":"a.pdf"}]}""");
        var thought = new string('a', 250_000);
        var thoughts = Exports.ChatGptParts("long", [.. Enumerable.Range(0, 12).Select(i => i % 2 == 0
            ? $$"""n{{i}} {{(i == 0 ? "-" : $"n{i - 1}")}} user {"parts":["{{i}}"]}"""
            : $$"""n{{i}} n{{i - 1}} assistant {"content_type":"thoughts","thoughts":[{"content":"{{thought}}"}]}""")]);

        (await ada.ImportAsync(Exports.File(chat, thoughts))).Ok().Json.Number("messages").ShouldBe(14);

        foreach (var id in (await ada.ChatsAsync()).Select(x => x.Text("id")))
        {
            var messages = (await ada.GetAsync($"/chats/{id}/messages/?parts=all")).Ok().Json.EnumerateArray().ToList();
            if (messages.Count == 2)
            {
                var last = messages[1].GetProperty("parts").EnumerateArray().Last();
                messages[1].Text("content")[(int)last.Number("start")..(int)last.Number("end")].ShouldBe("[a.pdf]");
                continue;
            }
            messages.Where(x => x.Text("sender") == "ai")
                .Select(x => x.GetProperty("parts")[0].Text("text").Length).ShouldBe(Enumerable.Repeat(250_000, 6));
        }
    }

    static async Task<string> ReplyAsync(CoteClient client, string chat) =>
        (await client.MessagesAsync(chat))[1].Text("id");

    static async Task<string> PartsAsync(CoteClient client, string chat) =>
        (await client.GetAsync($"/chats/{chat}/messages/?parts=all")).Ok().Json[1].GetProperty("parts").GetRawText();

    async Task<int> RowsAsync(params string[] replies) => (await _app.RowsAsync())["message_parts"]
        .Count(x => replies.Any(y => x.Contains(y, StringComparison.Ordinal)));
}
