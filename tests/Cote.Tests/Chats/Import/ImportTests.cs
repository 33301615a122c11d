using System.Text;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats.Import;

public sealed class ImportTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    static readonly string Doves = Exports.File(Exports.ChatGpt("c1", "root -", "q root user Why do doves come home?",
        "a q assistant They like it.", "b q assistant They know the way.", "q2 b user All of them?"));

    [Fact]
    public async Task A_conversation_is_a_chat_with_its_times_branches_and_shown_path()
    {
        using var ada = await _app.RegisterAsync();

        var report = (await ada.ImportAsync(Doves)).Ok();

        report.Text.ShouldBe("""{"chats":1,"messages":4,"skipped":[]}""");
        var chat = (await ada.ChatsAsync()).ShouldHaveSingleItem();
        chat.Text("title").ShouldBe("Doves");
        chat.Text("created_at").ShouldBe("2023-11-14T22:13:20.500Z");
        chat.Text("last_message_time").ShouldBe("2023-11-14T22:13:20.500Z");
        chat.Text("last_message_content").ShouldBe("All of them?");
        chat.Number("last_seq").ShouldBe(4);
        (await ada.TreeAsync(chat.Text("id"))).ShouldBe(["1<- user* Why do doves come home?", "2<1 ai They like it.",
            "3<1 ai* They know the way.", "4<3 user* All of them?"]);
        var messages = await ada.MessagesAsync(chat.Text("id"));
        var reply = messages.First(x => x.Text("sender") == "ai");
        reply.GetProperty("generation").ToString().ShouldBe("""{"state":"completed","attempt":1,"model":"gpt-5"}""");
        reply.Text("reply_to_id").ShouldBe(messages[0].Text("id"));
        messages[0].Text("reply_id").ShouldBe(
            reply.GetProperty("siblings").Text("previous"), "the first of its replies");
        messages.ShouldAllBe(x => x.Text("status") == "read");
    }

    [Theory]
    [InlineData("""
        {"id":"o1","title":"Sums","created_at":1700000000,"pinned":true,"chat":{"system":"Be brief.","history":{"currentId":"a",
        "messages":{"q":{"id":"q","parentId":null,"role":"user","content":"15 * 17?","timestamp":1700000001},
        "a":{"id":"a","parentId":"q","role":"assistant","content":"255","model":"llama","timestamp":1700000009}}}}}
        """, "Sums", "15 * 17?", "255", "llama")]
    [InlineData("""
        {"conversationId":"l1","title":"Story","options":{"promptPrefix":"Be brief.","temperature":0.8},"messages":[
        {"messageId":"1","isCreatedByUser":true,"text":"Tell","createdAt":"2024-05-28T18:08:55.390Z"},
        {"messageId":"2","parentMessageId":"1","isCreatedByUser":false,"text":"Once","model":"gpt-4o",
        "createdAt":"2024-05-28T18:08:57.390Z"}]}
        """, "Story", "Tell", "Once", "gpt-4o")]
    public async Task A_chat_of_another_product_keeps_its_instructions(
        string json, string title, string question, string answer, string model)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.ImportAsync($"[{json}]")).Ok().Text.ShouldBe("""{"chats":1,"messages":2,"skipped":[]}""");
        (await ada.ImportAsync(json)).Ok().Json.Skipped().ShouldBe("0 exists", "it alone is the same");

        var chat = (await ada.ChatsAsync()).ShouldHaveSingleItem();
        (chat.Text("title"), chat.Text("system_prompt")).ShouldBe((title, "Be brief."));
        chat.GetProperty("is_archived").GetBoolean().ShouldBeFalse();
        chat.GetProperty("is_pinned").GetBoolean().ShouldBe(json.Contains("\"pinned\":true", StringComparison.Ordinal));
        var messages = await ada.MessagesAsync(chat.Text("id"));
        messages.Select(x => x.Text("content")).ShouldBe([question, answer]);
        messages[1].GetProperty("generation").Text("model").ShouldBe(model);
        string.CompareOrdinal(messages[0].Text("timestamp"), messages[1].Text("timestamp")).ShouldBeLessThan(0);
        chat.Text("last_message_time").ShouldBe(messages[1].Text("timestamp"));
    }

    [Fact]
    public async Task The_same_file_again_changes_nothing_and_for_another_user_makes_chats_of_their_own()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        (await ada.ImportAsync(Doves)).Ok();
        var before = (await ada.GetAsync("/sync")).Text;

        (await ada.ImportAsync(Doves)).Ok().Text
            .ShouldBe("""{"chats":0,"messages":0,"skipped":[{"item":0,"reason":"exists"}]}""");

        (await ada.GetAsync("/sync")).Text.ShouldBe(before);
        (await bob.ImportAsync(Doves)).Ok().Json.Number("chats").ShouldBe(1);
        (await bob.ChatsAsync())[0].Text("id").ShouldNotBe((await ada.ChatsAsync())[0].Text("id"));
    }

    [Fact]
    public async Task What_the_user_deleted_stays_deleted_and_again_brings_it_under_new_ids()
    {
        using var ada = await _app.RegisterAsync();
        (await ada.ImportAsync(Doves)).Ok();
        var id = (await ada.ChatsAsync())[0].Text("id");
        (await ada.DeleteAsync($"/chats/{id}")).Ok();

        (await ada.ImportAsync(Doves)).Ok().Json.Skipped().ShouldBe("0 deleted");
        (await ada.ChatsAsync()).ShouldBeEmpty();
        (await ada.ImportAsync(Doves, "?again=true")).Ok().Text.ShouldBe("""{"chats":1,"messages":4,"skipped":[]}""");
        (await ada.ImportAsync(Doves, "?again=true")).Ok().Json.Number("chats").ShouldBe(1);

        var chats = await ada.ChatsAsync();
        chats.Count.ShouldBe(2);
        chats.Select(x => x.Text("id")).ShouldNotContain(id);
        (await ada.TreeAsync(chats[0].Text("id"))).ShouldBe(await ada.TreeAsync(chats[1].Text("id")));
    }

    [Fact]
    public async Task An_archived_chat_that_was_used_here_comes_back_archived_with_its_tree()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("old");
        var (question, reply) = await ada.TurnAsync(chat, "one");
        await ada.AnewAsync(chat, reply);
        await ada.TurnAsync(chat, "one!", new { version_of = question });
        (await ada.SwitchAsync(chat, reply)).Ok();
        (await ada.PatchAsync($"/chats/{chat}", new { is_archived = true })).Ok();
        var export = (await ada.GetAsync($"/chats/{chat}/export")).Ok().Text;

        (await bob.ImportAsync(export)).Ok().Text.ShouldBe("""{"chats":1,"messages":5,"skipped":[]}""");

        (await bob.ChatsAsync()).ShouldBeEmpty();
        var copy = (await bob.GetAsync("/chats/?archived=true")).Ok().Json.EnumerateArray().ShouldHaveSingleItem();
        (await bob.TreeAsync(copy.Text("id"))).ShouldBe(await ada.TreeAsync(chat));
        copy.Text("last_message_content").ShouldBe((await ada.ChatAsync(chat)).Text("last_message_content"));
    }

    [Fact]
    public async Task Each_chat_is_one_event_and_the_model_is_not_called()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();
        var cursor = (await ada.GetAsync("/events?wait=0"))["cursor"];

        (await ada.ImportAsync(Exports.File(Exports.Straight("a", 3), Exports.Straight("b", 600)))).Ok();

        (await socket.NextAsync()).Type.ShouldBe("chat.created");
        var second = await socket.NextAsync();
        (second.Type, second.Data.Number("last_seq")).ShouldBe(("chat.created", 1_200));
        var chats = await ada.ChatsAsync();
        (await ada.MessagesAsync(chats[0].Text("id"))).Count.ShouldBeGreaterThan(0); // a list delivers nothing here
        (await ada.GetAsync($"/events?wait=0&cursor={cursor}")).Json.GetProperty("events").EnumerateArray()
            .Select(x => x.Text("type")).ShouldBe(["chat.created", "chat.created"]);
        app.Model.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task Imported_chats_stand_by_their_times_below_those_used_here_and_pages_go_through_them()
    {
        using var ada = await _app.RegisterAsync();
        var here = await ada.CreateChatAsync("here");
        JsonNode[] chats = [.. Enumerable.Range(0, 5).Select(i =>
        {
            var chat = Exports.ChatGpt($"c{i}", "q - user Why?", "a q assistant So.");
            (chat["title"], chat["create_time"]) = ($"c{i}", new[] { 3_000, 9_000, 3_000, 3_000, 4_000 }[i]);
            return chat;
        })];

        (await ada.ImportAsync(Exports.File(chats))).Ok();
        (await ada.ImportAsync(Exports.File(Exports.ChatGpt("old", "q - user First")))).Ok();

        var titles = new List<string>();
        for (var path = "/chats/?limit=2"; path is not null;)
        {
            var page = (await ada.GetAsync(path)).Ok();
            titles.AddRange(page.Json.EnumerateArray().Select(x => x.Text("title")));
            path = page.Header("Link")?.Split('<', '>')[1];
        }
        titles.ShouldBe(["here", "Doves", "c1", "c4", "c3", "c2", "c0"]);
        // No two are the same number in JavaScript.
        var places = (await ada.ChatsAsync()).Select(x => x.Number("activity")).ToList();
        places.ShouldBe(places.Distinct().OrderDescending());
        places.Skip(1).ShouldAllBe(x => x < 0 && x >= -(1L << 53));

        // Used here, it stands above; without what was sent here it is one of those used here still.
        var used = (await ada.ChatsAsync())[^1].Text("id");
        var question = await ada.AskAsync(used, "And now?");
        await ada.EndOfAsync(used, question.Text("reply_id"));
        (await ada.ChatsAsync())[0].Text("id").ShouldBe(used);
        (await ada.ChatsAsync())[1].Text("id").ShouldBe(here);
        (await ada.DeleteAsync($"/chats/{used}/messages/{question.Text("id")}")).Ok();
        (await ada.GetAsync($"/chats/{used}"))["last_message_content"].ShouldBe("So.");
    }

    [Fact]
    public async Task A_chat_goes_on_where_it_ended_and_its_reply_is_made_of_the_shown_path()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.ImportAsync(Exports.File(Exports.ChatGpt("c", "a - assistant Hello, I am here.", "q a user Why?",
            "b q assistant So.")))).Ok();
        var chat = (await ada.ChatsAsync())[0].Text("id");
        (await ada.TreeAsync(chat)).ShouldBe(["1<- ai* Hello, I am here.", "2<1 user* Why?", "3<2 ai* So."]);

        var question = await ada.AskAsync(chat, "And?");
        var reply = await ada.EndOfAsync(chat, question.Text("reply_id"));

        reply.GetProperty("generation").Text("state").ShouldBe("completed");

        question.Number("seq").ShouldBe(4);
        var first = (await ada.MessagesAsync(chat))[0];
        (await ada.PutAsync($"/chats/{chat}/messages/{first.Text("id")}/read")).Ok();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{first.Text("id")}")).Ok();
        (await ada.MessagesAsync(chat)).Select(x => x.Text("content")).First().ShouldBe("Why?");
    }

    [Fact]
    public async Task One_bad_item_drops_none_of_the_rest_and_each_is_said_with_its_reason()
    {
        using var ada = await _app.RegisterAsync();
        string[] items =
        [
            "5", "{}", """{"mapping":7}""", """{"mapping":{"a":tru}}""", Exports.ChatGpt("e", "root -").ToJsonString(),
            Exports.ChatGpt("s", "s - system Hi").ToJsonString(),
            $$$"""{"mapping":{"x":{{{new string('[', 70)}}}{{{new string(']', 70)}}}}}""",
            Exports.ChatGpt("w", "w - wizard Abracadabra").ToJsonString(),
            Exports.ChatGpt("l", "q - user " + new string('a', 1_048_577), "r q user Short").ToJsonString(),
            Exports.Straight("m", 5_001).ToJsonString(), Exports.Straight("ok", 5_000, i => "x").ToJsonString(),
        ];

        var report = (await ada.ImportAsync(Encoding.UTF8.GetBytes($"[{string.Join(',', items)}]"))).Ok().Json;

        report.Skipped().ShouldBe("0 not_a_chat, 1 not_a_chat, 2 unreadable, 3 unreadable, 4 empty, 5 empty, "
            + "6 too_deep, 7 unknown_role, 8 text_too_long, 9 too_many_messages");
        (report.Number("chats"), report.Number("messages")).ShouldBe((2, 10_001));
        (await ada.ChatsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_that_was_cut_off_gives_what_is_whole()
    {
        using var ada = await _app.RegisterAsync();

        var report = (await ada.ImportAsync(Doves[..^1] + ",{\"mapping\":{\"a\":{\"par")).Ok().Json;

        (report.Number("chats"), report.Skipped()).ShouldBe((1, "1 unreadable"));
    }

    [Theory]
    [InlineData("[]", 200)]
    [InlineData("[5,{}]", 422)]
    [InlineData("""{"a":1}""", 422)]
    [InlineData("hello", 422)]
    [InlineData("", 422)]
    public async Task What_is_no_JSON_or_no_known_export_is_refused_whole(string body, int status)
    {
        using var ada = await _app.RegisterAsync();

        var answer = await ada.ImportAsync(body);

        answer.Status.ShouldBe(status);
        if (status == 422)
            answer.ShouldBeWrong("body.file value_error");
        (await ada.ChatsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_request_is_checked()
    {
        using var ada = await _app.RegisterAsync();

        (await ada.ImportAsync(Doves, "?again=perhaps")).ShouldBeWrong("query.again value_error");
        (await ada.SendAsync(HttpMethod.Post, "/import", "a=b",
            x => x.Content = new StringContent("a=b", Encoding.UTF8, "text/csv")))
            .ShouldBeWrong("body model_attributes_type");
        (await ada.SendAsync(HttpMethod.Post, "/import", change: x => x.Content = new MultipartFormDataContent
        {
            { new StringContent("x"), "other" },
        })).ShouldBeWrong("body.file missing");
        foreach (var id in new[] { "nonsense", Guid.CreateVersion7().ToString() })
            (await ada.GetAsync($"/import/{id}")).ShouldBeProblem(404, "import_not_found", "Import not found");
        (await ada.ImportAsync(Doves, "?again=false")).Ok();
    }

    [Fact]
    public async Task The_limits_of_an_import_are_told()
    {
        var limits = (await _app.Anonymous().GetAsync("/limits")).Ok().Json.GetProperty("import");

        (limits.Number("bytes"), limits.Number("chats")).ShouldBe((104_857_600, 50_000));
    }
}
