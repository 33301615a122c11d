using Microsoft.Extensions.Hosting;

namespace Cote.Events;

/// <summary>What a node says to the others. The letters are the wire's.</summary>
enum Word
{
    /// <summary>Events of this user were committed.</summary>
    Committed = 'e',

    /// <summary>A reply of this user was claimed, or its text was kept.</summary>
    Shown = 'c',

    /// <summary>A reply waits in this chat for somebody to make it.</summary>
    Waiting = 'w',

    /// <summary>This reply should stop: its row says so, or is gone.</summary>
    Stop = 's',

    /// <summary>Sessions were revoked.</summary>
    Revoked = 'r',

    /// <summary>More was to be said than fits: look at everything.</summary>
    Everything = '*',
}

/// <summary>One word, and whom it is about; <paramref name="Id"/> is the chat's or the reply's.</summary>
readonly record struct Hint(Word Word, string UserId = "", string Id = "");

/// <summary>
/// The signal between nodes: after a commit, whoever might be concerned is told to look. Every word is a hint and the
/// truth stands in the rows: a word may come late, twice or never, and a sweep finds what was not heard.
/// </summary>
abstract class NodeSignal : BackgroundService
{
    /// <summary>Another node has said something. Called in order, on one thread; whoever hears it does not wait.</summary>
    public event Action<Hint>? Heard;

    /// <summary>False while words of others do not come through: then whoever must know has to look more often.</summary>
    public abstract bool IsHeard { get; }

    /// <summary>Tells the other nodes, soon. Never waits and never fails.</summary>
    public abstract void Say(Hint hint);

    protected void Hear(Hint hint) => Heard?.Invoke(hint);
}

/// <summary>The embedded database has one node: there is nobody to tell.</summary>
sealed class NoSignal : NodeSignal
{
    public override bool IsHeard => true;

    public override void Say(Hint hint) { }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}
