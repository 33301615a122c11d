using System.Text.Json;
using Cote.Chats;
using Cote.Models;

namespace Cote.Dialects.UIStream;

/// <summary>A file of a message: an upload that it names, or the bytes that it holds.</summary>
/// <param name="Url">What the message says.</param>
/// <param name="Name">The name, as the client gave it.</param>
/// <param name="MediaId">The upload; null of bytes.</param>
/// <param name="Bytes">The bytes; null of an upload.</param>
sealed record UIFile(string Url, string? Name, string? MediaId, byte[]? Bytes);

/// <summary>What counts of the body of <c>POST /api/chat</c>.</summary>
/// <param name="ChatId">The chat.</param>
/// <param name="IsRegenerate">Whether another reply is wanted, and no message is sent.</param>
/// <param name="MessageId">The message that the request is about, as the client calls it; null where it does not say.
/// </param>
/// <param name="Body">All of it.</param>
/// <param name="Last">The last message; null without any.</param>
/// <param name="Before">The ids of the messages before it, as the client calls them, the latest first.</param>
sealed record UIChatRequest(
    string UserId, string ChatId, bool IsRegenerate, string? MessageId, RequestReader Body, RequestReader? Last,
    IReadOnlyList<string> Before)
{
    const int MostMessages = 100_000;
    const int MostParts = 10_000;
    const int MostBefore = 100;
    public const int LongestId = 200;

    // The fields that hold for a turn as they were sent.
    static readonly string[] OfTurns = ["client_tools", "client_id", "stop"];

    /// <summary>Reads it. What is wrong is an error of the request.</summary>
    public static UIChatRequest Read(RequestReader body, string userId)
    {
        var chat = body.Text("id", 1, LongestId);
        var trigger = body.Choice("trigger", "submit-message", "submit-message", "regenerate-message");
        var named = body.OptionalText("messageId", 1, LongestId);
        var messages = body.NestedObjects("messages", MostMessages);
        foreach (var name in OfTurns)
            if (body.HasValue(name) && ToolJson.ValueOf(body.Json.GetProperty(name).GetRawText()) is null)
                body.AddError(name, "a text in it holds half a character, or it is nested too deeply");
        if (messages.Count == 0 && trigger == "submit-message" && body.Problem is null)
            body.AddError("messages", "the last one is sent: there is none");
        List<string> before = [.. messages.SkipLast(1).Reverse().Select(x => x.Json.String("id") ?? "")
            .Where(x => x.Length is > 0 and <= LongestId).Take(MostBefore)];
        return new(userId, IdOf(userId, chat), trigger == "regenerate-message", named, body,
            messages.Count > 0 ? messages[^1] : null, before);
    }

    /// <summary>Whether the last message is a reply, in which calls are answered.</summary>
    public bool IsAnswer => Last?.Json.String("role") == "assistant";

    /// <summary>The last message as the client calls it; null where it has no id.</summary>
    public string? LastId => Last!.OptionalText("id", 1, LongestId);

    /// <summary>The id here of what a client calls by this name.</summary>
    public string IdOf(string name) => IdOf(UserId, name);

    static string IdOf(string userId, string name) => Ids.Parse(name) ?? NamedIds.OfText(userId, name);

    /// <summary>The same of an id that stands in a path, where a slash is still written by its number.</summary>
    public static string IdInPath(string userId, string name) =>
        IdOf(userId, name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));

    /// <summary>The text and the files of the last message; what is wrong with them is an error of the request.
    /// </summary>
    public (string Text, IReadOnlyList<UIFile> Files) ReadMessage()
    {
        if (Last!.Choice("role", "user", "user", "assistant", "system") == "system")
            Last.AddError("role", "the last message is the user's, or a reply whose calls are answered");
        var texts = new List<string>();
        var files = new List<UIFile>();
        foreach (var part in Last.NestedObjects("parts", MostParts))
            switch (part.Json.String("type"))
            {
                case "text":
                    texts.Add(part.Text("text", 0, Message.LongestContent));
                    break;
                case "file":
                    if (UIFiles.Read(part) is { } file)
                        files.Add(file);
                    break;
            }
        if (files.Count > Replies.SendMessage.MaxMedia)
            Last.AddError("parts", $"a message has at most {Replies.SendMessage.MaxMedia} files");
        return (string.Join("\n\n", texts.Where(x => x.Length > 0)), files);
    }

    /// <summary>A file of the message is no upload of the user's.</summary>
    public Problem NoSuchUpload()
    {
        Last!.AddError("parts", "no such upload of yours", code: "media_not_found");
        return Body.Problem!;
    }

    /// <summary>Copies fields of the body that hold for a turn, as they were sent.</summary>
    public void CopyTo(Utf8JsonWriter json, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (Body.Json.TryGetProperty(name, out var value))
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
    }
}
