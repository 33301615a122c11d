using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace Cote.Tests.Http;

public sealed class OpenApiTests(SharedApp shared)
{
    static readonly string[] Pages = ["/", "/docs", "/docs.js", "/{documentName}.json"];

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Every_route_is_described_as_it_is_and_nothing_else()
    {
        var api = await ReadAsync();

        api.Text("openapi").ShouldStartWith("3.1");
        var described = api.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(x => $"{x.Name.ToUpperInvariant()} {path.Name}"));
        described.Order().ShouldBe(_app.Endpoints.Where(x => !Pages.Contains(x.RoutePattern.RawText)).Select(NameOf).Order());
        foreach (var endpoint in _app.Endpoints.Where(x => !Pages.Contains(x.RoutePattern.RawText)))
        {
            var operation = OperationOf(api, NameOf(endpoint));
            var wantsToken = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null;
            operation.Text("summary").ShouldNotBeNullOrEmpty();
            operation.TryGetProperty("security", out var security).ShouldBe(wantsToken, NameOf(endpoint));
            operation.GetProperty("responses").TryGetProperty("401", out _).ShouldBe(wantsToken);
            if (wantsToken)
                security[0].GetProperty("OAuth2PasswordBearer").GetArrayLength().ShouldBe(0);
            foreach (Match parameter in Regex.Matches(NameOf(endpoint), @"\{(\w+)\}"))
                operation.GetProperty("parameters").EnumerateArray().ShouldContain(x =>
                    x.Text("in") == "path" && x.Text("name") == parameter.Groups[1].Value && x.GetProperty("required").GetBoolean());
        }
    }

    [Fact]
    public async Task Authorize_logs_in_by_the_password_flow()
    {
        var api = await ReadAsync();

        var scheme = api.GetProperty("components").GetProperty("securitySchemes").GetProperty("OAuth2PasswordBearer");
        scheme.Text("type").ShouldBe("oauth2");
        scheme.GetProperty("flows").GetProperty("password").Text("tokenUrl").ShouldBe("token");
        var form = OperationOf(api, "POST /token").GetProperty("requestBody").GetProperty("content");
        form.EnumerateObject().Select(x => x.Name).ShouldBe(["application/x-www-form-urlencoded", "multipart/form-data"]);
        Resolve(api, form.GetProperty("application/x-www-form-urlencoded").GetProperty("schema")).GetProperty("properties").Fields()
            .ShouldBe(["username", "password", "grant_type", "refresh_token", "scope", "client_id", "client_secret"]);
    }

    [Theory]
    [InlineData("POST /users/", """{"username":"{0}","email":"{0}@example.com","password":"correct horse battery"}""")]
    [InlineData("POST /chats/", """{"title":"a","id":"{1}"}""")]
    [InlineData("PATCH /chats/{chat_id}", """{"title":"a","is_pinned":true,"model":"demo","system_prompt":"b","temperature":1,"max_tokens":7}""")]
    [InlineData("POST /chats/{chat_id}/messages/", """{"content":"a","type":"text","media_urls":[],"reply_to_id":null,"importance_level":"low","id":"{1}"}""")]
    public async Task What_a_route_takes_is_what_is_described(string route, string valid)
    {
        var api = await ReadAsync();
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var content = OperationOf(api, route).GetProperty("requestBody").GetProperty("content");
        content.EnumerateObject().Select(x => x.Name).ShouldBe(["application/json"]);
        var schema = Resolve(api, content.GetProperty("application/json").GetProperty("schema"));
        var required = schema.TryGetProperty("required", out var list) ? list.EnumerateArray().Select(x => x.GetString()!).ToList() : [];
        JsonObject Body() => JsonNode.Parse(valid.Replace("{0}", $"u{Guid.CreateVersion7():N}").Replace("{1}", Guid.CreateVersion7().ToString()))!.AsObject();
        Task<Reply> Send(JsonObject body) => ada.SendAsync(new(route.Split(' ')[0]), route.Split(' ')[1].Replace("{chat_id}", chat), body);

        schema.GetProperty("properties").Fields().Order().ShouldBe(Body().Select(x => x.Key).Order());
        (await Send(Body())).Ok();
        foreach (var (name, _) in Body())
        {
            var without = Body();
            without.Remove(name);
            var reply = await Send(without);
            if (required.Contains(name))
                reply.ShouldBeWrong($"body.{name} missing");
            else
                reply.Ok();
            var wrong = Body();
            wrong[name] = new JsonObject { ["wrong"] = true };
            (await Send(wrong)).Json.GetProperty("detail")[0].GetProperty("loc").ToString().ShouldBe($"""["body","{name}"]""");
        }
    }

    [Fact]
    public async Task What_a_route_answers_is_what_is_described()
    {
        var api = await ReadAsync();
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "Hi");
        var reply = await ada.EndOfAsync(chat, question.Text("reply_id"));
        var tokens = (await ada.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Ok().Json;

        Check("POST /token", tokens);
        Check("GET /users/me", (await ada.GetAsync("/users/me")).Ok().Json);
        Check("POST /ws/ticket", (await ada.PostAsync("/ws/ticket")).Ok().Json);
        foreach (var route in new[] { "POST /chats/", "GET /chats/{chat_id}", "PATCH /chats/{chat_id}" })
            Check(route, (await ada.GetAsync($"/chats/{chat}")).Ok().Json);
        Check("GET /chats/", (await ada.GetAsync("/chats/")).Ok().Json[0]);
        Check("GET /models", (await ada.GetAsync("/models")).Ok().Json[0]);
        Check("GET /sync", (await ada.GetAsync("/sync")).Ok().Json);
        Check("GET /events", (await ada.GetAsync("/events?wait=0")).Ok().Json);
        Check("POST /chats/{chat_id}/stop", (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json);
        Check("PUT /chats/{chat_id}/messages/{message_id}/read", (await ada.PutAsync($"/chats/{chat}/messages/{reply.Text("id")}/read")).Ok().Json);
        Check("POST /chats/{chat_id}/messages/", question, absent: "generation");
        Check("GET /chats/{chat_id}/messages/{message_id}", reply, absent: "reply_id");
        Check("GET /chats/{chat_id}/messages/", (await ada.MessagesAsync(chat))[1], absent: "reply_id");
        Check("DELETE /chats/{chat_id}/messages/{message_id}", (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).Ok().Json);
        Check("DELETE /chats/{chat_id}", (await ada.DeleteAsync($"/chats/{chat}")).Ok().Json);

        void Check(string route, JsonElement answer, params string[] absent)
        {
            OperationOf(api, route).GetProperty("responses").TryGetProperty("200", out var ok).ShouldBeTrue(route);
            ok.TryGetProperty("content", out var content).ShouldBeTrue($"{route} {ok}");
            content.TryGetProperty("application/json", out _).ShouldBeTrue($"{route} {ok}");
            var schema = Resolve(api, OperationOf(api, route).GetProperty("responses").GetProperty("200")
                .GetProperty("content").GetProperty("application/json").GetProperty("schema"));
            if (schema.TryGetProperty("items", out var items))
                schema = Resolve(api, items);
            answer.Fields().Order().ShouldBe(schema.GetProperty("properties").Fields().Except(absent).Order(), route);
        }
    }

    [Fact]
    public async Task The_docs_come_whole_from_this_server()
    {
        using var nobody = _app.Anonymous();

        var page = (await nobody.GetAsync("/docs")).Ok();
        (await nobody.GetAsync("/docs/")).Ok().Text.ShouldBe(page.Text);
        page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        page.Header("Content-Security-Policy")!.ShouldContain("connect-src 'self'");
        var parts = Regex.Matches(page.Text, "(?:src|href)=\"([^\"]+)\"").Select(x => x.Groups[1].Value).ToList();
        parts.Count.ShouldBeGreaterThan(2);
        foreach (var part in parts)
        {
            part.ShouldStartWith("/");
            part.ShouldNotStartWith("//");
            (await nobody.GetAsync(part)).Ok().Text.Length.ShouldBeGreaterThan(100);
        }
        var script = (await nobody.GetAsync("/docs.js")).Ok();
        script.Header("Content-Type")!.ShouldStartWith("text/javascript");
        script.Text.ShouldContain("openapi.json");
        foreach (var text in new[] { page.Text, script.Text })
            Regex.IsMatch(text, "https?://").ShouldBeFalse();
        (await nobody.GetAsync("/docs/nothing.js")).Status.ShouldBe(404);
    }

    async Task<JsonElement> ReadAsync()
    {
        using var nobody = _app.Anonymous();
        var reply = (await nobody.GetAsync("/openapi.json")).Ok();
        reply.Header("Content-Type")!.ShouldStartWith("application/json");
        return reply.Json;
    }

    static string NameOf(RouteEndpoint endpoint)
    {
        var path = endpoint.RoutePattern.RawText!.Replace("{chatId}", "{chat_id}").Replace("{messageId}", "{message_id}");
        path = path.EndsWith("}/", StringComparison.Ordinal) ? path[..^1] : path;
        return $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()} {path}";
    }

    static JsonElement OperationOf(JsonElement api, string route) =>
        api.GetProperty("paths").GetProperty(route.Split(' ')[1]).GetProperty(route.Split(' ')[0].ToLowerInvariant());

    static JsonElement Resolve(JsonElement api, JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference)
            ? api.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]) : schema;
}
