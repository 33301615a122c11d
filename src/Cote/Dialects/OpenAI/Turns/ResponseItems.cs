using Cote.Chats;

namespace Cote.Dialects.OpenAI;

/// <summary>One item of a response's output.</summary>
/// <param name="Id">The same after any restart.</param>
/// <param name="Base">The number of its first event, within the attempt.</param>
/// <param name="IsDone">Whether nothing of it comes any more. Only the last item may be open.</param>
abstract record ResponseItem(string Id, long Base, bool IsDone)
{
    /// <summary>How many numbers its events take, once it is done.</summary>
    public abstract long Numbers { get; }
}

/// <summary>Text of the assistant's.</summary>
/// <param name="Text">As far as it has come.</param>
/// <param name="Start">Where it begins in the reply's content.</param>
/// <param name="Sources">What it cites; known once the text is whole.</param>
sealed record TextItem(string Id, long Base, bool IsDone, string Text, int Start, IReadOnlyList<SourcePart> Sources)
    : ResponseItem(Id, Base, IsDone)
{
    // Two before the text, each unit of it, its citations, and three ends.
    public override long Numbers => 2 + Text.Length + Sources.Count + 3;
}

/// <summary>A thought.</summary>
sealed record ThoughtItem(string Id, long Base, bool IsDone, string Text) : ResponseItem(Id, Base, IsDone)
{
    public override long Numbers => 2 + Text.Length + 3;
}

/// <summary>A call that the client executes.</summary>
sealed record ClientCallItem(string Id, long Base, ToolPart Call, string CallId) : ResponseItem(Id, Base, true)
{
    public override long Numbers => 4;
}

/// <summary>A call of the server's that a person is to allow.</summary>
sealed record ApprovalItem(string Id, long Base, ToolPart Call) : ResponseItem(Id, Base, true)
{
    public override long Numbers => 2;
}

/// <summary>A call of the server's that it executes itself.</summary>
/// <param name="Approval">The request that allowed it, or null where it needed none.</param>
sealed record ServerCallItem(string Id, long Base, ToolPart Call, string? Approval)
    : ResponseItem(Id, Base, CallStates.IsFinal(Call.State))
{
    /// <summary>Whether it was executed and did not fail.</summary>
    public bool HasSucceeded => Call is { State: CallStates.Done, Error: null };

    public override long Numbers => 6;
}
