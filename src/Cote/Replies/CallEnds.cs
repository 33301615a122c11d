using Cote.Chats;
using Cote.Tools;

namespace Cote.Replies;

/// <summary>Why calls end that nobody answered or whose reply ended before them.</summary>
static class CallEnds
{
    /// <summary>The reply was stopped.</summary>
    public static readonly GenerationError Stopped =
        new(ToolErrors.Stopped, "The reply was stopped before this call had an outcome");

    /// <summary>The user went on without an answer.</summary>
    public static readonly GenerationError Superseded =
        new(ToolErrors.Superseded, "The user went on without answering");

    /// <summary>Nobody answered in time.</summary>
    public static readonly GenerationError Expired = new(ToolErrors.Expired, "Nobody answered in time");

    /// <summary>A crash, a shutdown, or another node came between.</summary>
    public static readonly GenerationError Interrupted =
        new(ToolErrors.Interrupted, "The server ended during this call; its outcome is not known");

    /// <summary>The call belongs to a history that was restored or failed over.</summary>
    public static readonly GenerationError Restored =
        new(ToolErrors.Interrupted, "The database was restored since; this call is not made any more");

    /// <summary>The reply has ended before the call.</summary>
    public static readonly GenerationError Ended =
        new(ToolErrors.Stopped, "The reply ended before this call had an outcome");
}
