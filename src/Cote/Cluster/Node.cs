using Cote.Primitives;

namespace Cote.Cluster;

/// <summary>This process among others on the same database. Its id is another one at every start.</summary>
sealed class Node(Clock clock)
{
    public string Id { get; } = clock.NewId();
}
