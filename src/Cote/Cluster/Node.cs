namespace Cote.Cluster;

/// <summary>This process among others on the same database.</summary>
sealed class Node(Clock clock)
{
    /// <summary>A new id at each start: the owner of the replies that this process makes.</summary>
    public string Id { get; } = clock.NewId();
}
