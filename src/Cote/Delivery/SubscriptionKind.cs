namespace Cote.Delivery;

/// <summary>What a subscription serves. Each kind has a limit for one user.</summary>
enum SubscriptionKind
{
    /// <summary>A socket, or the stream of all events.</summary>
    Connection,

    /// <summary>A long-poll, or the stream of one reply.</summary>
    Request,

    /// <summary>The stream of a share. It counts in no limit of the user, and shows the user nothing.</summary>
    Share,
}
