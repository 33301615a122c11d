using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Dialects;

/// <summary>Requests to <c>/v1</c> as clients of OpenAI's send them.</summary>
static class OpenAIClient
{
    public const string Chat = "/v1/chat/completions";

    /// <summary>A body that asks for a play.</summary>
    public static string Body(this Play play, string rest = "", string model = "openai/fake") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{play.Question}}"}]{{rest}}}""";

    /// <summary>A whole chat completion as providers write it.</summary>
    public static FakeReply Whole(string content = "Hello", string rest = "") => FakeReply.Page($$$"""
        {"id":"chatcmpl-9","object":"chat.completion","created":5,"model":"fake-2026","choices":[{"index":0,"message":{"role":"assistant","content":"{{{content}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":9,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":4}}{{{rest}}}}
        """, "application/json");

    public static Task<Reply> CompleteAsync(this CoteClient client, string body, string? key = null) =>
        client.SendAsync(HttpMethod.Post, Chat, body, x =>
        {
            if (key is not null)
                x.Headers.Add("Idempotency-Key", key);
        });

    /// <summary>The data of the events of a stream, which has nothing else in it.</summary>
    public static List<string> Events(this Reply reply)
    {
        reply.Header("Content-Type").ShouldBe("text/event-stream");
        return [.. reply.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(x =>
        {
            x.ShouldStartWith("data: ");
            return x[6..];
        })];
    }

    /// <summary>The text that a stream of chat completions says.</summary>
    public static string Said(this IEnumerable<string> events, string member = "content") => string.Concat(
        events.Where(x => x != "[DONE]").Select(x => JsonElement.Parse(x))
            .SelectMany(x => x.GetProperty("choices").EnumerateArray())
            .Select(x => x.GetProperty("delta").TryGetProperty(member, out var text) ? text.GetString() : ""));

    /// <summary>An error in OpenAI's shape.</summary>
    public static void ShouldBeError(
        this Reply reply, int status, string code, string? param = null, string? type = null, bool mayRetry = true)
    {
        var error = reply.Json.GetProperty("error");
        (reply.Status, error.Text("code")).ShouldBe((status, code), reply.Text);
        reply.Json.Fields().ShouldBe(["error"]);
        error.Fields().ShouldBe(["message", "type", "param", "code"]);
        error.Text("message").ShouldNotBeNullOrEmpty();
        error.GetProperty("param").GetString().ShouldBe(param);
        if (type is not null)
            error.Text("type").ShouldBe(type);
        reply.Header("x-should-retry").ShouldBe(mayRetry ? null : "false");
        reply.Header("Content-Type").ShouldBe("application/json; charset=utf-8");
        reply.Header("X-Request-Id").ShouldNotBeNullOrEmpty();
    }

    /// <summary>Waits until the ledger has so many calls of a user, all of them settled; their sums.</summary>
    public static async Task<JsonElement> CallsAsync(this CoteClient client, int calls)
    {
        var sums = default(JsonElement);
        await Patience.UntilAsync(async () =>
        {
            var days = (await client.GetAsync("/usage")).Ok().Json.EnumerateArray().ToList();
            return days.Count == 1 && (sums = days[0]).Number("calls") == calls;
        }, $"the ledger has {calls} calls");
        return sums;
    }
}
