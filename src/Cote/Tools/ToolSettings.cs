using Microsoft.Extensions.AI;

namespace Cote;

/// <summary>Whether a person is asked before a tool is called.</summary>
public enum ToolApproval
{
    /// <summary>Nobody is asked.</summary>
    Never,

    /// <summary>The user is asked before each call, and shown its arguments.</summary>
    Ask,
}

/// <summary>What Cote cannot know of a function by itself.</summary>
public sealed record ToolSettings
{
    /// <summary>Its name for people; null: its name.</summary>
    public string? Title { get; init; }

    /// <summary>Whether the user is asked before each call.</summary>
    public ToolApproval Approval { get; init; }

    /// <summary>
    /// It changes nothing: such calls run at the same time, and again after a crash.
    /// </summary>
    public bool IsReadOnly { get; init; }

    /// <summary>
    /// A call with the same <see cref="ToolCallContext.Key"/> has one effect, however often it is made: it is made
    /// again after a crash.
    /// </summary>
    public bool IsIdempotent { get; init; }

    /// <summary>
    /// It is called without asking even after the text of a tool or a document has entered the reply, which may
    /// hold orders of a stranger.
    /// </summary>
    public bool IsTrusted { get; init; }
}

/// <summary>
/// Whose reply calls a function, and which call it is: <c>ToolCallContext.Of(arguments)</c>, where the function has
/// a parameter of type <see cref="AIFunctionArguments"/>.
/// </summary>
/// <param name="UserId">The user.</param>
/// <param name="ChatId">The chat.</param>
/// <param name="ReplyId">The reply, a message.</param>
/// <param name="CallId">The call, unique in its reply.</param>
/// <param name="Key">The same at every attempt of this call, and no other's: <c>reply:step:index</c>.</param>
public sealed record ToolCallContext(string UserId, string ChatId, string ReplyId, string CallId, string Key)
{
    /// <summary>The context of a call; null where Cote does not make it.</summary>
    public static ToolCallContext? Of(AIFunctionArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return arguments.Context?.TryGetValue(typeof(ToolCallContext), out var context) == true
            ? context as ToolCallContext : null;
    }
}
