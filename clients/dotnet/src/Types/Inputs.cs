using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Client;

/// <summary>A message to send.</summary>
/// <param name="Content">Its text; it may be empty where there are uploads.</param>
public sealed record NewMessage(string Content)
{
    /// <summary>The URLs of uploads.</summary>
    public IReadOnlyList<string> MediaUrls { get; init; } = [];

    /// <summary>Its type; null chooses <c>text</c>, which takes uploads of any kind.</summary>
    public string? Type { get; init; }

    /// <summary>The message that it answers.</summary>
    public string? ReplyToId { get; init; }

    /// <summary>The user's message that it is a new version of.</summary>
    public string? VersionOf { get; init; }

    /// <summary>The message that it follows; null follows the last message that is shown.</summary>
    public string? ParentId { get; init; }

    /// <summary>Ends the open replies of the chat first.</summary>
    public bool Stop { get; init; }

    /// <summary>Tools that this client executes itself, with <see cref="ClientId"/>.</summary>
    public IReadOnlyList<ClientTool> ClientTools { get; init; } = [];

    /// <summary>Names this installation for its tools, up to 64 characters.</summary>
    public string? ClientId { get; init; }

    /// <summary>A message of this text.</summary>
    public static implicit operator NewMessage(string content) => new(content);

    /// <summary>A message of this text.</summary>
    public static NewMessage FromString(string content) => new(content);
}

/// <summary>A tool that a client executes itself.</summary>
/// <param name="Name">Letters, digits, <c>_</c> and <c>-</c>, up to 64.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">A JSON schema.</param>
public sealed record ClientTool(string Name, string? Description = null, JsonElement? Parameters = null);

/// <summary>What another version of a reply is made with; null is the chat's own.</summary>
public sealed record RegenerateOptions
{
    /// <summary>An id of <c>GET /models</c>.</summary>
    public string? Model { get; init; }

    /// <summary>From 0 to 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>The most tokens of the reply.</summary>
    public long? MaxTokens { get; init; }

    /// <summary><c>none</c>, <c>low</c>, <c>medium</c> or <c>high</c>.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>Goes on after the text of a reply that was stopped or failed.</summary>
    public bool Continue { get; init; }

    /// <summary>Ends the open replies of the chat first.</summary>
    public bool Stop { get; init; }

    internal JsonObject ToJson(string id) => Bodies.Of(
        ("id", id), ("model", Model), ("temperature", Temperature), ("max_tokens", MaxTokens),
        ("reasoning_effort", ReasoningEffort), ("continue", Continue ? true : null), ("stop", Stop ? true : null));
}

/// <summary>The answer to a tool call: made by one of its methods.</summary>
public sealed record ToolAnswer
{
    ToolAnswer(JsonObject body) => Body = body;

    internal JsonObject Body { get; }

    /// <summary>The user allows the call.</summary>
    public static ToolAnswer Allow() => new(Bodies.Of(("approve", true)));

    /// <summary>The user denies the call, for a reason that the model is told.</summary>
    public static ToolAnswer Deny(string? reason = null) => new(Bodies.Of(("approve", false), ("reason", reason)));

    /// <summary>This client executed its tool, with this result: JSON or a text.</summary>
    public static ToolAnswer Output(JsonNode? output, string? clientId = null) =>
        new(Bodies.Of(("output", output), ("client_id", clientId)));

    /// <summary>This client's tool failed.</summary>
    public static ToolAnswer Error(string error, string? clientId = null) =>
        new(Bodies.Of(("error", error), ("client_id", clientId)));
}

/// <summary>A chat to make.</summary>
public sealed record NewChat
{
    /// <summary>Its id, made here, so that it can be opened and sent to before the server knows it.</summary>
    public string Id { get; init; } = Ids.New();

    /// <summary>Its title; null lets the server make one of the first question.</summary>
    public string? Title { get; init; }

    /// <summary>Whether it goes by itself a day after its last message.</summary>
    public bool Temporary { get; init; }

    /// <summary>An id of <c>GET /models</c>; null for the server's default.</summary>
    public string? Model { get; init; }

    /// <summary>What stands before the messages; null for the server's default.</summary>
    public string? SystemPrompt { get; init; }

    internal JsonObject ToJson() => Bodies.Of(
        ("id", Id), ("title", Title), ("auto_title", Title is null ? true : null), ("model", Model),
        ("system_prompt", SystemPrompt), ("temporary", Temporary ? true : null));
}

/// <summary>Makes ids.</summary>
static class Ids
{
    /// <summary>An id as the server writes it: in lower case.</summary>
    public static string Low(string id) => id.ToLowerInvariant();

    /// <summary>The path of a chat.</summary>
    public static string At(string chatId) => "/chats/" + Low(chatId);

    /// <summary>The path of a message.</summary>
    public static string At(string chatId, string messageId) => $"{At(chatId)}/messages/{Low(messageId)}";

    /// <summary>A random UUID in lower case.</summary>
    public static string New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}

/// <summary>JSON bodies without the fields that are null.</summary>
static class Bodies
{
    public static JsonObject Of(params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var body = new JsonObject();
        foreach (var (name, value) in fields)
            if (value is not null)
                body[name] = value;
        return body;
    }
}
