using System.Reflection;

namespace Cote.Cluster;

/// <summary>This process among others on the same database.</summary>
sealed class Node(Clock clock)
{
    /// <summary>A new id at each start: the owner of the replies that this process makes.</summary>
    public string Id { get; } = clock.NewId();

    /// <summary>When it started.</summary>
    public Timestamp StartedAt { get; } = clock.Now;

    /// <summary>The version of the program.</summary>
    public static string Version { get; } = typeof(Node).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
