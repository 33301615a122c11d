using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

/// <summary>Where people come in: a node itself, or what stands in front of several.</summary>
/// <param name="Url">What they call.</param>
/// <param name="Open">Ends when it is worth trying again.</param>
sealed record Door(Uri Url, Func<Task> Open)
{
    public static implicit operator Door(Node node) => new(node.Url, () => node.Up);

    public static implicit operator Door(Uri url) => new(url, () => Task.CompletedTask);
}
