using Cote.Tests.Harness;

[assembly: AssemblyFixture(typeof(SharedApp))]

namespace Cote.Tests.Replies;

public sealed class SendMessageTests(SharedApp shared)
{
    static readonly string[] Shape =
    [
        "id", "chat_id", "seq", "content", "type", "sender", "timestamp", "status", "media_urls", "media",
        "reply_to_id", "importance_level",
    ];

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_message_is_answered_at_once_and_its_reply_follows_by_itself()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();

        var question = await ada.AskAsync(chat, "Hi");
        var reply = await socket.EndOfAsync(question.GetProperty("reply_id").GetString()!);

        reply.GetProperty("content").GetString().ShouldBe("Hello world");
        reply.GetProperty("generation").GetProperty("state").GetString().ShouldBe("completed");
    }

    [Fact]
    public async Task Both_messages_have_the_guides_fields_and_its_defaults()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        var posted = await ada.AskAsync(chat, "Hi");
        var reply = await ada.EndOfAsync(chat, posted.Text("reply_id"));
        var question = await ada.MessageAsync(chat, posted.Text("id"));

        posted.Fields().ShouldBe([.. Shape, "reply_id", "parent_id"]);
        posted.ToString().ShouldBe($$"""
            {"id":"{{posted.Text("id")}}","chat_id":"{{chat}}","seq":1,"content":"Hi","type":"text","sender":"user","timestamp":"{{posted.Text("timestamp")}}","status":"sent","media_urls":[],"media":[],"reply_to_id":null,"importance_level":"normal","reply_id":"{{reply.Text("id")}}","parent_id":null}
            """);
        posted.Text("timestamp").ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
        question.ToString().ShouldBe(posted.ToString().Replace("\"sent\"", "\"read\""));
        reply.Fields().ShouldBe([.. Shape, "generation", "parent_id"]);
        reply.ToString().Replace("\"delivered\"", "\"sent\"").ShouldBe($$$"""
            {"id":"{{{posted.Text("reply_id")}}}","chat_id":"{{{chat}}}","seq":2,"content":"Hello world","type":"text","sender":"ai","timestamp":"{{{reply.Text("timestamp")}}}","status":"sent","media_urls":[],"media":[],"reply_to_id":"{{{posted.Text("id")}}}","importance_level":"normal","generation":{"state":"completed","attempt":1,"model":"openai/fake","finish_reason":"stop","usage":{"input_tokens":11,"output_tokens":7} },"parent_id":"{{{posted.Text("id")}}}"}
            """.Replace(" }", "}"));
        (await ada.GetAsync($"/chats/{chat}/messages/{posted.Text("id")}/")).Ok().Text.ShouldBe(question.ToString());
        (await ada.MessagesAsync(chat))[0].ToString().ShouldBe(question.ToString());
    }

    [Fact]
    public async Task What_was_sent_is_kept_as_it_was_sent()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var target = await ada.AskAsync(chat, "Hi");

        var sent = (await ada.PostAsync($"/chats/{chat}/messages", new
        {
            content = "x = 1",
            type = "code",
            media_urls = Array.Empty<string>(),
            reply_to_id = target.Text("id").ToUpperInvariant(),
            importance_level = "high",
        })).Ok().Json;

        (sent.Text("type"), sent.Text("reply_to_id"), sent.Text("importance_level"))
            .ShouldBe(("code", target.Text("id"), "high"));
        (await ada.MessageAsync(chat, sent.Text("id")))
            .ToString().Replace("\"delivered\"", "\"sent\"").Replace("\"read\"", "\"sent\"").ShouldBe(sent.ToString());
    }

    [Theory]
    [InlineData("日本語、中文、한국어　全角")]
    [InlineData("😀👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 \u202eabc\u202c \ufeff\ufffe\uffff")]
    [InlineData("\"quotes\" \\ / <script>alert('x')</script> &amp; {0} %s ${x} $1")]
    [InlineData("\u0001\b\t\n\f\r\u001f\u007f\u0085\u2028\u2029")]
    [InlineData(" leading and trailing \n")]
    public async Task Every_text_comes_back_to_the_letter(string content)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(content);

        var posted = await ada.AskAsync(chat, content);

        posted.Text("content").ShouldBe(content);
        (await ada.MessageAsync(chat, posted.Text("id"))).Text("content").ShouldBe(content);
        (await ada.MessagesAsync(chat))[0].Text("content").ShouldBe(content);
        (await ada.GetAsync($"/chats/{chat}")).Json.Text("title").ShouldBe(content);
        await ada.EndOfAsync(chat, posted.Text("reply_id"));
        _app.Model.Requests.ShouldContain(x => x.Messages.EnumerateArray().Last().ToString().Length > 0
            && x.Messages.EnumerateArray().Any(y => y.GetProperty("content").ToString() == content));
    }

    [Theory]
    [InlineData("{}", "body.content missing")]
    [InlineData("""{"content":null}""", "body.content missing")]
    [InlineData("""{"content":""}""", "body.content string_too_short")]
    [InlineData("""{"content":"","type":"code"}""", "body.content string_too_short")]
    [InlineData("""{"content":7}""", "body.content string_type")]
    [InlineData("""{"content":"a\u0000"}""", "body.content value_error")]
    [InlineData("""{"content":"\ud83d"}""", "body.content string_unicode")]
    [InlineData("""{"content":"a","type":"Text"}""", "body.type literal_error")]
    [InlineData("""{"content":"a","type":""}""", "body.type literal_error")]
    [InlineData("""{"content":"a","type":1}""", "body.type literal_error")]
    [InlineData("""{"content":"a","importance_level":"urgent"}""", "body.importance_level literal_error")]
    [InlineData("""{"content":"a","media_urls":"x"}""", "body.media_urls list_type")]
    [InlineData("""{"content":"a","media_urls":[1]}""", "body.media_urls.0 string_type")]
    [InlineData("""{"content":"a","reply_to_id":"x"}""", "body.reply_to_id uuid_parsing")]
    [InlineData("""{"content":"a","reply_to_id":7}""", "body.reply_to_id string_type")]
    [InlineData("""{"content":"a","id":"x"}""", "body.id uuid_parsing")]
    [InlineData("""{"content":"a","type":"image"}""", "body.media_urls value_error")]
    [InlineData("""{"content":"","type":"image"}""", "body.media_urls value_error")]
    [InlineData("""{"content":"a","type":"file","media_urls":[]}""", "body.media_urls value_error")]
    [InlineData("""{"content":1,"type":"x","importance_level":"y","reply_to_id":"z","id":"i"}""",
        "body.content string_type|body.type literal_error|body.reply_to_id uuid_parsing|body.importance_level "
            + "literal_error|body.id uuid_parsing")]
    [Trait("Rows", "none")]
    public async Task What_a_message_may_not_be_is_a_422_and_stores_nothing(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        var reply = await ada.PostAsync($"/chats/{chat}/messages/", body);

        if (wrong == "body.media_urls.0 string_type")
            reply.Json.GetProperty("detail")[0].GetProperty("loc").ToString().ShouldBe("""["body","media_urls",0]""");
        else
            reply.ShouldBeWrong(wrong.Split('|'));
        (await ada.MessagesAsync(chat)).ShouldBeEmpty();
        (await ada.GetAsync($"/chats/{chat}")).Json.Number("last_seq").ShouldBe(0);
    }

    [Fact]
    public async Task Media_that_was_never_uploaded_is_refused_by_a_code_of_its_own()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        var reply = await ada.PostAsync(
            $"/chats/{chat}/messages/", new { content = "a", type = "image", media_urls = new[] { "/media/x" } });

        (reply.Status, reply.ErrorCode).ShouldBe((422, "media_not_found"));
        reply.Json.GetProperty("detail")[0].GetProperty("loc").ToString().ShouldBe("""["body","media_urls"]""");
    }

    [Fact]
    public async Task A_message_replies_to_one_of_its_own_chat_that_is_listed()
    {
        var gate = new Gate();
        await using var app = await CoteApp.StartAsync();
        app.Model.Script = FakeReply.After(gate).Then("late");
        using var ada = await app.RegisterAsync();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var question = await ada.AskAsync(chat, "Hi");
        async Task<Reply> Send(string of, string to) =>
            await ada.PostAsync($"/chats/{of}/messages/", new { content = "a", reply_to_id = to });

        (await Send(chat, Guid.CreateVersion7().ToString())).ShouldBeWrong("body.reply_to_id value_error");
        (await Send(other, question.Text("id"))).ShouldBeWrong("body.reply_to_id value_error");
        (await Send(chat, question.Text("reply_id"))).ShouldBeWrong("body.reply_to_id value_error");
        (await Send(chat, question.Text("id"))).Ok();
        gate.Open();
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        (await Send(chat, question.Text("reply_id"))).Ok();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).Ok();
        (await Send(chat, question.Text("id"))).ShouldBeWrong("body.reply_to_id value_error");
        (await Send(chat, question.Text("reply_id"))).ShouldBeWrong("body.reply_to_id value_error");
    }

    [Fact]
    public async Task Content_may_be_as_long_as_the_limits_say_and_no_longer()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/instant");
        var longest = (int)(await ada.GetAsync("/limits")).Json.Number("max_content_length");
        longest.ShouldBe(100_000);

        (await ada.AskAsync(chat, string.Concat(Enumerable.Repeat("😀", longest / 2))))
            .Text("content").Length.ShouldBe(longest);
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = new string('x', longest + 1) }))
            .ShouldBeWrong("body.content string_too_long");
    }

    [Fact]
    public async Task A_chats_settings_reach_the_model()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        (await ada.PatchAsync($"/chats/{chat}",
            new { system_prompt = "Be brief.", temperature = 0.5, max_tokens = 77 })).Ok();
        var content = $"settings {Guid.CreateVersion7()}";

        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, content)).Text("reply_id"));

        var request = _app.Model.Requests.Single(x => x.Messages.ToString().Contains(content));
        request.Messages[0].ToString().ShouldContain("Be brief.");
        request.Body.GetProperty("temperature").GetDouble().ShouldBe(0.5);
        request.Body.ToString().ShouldContain(":77");
    }
}
