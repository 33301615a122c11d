using System.Text.Json;

namespace Cote.Models;

/// <summary>Reads the JSON of one answer: each wire has one of its own, and each answer a new one.</summary>
abstract class WireAnswer(ReplyReader reply)
{
    /// <summary>Where everything goes.</summary>
    protected ReplyReader Reply { get; } = reply;

    /// <summary>The tool calls so far.</summary>
    protected ToolCallPieces Calls { get; } = new();

    /// <summary>Reads one JSON: an event or a whole body.</summary>
    /// <param name="json">An object that is no error.</param>
    /// <param name="isBody">Whether it stood in the body without an event around it.</param>
    public abstract void Read(JsonElement json, bool isBody);

    /// <summary>Gives what is only known at the end: at the finish reason, and once more behind it.</summary>
    /// <param name="isCut">Whether a limit ended the answer.</param>
    public virtual void Complete(bool isCut)
    {
        foreach (var call in Calls.Take(isCut))
            Reply.Add(call);
    }

    /// <summary>Takes a piece of a tool call; that the model is alive is told at once.</summary>
    protected void AddCall(ToolCallPiece piece)
    {
        Calls.Add(piece);
        Reply.Add(new ToolCallProgress());
    }
}
