using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

public sealed partial class ChatTests(SharedApp shared)
{
    static readonly string[] Shape =
    [
        "id", "title", "created_at", "last_message_time", "last_message_content", "is_pinned",
        "last_seq", "changed", "activity", "model", "system_prompt", "temperature", "max_tokens", "leaf_id",
        "title_source", "is_archived", "temporary", "reasoning_effort", "tools",
    ];

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_new_chat_has_the_guides_fields_and_GET_answers_what_POST_answered()
    {
        using var ada = await _app.RegisterAsync();

        var chat = (await ada.PostAsync("/chats", new { title = "Plans" })).Ok();

        chat.Json.Fields().ShouldBe(Shape);
        chat["title"].ShouldBe("Plans");
        chat["last_message_time"].ShouldBe(chat["created_at"]);
        chat["created_at"].ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
        chat["last_message_content"].ShouldBe("");
        chat.Json.GetProperty("is_pinned").GetBoolean().ShouldBeFalse();
        (chat.Json.Number("last_seq"), chat.Json.Number("changed"), chat.Json.Number("activity")).ShouldBe((0, 1, 1));
        chat["id"].ShouldBe(Guid.Parse(chat["id"]).ToString());
        chat["id"][14].ShouldBe('7');
        (await ada.GetAsync($"/chats/{chat["id"]}")).Ok().Text.ShouldBe(chat.Text);
        (await ada.GetAsync($"/chats/{chat["id"]}/")).Ok().Text.ShouldBe(chat.Text);
        (await ada.GetAsync("/chats/")).Ok().Text.ShouldBe($"[{chat.Text}]");
    }

    [Fact]
    public async Task A_title_may_be_empty_or_of_any_letters_but_not_longer_than_the_limits_say()
    {
        using var ada = await _app.RegisterAsync();
        var longest = (int)(await ada.GetAsync("/limits")).Json.Number("max_title_length");

        foreach (var title in new[] { "", "日本語 😀 \"quoted\" <b>&amp;</b> \\ \u2028", new string('x', longest), "\r\n\t",
            "'; drop table chats; --" })
            (await ada.PostAsync("/chats/", new { title })).Ok()["title"].ShouldBe(title);
        (await ada.PostAsync("/chats/", new { title = new string('x', longest + 1) }))
            .ShouldBeWrong("body.title string_too_long");
    }

    [Fact]
    public async Task The_same_id_sent_again_is_the_same_chat_as_it_is_now()
    {
        using var ada = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();

        var first = (await ada.PostAsync("/chats/", new { title = "Plans", id })).Ok();
        var second = (await ada.PostAsync("/chats/", new { id = id.ToUpperInvariant(), title = "Plans" })).Ok();
        (await ada.PatchAsync($"/chats/{id}", new { title = "Other" })).Ok();
        var third = (await ada.PostAsync("/chats/", new { title = "Plans", id })).Ok();

        first["id"].ShouldBe(id);
        first.Header("Idempotent-Replayed").ShouldBeNull();
        second.Header("Idempotent-Replayed").ShouldBe("true");
        second.Text.ShouldBe(first.Text);
        third.Header("Idempotent-Replayed").ShouldBe("true");
        third["title"].ShouldBe("Other");
        (await ada.GetAsync("/chats/")).Json.GetArrayLength().ShouldBe(1);
        (await HeadAsync(ada)).ShouldBe(2);
    }

    [Fact]
    public async Task The_same_id_for_something_else_is_a_conflict_and_that_of_a_deleted_chat_is_gone()
    {
        using var ada = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();
        (await ada.PostAsync("/chats/", new { title = "Plans", id })).Ok();

        (await ada.PostAsync("/chats/", new { title = "plans", id })).ShouldBeProblem(409, "id_conflict",
            "This id was used for something else; a retry must repeat the first request exactly");
        (await ada.GetAsync($"/chats/{id}")).Ok()["title"].ShouldBe("Plans");
        (await ada.DeleteAsync($"/chats/{id}")).Ok().Text.ShouldBe("""{"success":true}""");
        (await ada.PostAsync("/chats/", new { title = "Plans", id }))
            .ShouldBeProblem(410, "gone", "This id belonged to something that was deleted, and cannot be used again");
        (await ada.PostAsync("/chats/", new { title = "other", id }))
            .ShouldBeProblem(410, "gone", "This id belonged to something that was deleted, and cannot be used again");
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Fact]
    public async Task Two_users_may_hold_the_same_id()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();

