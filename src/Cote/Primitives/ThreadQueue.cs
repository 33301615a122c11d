using System.Runtime.CompilerServices;

namespace Cote.Primitives;

/// <summary>The queue of work of the thread pool.</summary>
static class ThreadQueue
{
    /// <summary>
    /// Awaited, it lets the thread go on with what it was at: what follows is long, or blocks, and would hold up a
    /// loop, a timer or the socket that a request came by.
    /// </summary>
    public static ConfiguredTaskAwaitable TurnAsync() =>
        Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
