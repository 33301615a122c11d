using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>Requests and answers of OpenAI's dialect, as tests write and read them.</summary>
static class TurnReading
{
    public static Task<Reply> RespondAsync(this CoteClient client, object body) =>
        client.PostAsync("/v1/responses", body);

    public static Task<Reply> CompleteAsync(this CoteClient client, object body) =>
        client.PostAsync("/v1/chat/completions", body);

    /// <summary>A request with a key that makes it repeatable.</summary>
    public static Task<Reply> RespondAsync(
        this CoteClient client, object body, params (string Name, string Value)[] headers) =>
        client.SendAsync(HttpMethod.Post, "/v1/responses", body, x =>
        {
            foreach (var (name, value) in headers)
                x.Headers.Add(name, value);
        });

    /// <summary>The texts of a response's messages.</summary>
    public static string OutputText(this JsonElement response) => string.Join("|", Items(response)
        .Where(x => x.GetProperty("type").GetString() == "message")
        .Select(x => x.GetProperty("content")[0].GetProperty("text").GetString()));

    public static List<JsonElement> Items(this JsonElement response) =>
        [.. response.GetProperty("output").EnumerateArray()];

    public static string Types(this JsonElement response) =>
        string.Join(' ', Items(response).Select(x => x.GetProperty("type").GetString()));

    /// <summary>The code of an error, and the field that it names.</summary>
    public static (int Status, string? Code, string? Param) Refusal(this Reply reply)
    {
        var error = reply.Json.GetProperty("error");
        return (reply.Status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString());
    }

    /// <summary>All events up to the end of the stream.</summary>
    public static async Task<List<JsonElement>> EventsAsync(
        this CoteClient client, string responseId, string query = "")
    {
        await using var stream =
            await client.StreamAsync(HttpMethod.Get, $"/v1/responses/{responseId}?stream=true{query}");
        return await ToEndAsync(stream);
    }

    public static async Task<List<JsonElement>> ToEndAsync(SseReader stream)
    {
        var events = new List<JsonElement>();
        while (await stream.NextRawAsync() is { } data)
            if (data != "[DONE]")
                events.Add(JsonElement.Parse(data));
        return events;
    }

    public static long Number(this JsonElement item) => item.GetProperty("sequence_number").GetInt64();

    public static string Type(this JsonElement item) => item.GetProperty("type").GetString()!;

    /// <summary>The text that deltas of one kind add up to.</summary>
    public static string Deltas(this IEnumerable<JsonElement> events, string type = "response.output_text.delta") =>
        string.Concat(events.Where(x => x.Type() == type).Select(x => x.GetProperty("delta").GetString()));

    public static JsonObject Function(string name) => new()
    {
        ["type"] = "function",
        ["name"] = name,
        ["description"] = "A tool of the client's",
        ["parameters"] = new JsonObject { ["type"] = "object" },
    };
}