        (await ada.PostAsync("/chats/", new { title = "Ada's", id })).Ok().Header("Idempotent-Replayed").ShouldBeNull();
        (await eve.PostAsync("/chats/", new { title = "Eve's", id })).Ok().Header("Idempotent-Replayed").ShouldBeNull();
        (await eve.DeleteAsync($"/chats/{id}")).Ok();

        (await ada.GetAsync($"/chats/{id}")).Ok()["title"].ShouldBe("Ada's");
        (await eve.GetAsync($"/chats/{id}")).ShouldBeNoChat();
    }

    [Fact]
    public async Task Of_twenty_creations_with_one_id_at_once_one_happens()
    {
        using var ada = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => ada.PostAsync("/chats/", new { title = "Plans", id })));

        replies.Select(x => x.Ok().Text).Distinct().ShouldHaveSingleItem();
        replies.Count(x => x.Header("Idempotent-Replayed") is null).ShouldBe(1);
        (await HeadAsync(ada)).ShouldBe(1);
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_null_goes_back_to_the_default()
    {
        using var ada = await _app.RegisterAsync();
        var id = await ada.CreateChatAsync("Plans");

        var set = (await ada.PatchAsync($"/chats/{id}", new
        {
            title = "Other",
            is_pinned = true,
            model = "demo/demo",
            system_prompt = "Be brief.",
            temperature = 0.5,
            max_tokens = 100,
            reasoning_effort = "low",
            tools = new[] { "demo_clock" },
        })).Ok().Json;
        var unset = (await ada.PatchAsync($"/chats/{id}", """
            {"title":null,"is_pinned":null,"model":null,"system_prompt":null,"temperature":null,"max_tokens":null,
             "reasoning_effort":null,"tools":null}
            """)).Ok().Json;

        set.Fields().ShouldBe(Shape);
        (set.Text("title"), set.GetProperty("is_pinned").GetBoolean(), set.Text("model"), set.Text("system_prompt"))
            .ShouldBe(("Other", true, "demo/demo", "Be brief."));
        (set.GetProperty("temperature").GetDouble(), set.Number("max_tokens")).ShouldBe((0.5, 100));
        (unset.Text("title"), unset.Text("title_source")).ShouldBe(("", "auto"), "its default is that Cote makes it");
        unset.GetProperty("is_pinned").GetBoolean().ShouldBeFalse();
        foreach (var name in (string[])
            ["model", "system_prompt", "temperature", "max_tokens", "reasoning_effort", "tools"])
            unset.GetProperty(name).ValueKind.ShouldBe(JsonValueKind.Null);
        (await ada.GetAsync($"/chats/{id}")).Ok().Text.ShouldBe(unset.ToString());
        unset.Number("changed").ShouldBe(3);
    }

    [Fact]
    public async Task A_patch_leaves_what_it_does_not_name_and_an_empty_one_changes_nothing()
    {
        using var ada = await _app.RegisterAsync();
        var id = await ada.CreateChatAsync("Plans");
        var before = (await ada.PatchAsync($"/chats/{id}", new { system_prompt = "Be brief.", temperature = 1 }))
            .Ok().Text;

        (await ada.PatchAsync($"/chats/{id}", "{}")).Ok().Text.ShouldBe(before);
        (await ada.PatchAsync($"/chats/{id}/", """{"unknown":1}""")).Ok().Text.ShouldBe(before);
        var after = (await ada.PatchAsync($"/chats/{id}", new { max_tokens = 7 })).Ok().Json;

        (after.Text("system_prompt"), after.GetProperty("temperature").GetDouble(), after.Number("max_tokens"))
            .ShouldBe(("Be brief.", 1, 7));
        (await HeadAsync(ada)).ShouldBe(3);
    }

    [Fact]
    public async Task A_providers_name_alone_stands_for_its_default_model()
    {
        using var ada = await _app.RegisterAsync();
        var id = await ada.CreateChatAsync();

        (await ada.PatchAsync($"/chats/{id}", new { model = "anthropic" })).Ok()["model"].ShouldBe("anthropic/fake");
        (await ada.PatchAsync($"/chats/{id}", new { model = "demo" })).Ok()["model"].ShouldBe("demo/demo");
    }

    [Theory]
    [InlineData("""{"model":"openai/unknown"}""", "body.model value_error")]
    [InlineData("""{"model":"OpenAI/fake"}""", "body.model value_error")]
    [InlineData("""{"model":""}""", "body.model value_error")]
    [InlineData("""{"model":1}""", "body.model string_type")]
    [InlineData("""{"is_pinned":"true"}""", "body.is_pinned bool_type")]
    [InlineData("""{"is_pinned":1}""", "body.is_pinned bool_type")]
    [InlineData("""{"is_archived":"yes"}""", "body.is_archived bool_type")]
    [InlineData("""{"temperature":2.1}""", "body.temperature less_than_equal")]
    [InlineData("""{"temperature":-0.1}""", "body.temperature greater_than_equal")]
    [InlineData("""{"temperature":"1"}""", "body.temperature float_type")]
    [InlineData("""{"temperature":1e999}""", "body.temperature float_type")]
    [InlineData("""{"max_tokens":0}""", "body.max_tokens greater_than_equal")]
    [InlineData("""{"max_tokens":1.5}""", "body.max_tokens int_type")]
    [InlineData("""{"max_tokens":99999999999999999999}""", "body.max_tokens int_type")]
    [InlineData("""{"max_tokens":10000001}""", "body.max_tokens less_than_equal")]
    [InlineData("""{"title":7}""", "body.title string_type")]
    [InlineData("""{"title":"a\u0000"}""", "body.title value_error")]
    [InlineData("""{"system_prompt":"\ud800"}""", "body.system_prompt string_unicode")]
    [InlineData("""{"title":"b","temperature":9,"max_tokens":0}""",
        "body.temperature less_than_equal|body.max_tokens greater_than_equal")]
    [InlineData("[]", "body model_attributes_type")]
    [Trait("Rows", "none")]
    public async Task What_a_chat_may_not_be_is_a_422_and_changes_nothing(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();
        var id = await ada.CreateChatAsync();
        var before = (await ada.GetAsync($"/chats/{id}")).Text;

        (await ada.PatchAsync($"/chats/{id}", body)).ShouldBeWrong(wrong.Split('|'));

        (await ada.GetAsync($"/chats/{id}")).Text.ShouldBe(before);
    }

    [Fact]
    public async Task A_deleted_chat_is_gone_with_all_that_was_in_it()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var other = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "Hi");
        await ada.EndOfAsync(chat, question.Text("reply_id"));

        (await ada.DeleteAsync($"/chats/{chat}/")).Ok().Text.ShouldBe("""{"success":true}""");

        (await ada.DeleteAsync($"/chats/{chat}")).ShouldBeNoChat();
        (await ada.GetAsync($"/chats/{chat}")).ShouldBeNoChat();
        (await ada.PatchAsync($"/chats/{chat}", new { title = "a" })).ShouldBeNoChat();
        (await ada.GetAsync($"/chats/{chat}/messages/")).ShouldBeNoChat();
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "a" })).ShouldBeNoChat();
        (await ada.PostAsync($"/chats/{chat}/stop")).ShouldBeNoChat();
        foreach (var id in new[] { question.Text("id"), question.Text("reply_id") })
        {
            (await ada.GetAsync($"/chats/{chat}/messages/{id}")).ShouldBeNoMessage();
            (await ada.GetAsync($"/chats/{chat}/messages/{id}/stream")).ShouldBeNoMessage();
            (await ada.PutAsync($"/chats/{chat}/messages/{id}/read")).ShouldBeNoMessage();
            (await ada.DeleteAsync($"/chats/{chat}/messages/{id}")).ShouldBeNoMessage();
        }
        (await ada.GetAsync("/chats/")).Json.EnumerateArray().Single().Text("id").ShouldBe(other);
    }

    static async Task<long> HeadAsync(CoteClient client)
    {
        var cursor = (await client.GetAsync("/sync")).Ok()["cursor"];
        return long.Parse(cursor[(cursor.IndexOf('-') + 1)..]);
    }
}
