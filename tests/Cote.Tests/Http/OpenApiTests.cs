using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cote.Http;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Http;

public sealed class OpenApiTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    IEnumerable<RouteEndpoint> Described =>
        _app.Endpoints.Where(
            x => x.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true });

    [Fact]
    public async Task Every_route_is_described_as_it_is_and_nothing_else()
    {
        var api = await ReadAsync();

        api.Text("openapi").ShouldStartWith("3.1");
        var described = api.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(x => $"{x.Name.ToUpperInvariant()} {path.Name}"));
        described.Order().ShouldBe(Described.Select(NameOf).Order());
        foreach (var endpoint in Described)
        {
            var operation = OperationOf(api, NameOf(endpoint));
            var wantsToken = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null;
            operation.Text("summary").ShouldNotBeNullOrEmpty();
            var security = operation.GetProperty("security");
            // None, one, or one that may be left out
            (security.GetArrayLength() == 1).ShouldBe(wantsToken, NameOf(endpoint));
            if (wantsToken)
            {
                security[0].GetProperty("OAuth2PasswordBearer").GetArrayLength().ShouldBe(0);
                operation.GetProperty("responses").TryGetProperty("401", out _).ShouldBeTrue();
            }
            foreach (Match parameter in Regex.Matches(NameOf(endpoint), @"\{(\w+)\}"))
                operation.GetProperty("parameters").EnumerateArray().ShouldContain(x =>
                    x.Text("in") == "path" && x.Text("name") == parameter.Groups[1].Value
                        && x.GetProperty("required").GetBoolean());
        }
    }

    [Fact]
    public async Task Generators_find_a_name_for_everything_and_nothing_they_stumble_over()
    {
        var api = await ReadAsync();

        var operations = api.GetProperty("paths").EnumerateObject().SelectMany(x => x.Value.EnumerateObject())
            .Select(x => x.Value).ToList();
        var ids = operations.Select(x => x.Text("operationId")).ToList();
        ids.ShouldBeUnique();
        ids.ShouldContain("SendMessage");
        ids.ShouldContain("ListMessages");
        ids.ShouldAllBe(x => Regex.IsMatch(x, "^[A-Z][A-Za-z]+$"));
        api.GetProperty("paths").EnumerateObject().Select(x => x.Name).ShouldAllBe(x => !x.EndsWith('/'));
        api.GetProperty("servers")[0].Text("url").ShouldBe("/");
        var text = api.GetRawText();
        // A property may be called so
        Regex.IsMatch(text, "\"default\":[^{]").ShouldBeFalse("a request's default makes its field required");
        text.ShouldNotContain("IFormFile");
        text.ShouldNotContain("schemas/Timestamp");
        foreach (Match reference in Regex.Matches(text, "\"#/components/(\\w+)/([^\"]+)\""))
            api.GetProperty("components").GetProperty(reference.Groups[1].Value)
                .TryGetProperty(reference.Groups[2].Value, out _)
                .ShouldBeTrue(reference.Value);
        foreach (var schema in api.GetProperty("components").GetProperty("schemas").EnumerateObject())
            if (schema.Value.TryGetProperty("properties", out var properties))
                foreach (var property in properties.EnumerateObject().Where(x => x.Value.TryGetProperty("type", out _)))
                    (property.Value.GetProperty("type").ToString().Contains("integer")
                        && property.Value.GetProperty("type").ToString().Contains("string"))
                        .ShouldBeFalse($"{schema.Name}.{property.Name}");
        api.GetProperty("tags").EnumerateArray().Select(x => x.Text("name"))
            .ShouldBe([
                "Chats", "Messages", "Live", "Users", "Sessions", "Keys", "Usage", "Sharing", "Media", "Devices",
                "OpenAI",
                "AI SDK", "Health", "Admin"]);
    }

    [Fact]
    public async Task Every_code_of_the_catalogue_is_in_the_enum_and_every_refusal_has_the_shared_shape()
    {
        var api = await ReadAsync();
        var schemas = api.GetProperty("components").GetProperty("schemas");

        schemas.GetProperty("ErrorCode").GetProperty("enum").EnumerateArray().Select(x => x.GetString()!).Order()
            .ShouldBe(
            typeof(Problems).GetFields().Select(x => ((Problem)x.GetValue(null)!).Code)
                .Concat(["bad_request", "validation_error"]).Distinct().Order());
        foreach (var path in api.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject().Where(x => x.Name != "head"))
                foreach (var response in operation.Value.GetProperty("responses").EnumerateObject()
                    .Where(x => x.Name[0] > '3' && x.Name != "416"))
                    response.Value.GetProperty("content").GetProperty("application/json").GetProperty("schema")
                        .Text("$ref")
                        .ShouldBe("#/components/schemas/" + (path.Name.StartsWith("/v1/") ? "OpenAIError"
                            : response.Name == "422" ? "HTTPValidationError" : "Problem"),
                            $"{path.Name} {response.Name}");
    }

    [Fact]
    public async Task A_description_that_failed_is_made_again_by_the_next_request()
    {
        var times = 0;
        await using var app = await CoteApp.StartAsync(add => add.Services.AddSingleton(new ApiPart(_ =>
        {
            if (times++ == 0)
                throw new InvalidOperationException("not yet");
        })));
        using var anyone = app.Anonymous();

        (await anyone.GetAsync("/openapi.json")).Status.ShouldBe(500);
        (await anyone.GetAsync("/openapi.json")).Ok();
        (await anyone.GetAsync("/openapi.json")).Ok();
        times.ShouldBe(2);
    }

    [Fact]
    public async Task Authorize_logs_in_by_the_password_flow()
    {
        var api = await ReadAsync();

        var scheme = api.GetProperty("components").GetProperty("securitySchemes").GetProperty("OAuth2PasswordBearer");
        scheme.Text("type").ShouldBe("oauth2");
        scheme.GetProperty("flows").GetProperty("password").Text("tokenUrl").ShouldBe("token");
        var form = OperationOf(api, "POST /token").GetProperty("requestBody").GetProperty("content");
        form.EnumerateObject().Select(x => x.Name)
            .ShouldBe(["application/x-www-form-urlencoded", "multipart/form-data"]);
        Resolve(api, form.GetProperty("application/x-www-form-urlencoded").GetProperty("schema"))
            .GetProperty("properties").Fields()
            .ShouldBe(["username", "password", "grant_type", "refresh_token", "device_name", "scope", "client_id",
                "client_secret", "subject_token", "subject_token_type", "code", "code_verifier", "redirect_uri"]);
    }

    [Theory]
    [InlineData("POST /users",
        """{"username":"{0}","email":"{0}@example.com","password":"correct horse battery","invitation_code":"x"}""")]
    [InlineData("POST /chats",
        """{"title":"a","auto_title":false,"id":"{1}","is_pinned":true,"model":"demo","system_prompt":"b","""
            + "\"temperature\":1,\"max_tokens\":7,\"is_archived\":true,\"temporary\":true,"
            + "\"reasoning_effort\":\"low\",\"tools\":[\"demo_clock\"]}")]
    [InlineData("PATCH /chats/{chat_id}",
        """{"title":"a","is_pinned":true,"model":"demo","system_prompt":"b","temperature":1,"max_tokens":7,"""
            + "\"is_archived\":true,\"reasoning_effort\":\"none\",\"tools\":[]}")]
    [InlineData("POST /chats/{chat_id}/messages",
        """{"content":"a","type":"text","media_urls":[],"reply_to_id":null,"importance_level":"low","id":"{1}","parent_id":null,"version_of":null,"stop":false,"client_tools":[],"client_id":"x"}""")]
    public async Task What_a_route_takes_is_what_is_described(string route, string valid)
    {
        var api = await ReadAsync();
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var content = OperationOf(api, route).GetProperty("requestBody").GetProperty("content");
        content.EnumerateObject().Select(x => x.Name).ShouldBe(["application/json"]);
        var schema = Resolve(api, content.GetProperty("application/json").GetProperty("schema"));
        var required = schema.TryGetProperty("required", out var list)
            ? list.EnumerateArray().Select(x => x.GetString()!).ToList() : [];
        JsonObject Body() => JsonNode.Parse(valid.Replace("{0}", $"u{Guid.CreateVersion7():N}")
            .Replace("{1}", Guid.CreateVersion7().ToString()))!.AsObject();
        Task<Reply> Send(JsonObject body) =>
            ada.SendAsync(new(route.Split(' ')[0]), route.Split(' ')[1].Replace("{chat_id}", chat), body);

        schema.GetProperty("properties").Fields().Order().ShouldBe(Body().Select(x => x.Key).Order());
        (await Send(Body())).Ok();
        foreach (var (name, _) in Body())
        {
            var without = Body();
            without.Remove(name);
            var reply = await Send(without);
            // A schema cannot say that one of two fields must be there.
            if (required.Contains(name) || (route, name) is ("POST /chats", "title"))
                reply.ShouldBeWrong($"body.{name} missing");
            else
                reply.Ok();
            var wrong = Body();
            wrong[name] = new JsonObject { ["wrong"] = true };
            (await Send(wrong)).Json.GetProperty("detail")[0]
                .GetProperty("loc").ToString().ShouldBe($"""["body","{name}"]""");
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

        Check("POST /token", tokens, absent: ["issued_token_type"]);
        Check("GET /users/me", (await ada.GetAsync("/users/me")).Ok().Json, absent: ["api_keys"]);
        Check("PATCH /users/me", (await ada.PatchAsync(
            "/users/me", new { password = ada.Password, current_password = ada.Password })).Ok().Json);
        Check("POST /api-keys",
            (await ada.PostAsync("/api-keys/", new { name = "a", scopes = new[] { "read" } })).Ok().Json,
            absent: ["disabled_at"]);
        Check("GET /api-keys", (await ada.GetAsync("/api-keys/")).Ok().Json[0], absent: ["key", "disabled_at"]);
        using var browser = new TestBrowser();
        Check("POST /devices",
            (await ada.PostAsync("/devices/", browser.Device("https://push.example.com"))).Ok().Json);
        Check("GET /devices", (await ada.GetAsync("/devices/")).Ok().Json[0]);
        Check("POST /ws/ticket", (await ada.PostAsync("/ws/ticket")).Ok().Json);
        foreach (var route in new[] { "POST /chats", "GET /chats/{chat_id}", "PATCH /chats/{chat_id}" })
            Check(route, (await ada.GetAsync($"/chats/{chat}")).Ok().Json, absent: ["origin"]);
        Check("GET /chats", (await ada.GetAsync("/chats/")).Ok().Json[0], absent: ["origin"]);
        Check("GET /models", (await ada.GetAsync("/models")).Ok().Json[0]);
        Check("GET /tools", (await ada.GetAsync("/tools")).Ok().Json[0]);
        Check("GET /sync", (await ada.GetAsync("/sync")).Ok().Json);
        Check("GET /events", (await ada.GetAsync("/events?wait=0")).Ok().Json);
        Check("POST /chats/{chat_id}/stop", (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json);
        Check("PUT /chats/{chat_id}/messages/{message_id}/read",
            (await ada.PutAsync($"/chats/{chat}/messages/{reply.Text("id")}/read")).Ok().Json);
        Check("POST /chats/{chat_id}/messages", question,
            absent: ["generation", "feedback", "on_path", "siblings", "parts"]);
        Check("GET /chats/{chat_id}/messages/{message_id}", reply,
            absent: ["reply_id", "feedback", "on_path", "siblings", "parts"]);
        Check("GET /chats/{chat_id}/messages", (await ada.MessagesAsync(chat))[1],
            absent: ["reply_id", "feedback", "on_path", "siblings", "parts"]);
        Check("DELETE /chats/{chat_id}/messages/{message_id}",
            (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).Ok().Json);
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
        var parts = Regex.Matches(page.Text, "(?:src|href)=\"([^\"]+)\"").Select(x => x.Groups[1].Value)
            .Where(x => !x.StartsWith("data:", StringComparison.Ordinal)).ToList();
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
        var path = endpoint.RoutePattern.RawText!.Replace("{**", "{").Replace("Id}", "_id}").TrimEnd('/');
        return $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()} {path}";
    }

    static JsonElement OperationOf(JsonElement api, string route) =>
        api.GetProperty("paths").GetProperty(route.Split(' ')[1]).GetProperty(route.Split(' ')[0].ToLowerInvariant());

    static JsonElement Resolve(JsonElement api, JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference)
            ? api.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
                : schema;
}
