using System.Text.Json;
using Cote.Replies;

namespace Cote.Dialects.OpenAI;

/// <summary>A picture, a recording or a file that a request brings.</summary>
/// <param name="Url">A <c>data:</c> URL, or the path of an upload of the user's.</param>
/// <param name="Name">Its name; null where it has none.</param>
/// <param name="Param">The field that holds it.</param>
sealed record TurnFile(string Url, string? Name, string Param);

/// <summary>What a client says to a call.</summary>
/// <param name="CallId">As it was sent: of a call, or of a request for approval.</param>
/// <param name="Output">What its tool returned; null of an approval.</param>
/// <param name="Approves">Whether a person allows the call; null of an output.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Param">The field that holds it.</param>
sealed record TurnAnswer(string CallId, string? Output, bool? Approves, string? Reason, string Param);

/// <summary>What a request of a turn asks for, whichever of the two APIs it came by.</summary>
sealed record TurnRequest
{
    /// <summary>What the user says now.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<TurnFile> Files { get; init; } = [];

    /// <summary>Whether there is a message of the user's.</summary>
    public bool HasMessage { get; init; }

    public IReadOnlyList<TurnAnswer> Answers { get; init; } = [];

    /// <summary>As it was sent; null for the chat's.</summary>
    public string? Model { get; init; }

    public double? Temperature { get; init; }

    public int? MaxTokens { get; init; }

    public string? ReasoningEffort { get; init; }

    public string? Instructions { get; init; }

    /// <summary>As <see cref="ReplyOptions.ToolChoice"/>.</summary>
    public string? ToolChoice { get; init; }

    /// <summary>As chat completions write it; null for text.</summary>
    public JsonElement? Format { get; init; }

    /// <summary>The tools that the client brings, as Cote's <c>client_tools</c>; null for none.</summary>
    public JsonElement? Tools { get; init; }

    public EchoedRequest Echo { get; init; } = new(null, null, false);

    public bool IsStreamed { get; init; }

    /// <summary>Whether a stream of chat completions ends with what was used.</summary>
    public bool ShowsUsage { get; init; }
}
