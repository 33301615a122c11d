using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

// What bodies may hold: files, and what is refused.
public sealed partial class UIChatTests
{
    [Fact]
    public async Task A_file_of_a_message_becomes_an_upload_and_an_upload_is_taken()
    {
        using var ada = await live.RegisterAsync();
        var file = new
        {
            type = "file",
            mediaType = "text/plain",
            filename = "note.txt",
            url = "data:text/plain;base64," + Convert.ToBase64String("a note"u8),
        };
        await RunAsync(ada, Body("c", User("m1", "read it", file)));
        var question = (await ada.MessagesAsync(Uuid5(ada.Id, "c")))[0];
        var media = question.GetProperty("media")[0];
        (media.Text("name"), media.Number("size"), media.Text("content_type"))
            .ShouldBe(("note.txt", 6, "text/plain"));
        // Again, whole: it attaches and uploads nothing.
        await RunAsync(ada, Body("c", User("m1", "read it", file)));
        (await live.App.RowsAsync())["media"].Count(x => x.Contains(ada.Id, StringComparison.Ordinal)).ShouldBe(1);

        var own = new { type = "file", mediaType = "text/plain", url = media.Text("url") };
        await RunAsync(ada, Body("c", User("m2", "and again", own)));
        (await ada.MessageAsync(Uuid5(ada.Id, "c"), Uuid5(ada.Id, "m2"))).GetProperty("media")[0].Text("id")
            .ShouldBe(media.Text("id"));
        using var bob = await live.RegisterAsync();
        (await bob.PostAsync("/api/chat", Body("c", User("m1", "x", own)))).ErrorCode.ShouldBe("media_not_found");
        (await bob.GetAsync("/chats/")).Text.ShouldBe("[]", "a refused message makes no chat");
    }

    [Theory]
    [InlineData("https://example.com/cat.png")]
    [InlineData("blob:https://page.example/1")]
    [InlineData("data:image/png;base64")]
    [InlineData("data:image/png;base64,*")]
    public async Task No_other_address_is_fetched(string url)
    {
        using var ada = await live.RegisterAsync();
        var file = new { type = "file", mediaType = "image/png", url };
        (await ada.PostAsync("/api/chat", Body("c", User("m1", "x", file))))
            .ShouldBeWrong("body.messages.0.parts.0.url value_error");
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("""{}""", "body.id missing")]
    [InlineData("""{"id":"c"}""", "body.messages value_error")]
    [InlineData("""{"id":"c","messages":[]}""", "body.messages value_error")]
    [InlineData("""{"id":"c","messages":5}""", "body.messages list_type")]
    [InlineData("""{"id":"c","trigger":"x","messages":[]}""", "body.trigger literal_error")]
    [InlineData("""{"id":"c","messages":[{"id":"m","role":"system","parts":[]}]}""",
        "body.messages.0.role value_error")]
    [InlineData("""{"id":"c","messages":[{"id":"m","role":"user","parts":[{"type":"text"}]}]}""",
        "body.messages.0.parts.0.text missing")]
    [InlineData("""{"id":"c","messages":[{"id":"m","role":"user","parts":[]}]}""", "body.content string_too_short")]
    [InlineData("""{"id":"c","client_tools":[{"name":"a b"}],"client_id":"p","messages":[{"id":"m","role":"user","parts":[{"type":"text","text":"a"}]}]}""",
        "body.client_tools.0.name value_error")]
    public async Task What_is_wrong_is_said_before_the_stream(string body, string wrong)
    {
        using var ada = await live.RegisterAsync();
        (await ada.PostAsync("/api/chat", body)).ShouldBeWrong(wrong);
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("\"client_id\":\"p\",\"client_tools\":[{\"name\":\"\\ud800\"}]",
        "body.client_tools value_error")]
    [InlineData("\"client_id\":\"p\",\"client_tools\":[null]", "body.client_tools.0 model_attributes_type")]
    [InlineData("\"client_id\":\"\\ud800\"", "body.client_id value_error")]
    [InlineData("\"messageId\":\"\\ud800\"", "body.messageId string_unicode")]
    [InlineData("\"messageId\":5", "body.messageId string_type")]
    [InlineData("\"trigger\":\"\\ud800\"", "body.trigger literal_error")]
    public async Task Odd_fields_are_said_to_be_wrong(string fields, string wrong)
    {
        using var ada = await live.RegisterAsync();
        const string Question = """{"id":"m","role":"user","parts":[{"type":"text","text":"a"}]}""";
        (await ada.PostAsync("/api/chat", $$"""{"id":"c","messages":[{{Question}}],{{fields}} }"""))
            .ShouldBeWrong(wrong);
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("null", "body.messages.0 model_attributes_type")]
    [InlineData("""{"id":"\ud800","role":"user","parts":[{"type":"text","text":"a"}]}""",
        "body.messages.0.id string_unicode")]
    [InlineData("""{"id":"m","role":"\ud800","parts":[{"type":"text","text":"a"}]}""",
        "body.messages.0.role literal_error")]
    [InlineData("""{"id":"m","role":"user","parts":[{"type":"text","text":"\ud83d"}]}""",
        "body.messages.0.parts.0.text string_unicode")]
    [InlineData("""{"id":"m","role":"user","parts":[null]}""", "body.messages.0.parts.0 model_attributes_type")]
    public async Task Odd_messages_are_said_to_be_wrong(string message, string wrong)
    {
        using var ada = await live.RegisterAsync();
        var reply = await ada.PostAsync("/api/chat", $$"""{"id":"c","messages":[{{message}}]}""");
        reply.Status.ShouldBe(422, reply.Text);
        reply.Json.GetProperty("detail").EnumerateArray()
            .Select(x => $"{string.Join('.', x.GetProperty("loc").EnumerateArray())} {x.Text("type")}")
            .ShouldContain(wrong);
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Fact]
    public async Task Turns_count_as_messages()
    {
        await using var strict = await LiveApp.StartAsync("RateLimits:MessagesPerMinute=2");
        using var ada = await strict.RegisterAsync();
        await RunAsync(ada, Body("c", User("m1", "1")));
        await RunAsync(ada, Again("c", null));
        (await ada.PostAsync("/api/chat", Body("c", User("m2", "2")))).ErrorCode.ShouldBe("rate_limited");
        (await ada.GetAsync("/api/chat/c/stream")).Status.ShouldBe(204);
    }

    [Fact]
    public async Task A_body_may_be_larger_and_deeper_than_others_up_to_its_own_limit()
    {
        await using var small = await LiveApp.StartAsync("Http:MaxHistoryBytes=4000000");
        using var ada = await small.RegisterAsync();
        var deep = JsonElement.Parse(new string('[', 40) + new string(']', 40));
        object body(int size) => Body("c",
            Assistant("x", new { output = deep, text = new string('a', size) }), User("m1", "Hello"));
        (await RunAsync(ada, body(3_000_000))).Shape.ShouldContain("text-delta Hello world");
        // Who does not ask first may find the connection closed under what it sends.
        (await ada.SendAsync(HttpMethod.Post, "/api/chat", body(4_000_000), x => x.Headers.ExpectContinue = true))
            .Status.ShouldBe(413);
    }
}
