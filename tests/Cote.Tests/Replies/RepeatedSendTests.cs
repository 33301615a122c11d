using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

public sealed class RepeatedSendTests(SharedApp shared)
{
    const string Gone = "This id belonged to something that was deleted, and cannot be used again";
    const string Conflict = "This id was used for something else; a retry must repeat the first request exactly";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Fifty_sends_of_one_id_at_once_are_one_message_and_one_model_call()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (id, content) = (Guid.CreateVersion7().ToString(), $"once {Guid.CreateVersion7()}");

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => ada.PostAsync($"/chats/{chat}/messages/", new { content, id })));

        replies.Select(x => x.Ok()["reply_id"]).Distinct().ShouldHaveSingleItem();
        replies.Count(x => x.Header("Idempotent-Replayed") is null).ShouldBe(1);
        await ada.EndOfAsync(chat, replies[0]["reply_id"]);
        (await ada.AskAsync(chat, content, id)).Text("status").ShouldBe("read");
        (await ada.MessagesAsync(chat)).Select(x => x.Text("sender")).ShouldBe(["user", "ai"]);
        CallsOf(content).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_send_again_has_no_second_effect()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var target = (await ada.AskAsync(chat, "Hi")).Text("id");
        var (id, content) = (Guid.CreateVersion7().ToString(), $"once {Guid.CreateVersion7()}");
        var path = $"/chats/{chat}/messages/";

        var first = (await ada.PostAsync(path, new { id, content, reply_to_id = target })).Ok();
        await ada.EndOfAsync(chat, first["reply_id"]);
        var head = (await ada.GetAsync("/sync")).Ok()["cursor"];
        foreach (var same in new object[]
        {
            new { id, content, reply_to_id = target },
            new { id = id.ToUpperInvariant(), content, reply_to_id = target.ToUpperInvariant(), type = "text",
                media_urls = Array.Empty<string>(), importance_level = "normal" },
            $$"""{"media_urls":null,"type":null,"importance_level":null,"reply_to_id":"{{target}}","content":"{{content}}","id":"{{id}}","unknown":1}""",
        })
        {
            var again = (await ada.PostAsync(path, same)).Ok();
            again.Header("Idempotent-Replayed").ShouldBe("true");
            again.Text.Replace("\"status\":\"read\"", "\"status\":\"sent\"")
                .ShouldBe(first.Text.Replace("\"status\":\"delivered\"", "\"status\":\"sent\""));
        }
        var since = (await ada.GetAsync($"/events?wait=0&cursor={head}"))
            .Ok().Json.GetProperty("events").EnumerateArray();
        since.Select(x => x.Text("type")).ShouldAllBe(x => x == "message.status"); // of the delivery of earlier replies
        (await ada.MessagesAsync(chat)).Count.ShouldBe(4);
        CallsOf(content).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_id_for_anything_else_is_a_conflict()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var other = await ada.CreateChatAsync();
        var target = (await ada.AskAsync(chat, "Hi")).Text("id");
        var question = await ada.AskAsync(chat, "What?", Guid.CreateVersion7().ToString());
        var id = question.Text("id");
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        var before = await ada.MessagesAsync(chat);

        foreach (var (of, body) in new (string, object)[]
        {
            (chat, new { id, content = "what?" }), (chat, new { id, content = "What?", type = "code" }),
            (chat, new { id, content = "What?", importance_level = "high" }),
            (chat, new { id, content = "What?", reply_to_id = target }),
            (other, new { id, content = "What?" }), (chat, new { id = question.Text("reply_id"), content = "What?" }),
            (chat, new { id = question.Text("reply_id"), content = "" + before[^1].Text("content") }),
        })
            (await ada.PostAsync($"/chats/{of}/messages/", body)).ShouldBeProblem(409, "id_conflict", Conflict);

        (await ada.MessagesAsync(chat)).Select(x => x.WithoutStatus()).ShouldBe(before.Select(x => x.WithoutStatus()));
        (await ada.MessagesAsync(other)).ShouldBeEmpty();
        (await ada.GetAsync($"/chats/{other}")).Json.Number("last_seq").ShouldBe(0);
    }

    [Fact]
    public async Task The_id_of_a_deleted_message_stays_used()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "What?", Guid.CreateVersion7().ToString());
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).Ok();

        foreach (var id in new[] { question.Text("id"), question.Text("reply_id") })
            foreach (var content in new[] { "What?", "other" })
                (await ada.PostAsync($"/chats/{chat}/messages/", new { id, content }))
                    .ShouldBeProblem(410, "gone", Gone);
        (await ada.MessagesAsync(chat)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_ids_of_a_deleted_chats_messages_stay_used()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var other = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "What?", Guid.CreateVersion7().ToString());
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();

        foreach (var id in new[] { question.Text("id"), question.Text("reply_id") })
        {
            (await ada.PostAsync($"/chats/{other}/messages/", new { id, content = "What?" }))
                .ShouldBeProblem(410, "gone", Gone);
            (await ada.PostAsync($"/chats/{chat}/messages/", new { id, content = "What?" })).ShouldBeNoChat();
        }
        (await ada.MessagesAsync(other)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_users_may_send_under_the_same_id()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var (adas, eves) = (await ada.CreateChatAsync(), await eve.CreateChatAsync());
        var id = Guid.CreateVersion7().ToString();

        var mine = await ada.AskAsync(adas, "Ada's", id);
        var hers = await eve.AskAsync(eves, "Eve's", id);

        (mine.Text("id"), hers.Text("id")).ShouldBe((id, id));
        (await ada.EndOfAsync(adas, mine.Text("reply_id"))).Text("reply_to_id").ShouldBe(id);
        (await eve.EndOfAsync(eves, hers.Text("reply_id"))).Text("reply_to_id").ShouldBe(id);
        (await eve.DeleteAsync($"/chats/{eves}/messages/{id}")).Ok();
        (await ada.MessageAsync(adas, id)).Text("content").ShouldBe("Ada's");
    }

    [Fact]
    public async Task A_send_that_was_refused_has_not_used_its_id()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var id = Guid.CreateVersion7().ToString();

        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { id, content = "a", reply_to_id = Guid.CreateVersion7() }))
            .ShouldBeWrong("body.reply_to_id value_error");
        (await ada.PostAsync($"/chats/{Guid.CreateVersion7()}/messages/", new { id, content = "a" })).ShouldBeNoChat();

        (await ada.PostAsync($"/chats/{chat}/messages/", new { id, content = "a" }))
            .Ok().Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Fact]
    public async Task A_retry_is_known_even_when_what_it_replied_to_is_gone()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var target = await ada.AskAsync(chat, "Hi");
        var send = new { id = Guid.CreateVersion7(), content = "a", reply_to_id = target.Text("id") };
        (await ada.PostAsync($"/chats/{chat}/messages/", send)).Ok();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{target.Text("id")}")).Ok();

        (await ada.PostAsync($"/chats/{chat}/messages/", send)).Ok().Header("Idempotent-Replayed").ShouldBe("true");
    }

    int CallsOf(string content) => _app.Model.Requests.Count(x => x.Messages.ToString().Contains(content));
}
