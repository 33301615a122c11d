using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Http;

public sealed partial class RefusalTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    public static TheoryData<string, string> Unreadable => new()
    {
        { "", "body missing" },
        { "{", "json_invalid" },
        { "{\"title\":}", "json_invalid" },
        { "{\"title\":\"a\"", "json_invalid" },
        { "{\"title\":\"a\"} {}", "json_invalid" },
        { "{'title':'a'}", "json_invalid" },
        { "{\"title\":\"a\",}", "json_invalid" },
        { "{\"title\":\"a\",\"title\":\"b\"}", "json_invalid" },
        { string.Concat(Enumerable.Repeat("{\"title\":", 40)) + "1" + new string('}', 40), "json_invalid" },
        { new string('[', 100_000), "json_invalid" },
        { "nonsense", "json_invalid" },
        { "[]", "body model_attributes_type" },
        { "[{\"title\":\"a\"}]", "body model_attributes_type" },
        { "\"title\"", "body model_attributes_type" },
        { "null", "body model_attributes_type" },
        { "1", "body model_attributes_type" },
        { "{}", "body.title missing" },
        { "{\"Title\":\"a\"}", "body.title missing" },
        { "{\"title\":null}", "body.title missing" },
        { "{\"title\":1}", "body.title string_type" },
        { "{\"title\":[\"a\"]}", "body.title string_type" },
        { "{\"title\":{}}", "body.title string_type" },
        { "{\"title\":true}", "body.title string_type" },
        { "{\"title\":\"a\\u0000b\"}", "body.title value_error" },
        { "{\"title\":\"\\ud800\"}", "body.title string_unicode" },
        { "{\"title\":\"\\udc00\\ud800\"}", "body.title string_unicode" },
        { "{\"title\":\"a\",\"id\":\"7\"}", "body.id uuid_parsing" },
        { "{\"title\":\"a\",\"id\":7}", "body.id string_type" },
        { "{\"title\":\"a\",\"id\":\"\\ud800\"}", "body.id string_unicode" },
        { "{\"id\":\"x\"}", "body.title missing|body.id uuid_parsing" },
    };

    [Theory, MemberData(nameof(Unreadable))]
    public async Task A_body_that_is_wrong_gets_FastAPIs_list_and_makes_nothing(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(
            HttpMethod.Post, "/chats/", change: request => request.Content = Content(body, "application/json"));

        if (wrong == "json_invalid")
            ShouldBeInvalidJson(reply);
        else
            reply.ShouldBeWrong(wrong.Split('|'));
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("{\"title\":\"a\xff\"}")]
    [InlineData("{\"ti\xfftle\":\"a\"}")]
    [InlineData("{\"other\xff\":1,\"title\":\"a\"}")]
    [InlineData("{\"other\":{\"\xc3\":1},\"title\":\"a\"}")]
    [InlineData("\xff\xfe")]
    public async Task Bytes_that_are_no_UTF8_are_a_422(string latin1)
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(HttpMethod.Post, "/chats/", change: request =>
        {
            request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(latin1));
            request.Content.Headers.ContentType = new("application/json");
        });

        reply.Status.ShouldBe(422, reply.Text);
        reply.ErrorCode.ShouldBe("validation_error");
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("{\"content\":\"a\",\"type\":\"\\ud800\"}", "body.type literal_error")]
    [InlineData("{\"content\":\"a\",\"importance_level\":\"\\udc00\"}", "body.importance_level literal_error")]
    [InlineData("{\"content\":\"a\",\"reply_to_id\":\"\\ud800\"}", "body.reply_to_id string_unicode")]
    [InlineData("{\"content\":\"a\",\"media_urls\":[\"\\ud800\"]}",
        "body.media_urls.0 string_unicode|body.media_urls value_error")]
    public async Task Half_a_surrogate_pair_in_any_field_is_a_422(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        var reply = await ada.PostAsync($"/chats/{chat}/messages/", body);

        reply.Status.ShouldBe(422, reply.Text);
        string.Join('|', reply.Json.GetProperty("detail").EnumerateArray().Select(x =>
            $"{string.Join('.', x.GetProperty("loc").EnumerateArray())} {x.GetProperty("type").GetString()}"))
                .ShouldBe(wrong);
        (await ada.MessagesAsync(chat)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Half_a_surrogate_pair_in_the_name_of_a_field_is_passed_over_or_refused_but_breaks_nothing()
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.PostAsync("/chats/", "{\"\\ud800\":1,\"title\":\"a\"}");

        reply.Status.ShouldBeOneOf(200, 422);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task A_body_in_another_form_than_asked_is_a_422(string type)
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(
            HttpMethod.Post, "/chats/", change: x => x.Content = Content("""{"title":"a"}""", type));

        reply.ShouldBeWrong("body model_attributes_type");
        reply.Json.GetProperty("detail")[0].Text("msg").ShouldEndWith($"not {type}");
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Fact]
    public async Task A_byte_order_mark_before_JSON_is_passed_over_and_alone_it_is_none()
    {
        using var ada = await _app.RegisterAsync();
        Task<Reply> Send(string body) =>
            ada.SendAsync(HttpMethod.Post, "/chats/", change: x => x.Content = Content(body, "application/json"));

        (await Send("\ufeff{\"title\":\"Grüße\"}")).Ok()["title"].ShouldBe("Grüße");
        ShouldBeInvalidJson(await Send("\ufeff"));
        ShouldBeInvalidJson(await Send("\ufeff\ufeff{\"title\":\"a\"}"));
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/vnd.api+json")]
    [InlineData(null)]
    public async Task JSON_may_be_called_by_its_other_names_or_by_none(string? type)
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(
            HttpMethod.Post, "/chats/", change: x => x.Content = Content("""{"title":"a"}""", type));

        reply.Ok()["title"].ShouldBe("a");
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_a_413()
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(HttpMethod.Post, "/chats/", change: request =>
        {
            request.Headers.ExpectContinue = true;
            request.Content = Content($$"""{"title":"{{new string('a', 2 * 1_048_576)}}"}""", "application/json");
        });

        reply.ShouldBeProblem(413, "too_large",
            "The request body is too large; GET /limits tells the largest that is accepted");
        (await ada.GetAsync("/limits")).Json.Number("max_body_bytes").ShouldBe(2 * 1_048_576);
    }

    [Fact]
    public async Task A_chunked_body_that_grows_too_large_is_a_413()
    {
        await using var app = await CoteApp.StartAsync("Http:MaxBodyBytes=1024");
        using var ada = await app.RegisterAsync();

        var reply = await ada.SendAsync(HttpMethod.Post, "/chats/", change: request =>
        {
            request.Headers.TransferEncodingChunked = true;
            request.Content = Content($$"""{"title":"{{new string('a', 4_000)}}"}""", "application/json");
        });

        reply.ShouldBeProblem(413, "too_large",
            "The request body is too large; GET /limits tells the largest that is accepted");
    }

    [Fact]
    public async Task What_was_sent_is_shown_again_but_never_a_password_and_never_too_much()
    {
        using var nobody = _app.Anonymous();
        const string secret = "correct horse battery";

        var missing = await nobody.PostAsync("/users/", new { username = "ada", password = secret });
        missing.ShouldBeWrong("body.email missing");
        missing.Json.GetProperty("detail")[0]
            .GetProperty("input").ToString().ShouldBe("""{"username":"ada","password":"***"}""");
        foreach (var body in new object[]
        {
            new { username = "ada", email = "a@b.example", password = new[] { secret } },
            new { username = "ada", email = "a@b.example", password = new { secret } },
            new { username = "ada", email = 7, password = secret },
            new { password = secret + new string('x', 200) },
            new { Password = secret },
            new { outer = new { password = secret } },
            new[] { new { password = secret } },
        })
        {
            var reply = await nobody.PostAsync("/users/", body);
            reply.Status.ShouldBe(422);
            reply.Text.ShouldNotContain(secret);
        }
        (await nobody.FormAsync("/token", ("password", secret))).Text.ShouldNotContain(secret);
        (await nobody.FormAsync("/token", ("grant_type", "refresh_token"),
            ("refresh_token", new string('s', 2_000)))).Text.ShouldNotContain("sss");
        (await nobody.PostAsync("/users/", new { username = new string('x', 100_000) })).Text.Length.ShouldBeLessThan(
            10_000);
    }

    static void ShouldBeInvalidJson(Reply reply)
    {
        reply.Status.ShouldBe(422, reply.Text);
        reply.ErrorCode.ShouldBe("validation_error");
        var entry = reply.Json.GetProperty("detail").EnumerateArray().ShouldHaveSingleItem();
        entry.Text("type").ShouldBe("json_invalid");
        entry.GetProperty("loc")[0].GetString().ShouldBe("body");
        entry.GetProperty("loc")[1].ValueKind.ShouldBe(JsonValueKind.Number);
        entry.Text("msg").ShouldBe("JSON decode error");
        entry.Fields().ShouldBe(["type", "loc", "msg", "input", "ctx"]);
    }

    static ByteArrayContent Content(string body, string? type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return content;
    }
}
