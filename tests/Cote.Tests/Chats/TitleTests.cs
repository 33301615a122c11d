using System.Text.Json;
using Cote.Chats;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats;

/// <summary>Titles that need no model: the first line of the first question.</summary>
public sealed class TitleTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Theory]
    [InlineData("How do doves fly home?", "How do doves fly home?")]
    [InlineData("  \n--- \r\n\t Über Tauben \nmore", "Über Tauben")]
    [InlineData("鸽子怎么回家", "鸽子怎么回家")]
    [InlineData("???\n🕊🕊", "")]
    [InlineData("", "")]
    [InlineData("one two three four five six seven eight nine ten eleven twelve thirteen",
        "one two three four five six seven eight nine ten eleven")]
    [InlineData("123456789 123456789 123456789 123456789 123456789 1234567890 x",
        "123456789 123456789 123456789 123456789 123456789 1234567890")]
    [InlineData("... xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "... xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx😀yyyy",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [Trait("Rows", "none")]
    public void The_free_title_is_the_first_line_that_says_something(string content, string title) =>
        FreeTitle.Of(content, null).ShouldBe(title);

    [Fact]
    [Trait("Rows", "none")]
    public void Without_text_it_is_the_name_of_the_first_upload()
    {
        FreeTitle.Of("", "dove.png").ShouldBe("dove.png");
        FreeTitle.Of("…", "dove.png").ShouldBe("dove.png");
        FreeTitle.Of("Look", "dove.png").ShouldBe("Look");
    }

    [Fact]
    public async Task A_chat_without_a_title_gets_one_with_its_first_question_in_the_same_moment()
    {
        using var ada = await _app.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", new { auto_title = true })).Ok();
        (chat["title"], chat["title_source"]).ShouldBe(("", "auto"));
        await using var socket = await ada.ConnectAsync();

        var question = await ada.AskAsync(chat["id"], "How do doves fly home?\nTell me all.");

        (await socket.NextAsync("chat.updated")).Data.Text("title").ShouldBe("How do doves fly home?");
        var message = await socket.NextAsync("message");
        message.MessageId.ShouldBe(question.Text("id"));
        await ada.EndOfAsync(chat["id"], question.Text("reply_id"));
        var second = await ada.AskAsync(chat["id"], "And back?");
        await socket.EndOfAsync(second.Text("reply_id"));
        socket.All.Count(x => x.Type == "chat.updated").ShouldBe(1);
        var numbers = socket.All.Durable().Select(x => x.Seq).ToList();
        numbers.ShouldBe(Enumerable.Range(2, numbers.Count).Select(x => (long)x), "every event has its own number");
        (await ada.GetAsync($"/chats/{chat["id"]}")).Ok()["title"].ShouldBe("How do doves fly home?");
    }

    [Fact]
    public async Task A_question_without_a_word_gives_none_and_the_name_of_an_upload_does()
    {
        using var ada = await _app.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "???")).Text("reply_id"));
        (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe("");

        var upload = (await ada.UploadAsync(Samples.Png(2, 2), "doves.png")).Ok()["url"];
        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "", type = "image", media_urls = new[] { upload } })).Ok();

        (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe("doves.png");
    }

    [Fact]
    public async Task Of_many_first_questions_at_once_one_gives_the_title()
    {
        using var ada = await _app.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];
        await using var socket = await ada.ConnectAsync();

        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(x => ada.AskAsync(chat, $"question {x}")));
        foreach (var question in asked)
            await ada.EndOfAsync(chat, question.Text("reply_id"));

        var first = (await ada.MessagesAsync(chat))[0].Text("content");
        (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe(first);
        await socket.EndOfAsync(asked.MaxBy(x => x.Number("seq")).Text("reply_id"));
        socket.All.Count(x => x.Type == "chat.updated").ShouldBe(1);
    }

    [Fact]
    public async Task What_a_person_wrote_stays_and_null_gives_it_back_at_once()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Plans");
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "First line\nsecond")).Text("reply_id"));
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Another")).Text("reply_id"));
        var before = (await ada.GetAsync($"/chats/{chat}")).Ok();
        (before["title"], before["title_source"]).ShouldBe(("Plans", "user"));
        var other = await ada.CreateChatAsync("above");

        var back = (await ada.PatchAsync($"/chats/{chat}", """{"title":null,"is_pinned":true}""")).Ok();

        (back["title"], back["title_source"], back["is_pinned"]).ShouldBe(("First line", "auto", "True"));
        back["last_message_time"].ShouldBe(before["last_message_time"]);
        (await ada.GetAsync("/chats/")).Json.EnumerateArray().First().Text("id").ShouldBe(other, "its place stays");
        (await ada.PatchAsync($"/chats/{chat}", new { title = "Mine" })).Ok()["title_source"].ShouldBe("user");
        (await ada.PatchAsync($"/chats/{Guid.CreateVersion7()}", """{"title":null}""")).ShouldBeNoChat();
    }

    [Fact]
    public async Task A_creation_takes_every_field_that_a_patch_takes_and_all_are_compared_when_it_is_repeated()
    {
        using var ada = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();
        var body = new
        {
            id,
            title = "Plans",
            is_pinned = true,
            model = "demo",
            system_prompt = "Be brief.",
            temperature = 0.5,
            max_tokens = 100,
            is_archived = true,
            temporary = true,
        };

        var chat = (await ada.PostAsync("/chats/", body)).Ok().Json;

        chat.ToString().ShouldBe((await ada.GetAsync($"/chats/{id}")).Ok().Text);
        (chat.Text("model"), chat.Text("system_prompt"), chat.GetProperty("temperature").GetDouble(),
            chat.Number("max_tokens"))
            .ShouldBe(("demo/demo", "Be brief.", 0.5, 100L));
        foreach (var flag in new[] { "is_pinned", "is_archived", "temporary" })
            chat.GetProperty(flag).GetBoolean().ShouldBeTrue(flag);
        (await ada.PostAsync("/chats/", body)).Ok().Header("Idempotent-Replayed").ShouldBe("true");
        foreach (var other in new object[]
        {
            new { id, title = "Plans" }, new { id, title = "Plans", is_pinned = true }, new { id, auto_title = true },
        })
            (await ada.PostAsync("/chats/", other)).ErrorCode.ShouldBe("id_conflict");
        var plain = Guid.CreateVersion7().ToString();
        (await ada.PostAsync("/chats/", new { id = plain, title = "Plans" })).Ok();
        (await ada.PostAsync("/chats/", $$"""
            {"id":"{{plain}}","title":"Plans","is_pinned":false,"model":null,"auto_title":false,"temporary":false}
            """)).Ok().Header("Idempotent-Replayed").ShouldBe("true", "the defaults say nothing");
    }

    [Theory]
    [InlineData("""{"auto_title":true,"title":"a"}""", "body.auto_title value_error")]
    [InlineData("""{"auto_title":false}""", "body.title missing")]
    [InlineData("""{"auto_title":1}""", "body.auto_title bool_type|body.title missing")]
    [InlineData("""{"title":"a","temporary":"x","temperature":3}""",
        "body.temperature less_than_equal|body.temporary bool_type")]
    [Trait("Rows", "none")]
    public async Task A_creation_that_cannot_be_is_a_422(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.PostAsync("/chats/", body)).ShouldBeWrong(wrong.Split('|'));
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }
}
