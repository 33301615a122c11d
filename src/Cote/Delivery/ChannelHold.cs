namespace Cote.Delivery;

/// <summary>
/// Keeps the channel of a user from before a send until the stream of the reply is over. The channel counts what is
/// committed meanwhile: where that is the send alone, the stream need not read the log to learn that it is at its end.
/// </summary>
sealed class ChannelHold(Hub hub, UserChannel channel) : IDisposable
{
    readonly long _commits = channel.Commits;

    /// <summary>The send is committed, and this is its last event.</summary>
    public void OnSent(long seq) => channel.KnowEnd(seq, _commits + 1);

    public void Dispose() => hub.Release(channel);
}
