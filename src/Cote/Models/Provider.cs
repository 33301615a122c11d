using System.Collections.Concurrent;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote;

/// <summary>
/// A provider of models: a name, the models it offers, and how to open one. Any <see cref="IChatClient"/> will do. Its
/// stream must end with a finish reason, else the reply counts as truncated. An error is understood from its exception:
/// a <see cref="ModelFaultException"/> says exactly what went wrong, <see cref="HttpRequestException"/> and the SDKs'
/// own exceptions have a status, <see cref="TimeoutException"/> is a timeout, and anything else is a broken call.
/// </summary>
/// <param name="name">Stands before the slash in <c>provider/model</c>; without a slash itself.</param>
/// <param name="models">The first is the default.</param>
/// <param name="open">Called once for each model that is used; the client serves many calls at a time.</param>
public sealed class Provider(string name, IEnumerable<string> models, Func<string, IChatClient> open)
{
    const int LeastLearntWindow = 1_024;

    readonly ConcurrentDictionary<string, Lazy<IChatClient>> _clients = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, int> _windows = new(StringComparer.Ordinal);

    /// <summary>The name of the provider, such as <c>openai</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The names of its models, its default first.</summary>
    public IReadOnlyList<string> Models { get; } = [.. models];

    /// <summary>The model that answers where only the provider is named.</summary>
    public string DefaultModel => Models[0];

    /// <summary>The context window of its models in tokens, or null where it is unknown.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The most tokens of a reply, where the chat does not say.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The sampling temperature from 0 to 2, where the chat does not say.</summary>
    public double? Temperature { get; init; }

    /// <summary>Whether its models see images.</summary>
    public bool Vision { get; init; } = true;

    /// <summary>The client of one of its models, the same for every call.</summary>
    public IChatClient Open(string model) =>
        _clients.GetOrAdd(model, static (model, open) => new(() => open(model)), open).Value;

    /// <summary>Whether one of its models sees images: so configured, and not refused by it since the start.</summary>
    internal bool Sees(string model) => Vision && !(_clients.TryGetValue(model, out var client)
        && client is { IsValueCreated: true, Value: WireChatClient { SeesImages: false } });

    /// <summary>Whether one of its models takes tools: it has not refused them since the start.</summary>
    internal bool TakesTools(string model) => !(_clients.TryGetValue(model, out var client)
        && client is { IsValueCreated: true, Value: WireChatClient { TakesTools: false } });

    /// <summary>The context window of a model as its refusals since the start show it, or null.</summary>
    internal int? LearntWindow(string model) => _windows.TryGetValue(model, out var window) ? window : null;

    /// <summary>Remembers that a prompt of so many tokens was too long for one of its models.</summary>
    internal void LearnWindow(string model, long tokens)
    {
        // A server that refuses everything as too long teaches nothing about its window.
        var window = (int)Math.Max(tokens, LeastLearntWindow);
        _windows.AddOrUpdate(model, window, (_, known) => Math.Min(known, window));
    }
}
