using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats;

public sealed class ForkTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_fork_has_the_settings_and_copies_of_the_path_and_comes_with_one_event()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        (await ada.PatchAsync($"/chats/{chat}", new
        {
            model = "openai/fake",
            system_prompt = "Be brief.",
            temperature = 0.5,
            max_tokens = 9,
            is_pinned = true,
        })).Ok();
        await AskAsync(ada, chat, "one");
        await AskAsync(ada, chat, "two");
        // Of what is read already no list says later that it was delivered.
        foreach (var reply in (await ada.MessagesAsync(chat)).Where(x => x.Text("sender") == "ai"))
            (await ada.PutAsync($"/chats/{chat}/messages/{reply.Text("id")}/read")).Ok();
        var messages = await ada.MessagesAsync(chat);
        await using var socket = await ada.ConnectAsync();

        var fork = (await ada.PostAsync($"/chats/{chat}/fork")).Ok().Json;

        (fork.Text("title"), fork.Text("model"), fork.Text("system_prompt"),
            fork.GetProperty("temperature").GetDouble(),
            fork.Number("max_tokens"), fork.GetProperty("is_pinned").GetBoolean(), fork.Text("title_source"))
            .ShouldBe(("Plans", "openai/fake", "Be brief.", 0.5, 9L, false, "user"));
        var copies = await ada.MessagesAsync(fork.Text("id"));
        copies.Select(Copied).ShouldBe(messages.Select(Copied));
        copies.Select(x => x.Number("seq")).ShouldBe([1, 2, 3, 4]);
        copies.Select(x => x.Text("id")).Intersect(messages.Select(x => x.Text("id"))).ShouldBeEmpty();
        copies.Select(x => x.GetProperty("parent_id").GetString())
            .ShouldBe([null, .. copies.SkipLast(1).Select(x => x.Text("id"))]);
        (copies[2].Text("reply_id"), copies[3].Text("reply_to_id"))
            .ShouldBe((copies[3].Text("id"), copies[2].Text("id")));
        (fork.Text("leaf_id"), fork.Number("last_seq"), fork.Text("last_message_content"))
            .ShouldBe((copies[3].Text("id"), 4L, "Hello world"));
        fork.Text("last_message_time").ShouldBe(copies[3].Text("timestamp"));
        (await ada.GetAsync("/chats/")).Json[0].ToString().ShouldBe(fork.ToString(), "it is on top");
        var other = await ada.CreateChatAsync("next");
        await socket.NextAsync("chat.created", x => x.Data.Text("id") == other);
        // That a reply was shown may be recorded meanwhile.
        var told = socket.All.Durable().Where(x => x.Type != "message.status").ToList();
        told.Select(x => x.Type).ShouldBe(["chat.created", "chat.created"]);
        told[0].Data.ToString().ShouldBe(fork.ToString());
    }

    [Fact]
    public async Task A_fork_goes_on_by_itself()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        await AskAsync(ada, chat, "one");
        var fork = (await ada.PostAsync($"/chats/{chat}/fork", new { title = "Mine" })).Ok()["id"];

        await AskAsync(ada, fork, "only here");
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();

        var messages = await ada.MessagesAsync(fork);
        messages.Select(x => x.Text("content")).ShouldBe(["one", "Hello world", "only here", "Hello world"]);
        _app.Model.Requests.Last(x => x.Messages.ToString().Contains("only here", StringComparison.Ordinal))
            .Messages.GetArrayLength().ShouldBe(3, "its prompt holds what was copied");
        // What is left after a deletion is the last message of the copy, not whichever has the same event.
        (await ada.DeleteAsync($"/chats/{fork}/messages/{messages[2].Text("id")}")).Ok();
        var left = (await ada.GetAsync($"/chats/{fork}")).Ok();
        (left["last_message_content"], left["leaf_id"]).ShouldBe(("Hello world", messages[1].Text("id")));
    }

    [Fact]
    public async Task A_message_of_any_branch_can_be_the_last_and_an_open_reply_is_left_out()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        await AskAsync(ada, chat, "one");
        var two = await AskAsync(ada, chat, "two");
        var edited = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "two, edited", version_of = two.Text("id") })).Ok();
        await ada.EndOfAsync(chat, edited["reply_id"]);
        var play = live.Play(FakeReply.Text("some").ThenWaitFor(new Gate()));
        var (_, open) = await ada.AskForAsync(chat, play);
        await play.NextCallAsync();

        async Task<IEnumerable<string>> forkAsync(object body) =>
            (await ada.MessagesAsync((await ada.PostAsync($"/chats/{chat}/fork", body)).Ok()["id"]))
                .Select(x => x.Text("content"));

        (await forkAsync(new { })).ShouldBe(["one", "Hello world", "two, edited", "Hello world", play.Question]);
        (await forkAsync(new { message_id = open }))
            .ShouldBe(["one", "Hello world", "two, edited", "Hello world", play.Question]);
        (await forkAsync(new { message_id = two.Text("reply_id") }))
            .ShouldBe(["one", "Hello world", "two", "Hello world"]);
        (await forkAsync(new { message_id = two.Text("id") })).ShouldBe(["one", "Hello world", "two"]);
    }

    [Fact]
    public async Task It_is_repeated_by_its_id_also_when_the_chat_is_gone()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        await AskAsync(ada, chat, "one");
        var id = Guid.CreateVersion7().ToString();
        var first = (await ada.PostAsync($"/chats/{chat}/fork", new { id })).Ok();
        first.Header("Idempotent-Replayed").ShouldBeNull();
        await AskAsync(ada, chat, "two");

        var second = (await ada.PostAsync($"/chats/{chat}/fork", new { id })).Ok();

        second.Header("Idempotent-Replayed").ShouldBe("true");
        second.Text.ShouldBe(first.Text);
        (await ada.PostAsync($"/chats/{chat}/fork", new { id, title = "b" })).ErrorCode.ShouldBe("id_conflict");
        (await ada.PostAsync("/chats/", new { id, title = "Plans" })).ErrorCode.ShouldBe("id_conflict");
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        (await ada.PostAsync($"/chats/{chat}/fork", new { id })).Ok().Header("Idempotent-Replayed").ShouldBe("true");
        (await ada.DeleteAsync($"/chats/{id}")).Ok();
        (await ada.PostAsync($"/chats/{chat}/fork", new { id })).ErrorCode.ShouldBe("gone");
    }

    [Fact]
    public async Task Of_an_empty_chat_it_is_empty_and_its_uploads_stay_while_one_of_both_names_them()
    {
        using var ada = await _app.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];
        var empty = (await ada.PostAsync($"/chats/{chat}/fork")).Ok();
        (empty["title"], empty["title_source"], empty["leaf_id"]).ShouldBe(("", "auto", ""));
        await AskAsync(ada, empty["id"], "It has a title now");
        (await ada.GetAsync($"/chats/{empty["id"]}")).Ok()["title"].ShouldBe("It has a title now");

        var url = await ada.PictureAsync();
        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "look", type = "image", media_urls = new[] { url } })).Ok();
        var fork = (await ada.PostAsync($"/chats/{chat}/fork")).Ok()["id"];
        (await ada.MessagesAsync(fork))[0].GetProperty("media_urls").EnumerateArray().Single().GetString()!
            .ShouldStartWith(Samples.PathOf(url));
        (await _app.RowsAsync())["message_media"].Count(x => x.Contains(fork, StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_and_makes_nothing()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        var question = await AskAsync(ada, chat, "one");
        var others = await AskAsync(eve, await eve.CreateChatAsync(), "hers");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).Ok();

        foreach (var id in new[] { Guid.CreateVersion7().ToString(), others.Text("id"), question.Text("id") })
            (await ada.PostAsync($"/chats/{chat}/fork", new { message_id = id }))
                .ShouldBeWrong("body.message_id value_error");
        (await ada.PostAsync($"/chats/{chat}/fork", """{"message_id":"x","id":7,"title":7}"""))
            .ShouldBeWrong("body.message_id uuid_parsing", "body.id string_type", "body.title string_type");
        (await eve.PostAsync($"/chats/{chat}/fork", new { })).ShouldBeNoChat();
        (await ada.GetAsync("/chats/")).Json.GetArrayLength().ShouldBe(1);
    }

    static async Task<JsonElement> AskAsync(CoteClient client, string chat, string content)
    {
        var question = await client.AskAsync(chat, content);
        await client.EndOfAsync(chat, question.Text("reply_id"));
        return question;
    }

    // Statuses move by themselves.
    static string Copied(JsonElement x) => string.Join('|',
        x.Text("content"), x.Text("sender"), x.Text("timestamp"), x.Text("type"), x.Text("importance_level"),
        x.TryGetProperty("generation", out var generation) ? generation.ToString() : "");
}
