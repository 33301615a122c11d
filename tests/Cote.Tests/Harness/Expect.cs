using System.Text.Json;

namespace Cote.Tests.Harness;

/// <summary>The shapes that every refusal has.</summary>
public static class Expect
{
    /// <summary>One sentence and one code, nothing else.</summary>
    public static void ShouldBeProblem(this Reply reply, int status, string code, string detail)
    {
        var body = reply.Message.RequestMessage!.Method == HttpMethod.Head
            ? "" : JsonSerializer.Serialize(new { detail, code });
        (reply.Status, reply.Text).ShouldBe((status, body));
        reply.Header("Content-Type").ShouldBe("application/json; charset=utf-8");
        reply.Header("X-Request-Id").ShouldNotBeNullOrEmpty();
        reply.Header("WWW-Authenticate").ShouldBe(status == 401 ? "Bearer" : null);
        (reply.Header("Retry-After") is not null).ShouldBe(status is 429 or 503);
    }

    public static void ShouldBeAnonymous(this Reply reply) =>
        reply.ShouldBeProblem(401, "not_authenticated", "Not authenticated");

    public static void ShouldBeNoChat(this Reply reply) =>
        reply.ShouldBeProblem(404, "chat_not_found", "Chat not found");

    public static void ShouldBeNoMessage(this Reply reply) =>
        reply.ShouldBeProblem(404, "message_not_found", "Message not found");

    /// <summary>
    /// FastAPI's list with one entry for each <paramref name="wrong"/>, written as <c>body.title missing</c>.
    /// </summary>
    public static void ShouldBeWrong(this Reply reply, params string[] wrong)
    {
        reply.Status.ShouldBe(422, reply.Text);
        reply.ErrorCode.ShouldBe("validation_error");
        var list = reply.Json.GetProperty("detail").EnumerateArray().ToList();
        list.Select(
            x => $"{string.Join('.', x.GetProperty("loc").EnumerateArray())} {x.GetProperty("type").GetString()}")
            .ShouldBe(wrong);
        foreach (var entry in list)
        {
            entry.GetProperty("msg").GetString().ShouldNotBeNullOrEmpty();
            entry.TryGetProperty("input", out _).ShouldBeTrue();
            entry.EnumerateObject().Select(x => x.Name).Except(["type", "loc", "msg", "input", "ctx"]).ShouldBeEmpty();
        }
    }

    /// <summary>The names of an object's fields.</summary>
    public static string[] Fields(this JsonElement json) => [.. json.EnumerateObject().Select(x => x.Name)];

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static long Number(this JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
