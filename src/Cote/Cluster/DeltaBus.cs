using Cote.Events;
using Microsoft.Extensions.Hosting;

namespace Cote.Cluster;

/// <summary>
/// Text of a reply that another node makes: from <paramref name="Offset"/> on, or all of it where that is null.
/// </summary>
readonly record struct ReplyDelta(string ReplyId, long Attempt, int? Offset, string Text);

/// <summary>
/// What passes between nodes and is nobody's history: the text of running replies between their checkpoints, and who is
/// typing. All of it may be lost: who follows a reply says how far it is and is told what it does not have.
/// </summary>
abstract class DeltaBus : BackgroundService
{
    /// <summary>The home of a reply has told of it: the user, and what is told.</summary>
    public event Action<string, ReplyDelta>? DeltaReceived;

    /// <summary>Somebody of this user types, on another node: the frame to show.</summary>
    public event Action<string, Frame>? TypingReceived;

    /// <summary>It can be heard again; what was asked for before may be forgotten.</summary>
    public event Action? Reconnected;

    /// <summary>Asks the home of a reply for its text from here on, for half a minute: ask again before that is over.</summary>
    public abstract void Follow(string home, string userId, string replyId, long attempt, int length);

    /// <summary>Shows a frame on all other nodes.</summary>
    public abstract void PublishTyping(string userId, Frame frame);

    protected void OnReconnected() => Reconnected?.Invoke();

    protected void OnDelta(string userId, ReplyDelta told) => DeltaReceived?.Invoke(userId, told);

    protected void OnTyping(string userId, Frame frame) => TypingReceived?.Invoke(userId, frame);
}

/// <summary>Without a broker replies that other nodes make are seen by their checkpoints, once a second.</summary>
sealed class NoDeltaBus : DeltaBus
{
    public override void Follow(string home, string userId, string replyId, long attempt, int length) { }

    public override void PublishTyping(string userId, Frame frame) { }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}
