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
    const int MostWatched = 1_000; // a client may name any model of a server that lists them itself

    readonly ConcurrentDictionary<string, Lazy<IChatClient>> _clients = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, int> _windows = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, ModelWatch> _watches = new(StringComparer.Ordinal);

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

    /// <summary>Whether its models hear audio.</summary>
    public bool Audio { get; init; }

    /// <summary>Whether its models call tools.</summary>
    public bool Tools { get; init; } = true;

    /// <summary>
    /// Whether its models may begin an answer with their thoughts between <c>&lt;think&gt;</c> and
    /// <c>&lt;/think&gt;</c>.
    /// </summary>
    public bool ThinkTags { get; init; }

    /// <summary>What differs for single models, by their names.</summary>
    public IReadOnlyDictionary<string, ModelSettings> ModelSettings { get; init; } =
        new Dictionary<string, ModelSettings>();

    /// <summary>The models that its server lists itself; null where it is not asked.</summary>
    internal ModelList? Listed { get; init; }

    /// <summary>Where it transcribes; null where it does not speak OpenAI's API.</summary>
    internal TranscriptionEndpoint? Transcriptions { get; init; }

    /// <summary>Where the gateway hands bodies on; null where it does not speak OpenAI's API.</summary>
    internal OpenAIEndpoint? OpenAI { get; init; }

    /// <summary>Whether it is reached by one of the wires, and not by a client of the host's own.</summary>
    internal bool IsWire { get; init; }

    /// <summary>Whether its API has recordings.</summary>
    internal bool TakesSound { get; init; } = true;

    /// <summary>Whether its API takes the form that an answer is to have.</summary>
    internal bool TakesFormat { get; init; } = true;

    /// <summary>Whether it is the assistant that is always there.</summary>
    internal bool IsDemo => Name == DemoChatClient.Provider;

    /// <summary>The client of one of its models, the same for every call.</summary>
    public IChatClient Open(string model) =>
        _clients.GetOrAdd(model, static (model, open) => new(() => open(model)), open).Value;

    /// <summary>The context window of one of its models, or null where it is unknown.</summary>
    internal int? ContextTokensOf(string model) => SettingsOf(model)?.ContextTokens ?? ContextTokens;

    /// <summary>The most tokens of a reply by one of its models, where the chat does not say.</summary>
    internal int? MaxTokensOf(string model) => SettingsOf(model)?.MaxTokens ?? MaxTokens;

    /// <summary>The sampling temperature of one of its models, where the chat does not say.</summary>
    internal double? TemperatureOf(string model) => SettingsOf(model)?.Temperature ?? Temperature;

    /// <summary>Whether one of its models sees images: so configured, and not refused by it since the start.</summary>
    internal bool Sees(string model) =>
        (SettingsOf(model)?.Vision ?? Vision) && OpenedWire(model) is not { SeesImages: false };

    /// <summary>Whether one of its models hears audio: so configured, and not refused by it since the start.</summary>
    internal bool Hears(string model) => TakesSound
        && (SettingsOf(model)?.Audio ?? Audio) && OpenedWire(model) is not { HearsAudio: false };

    /// <summary>Whether one of its models takes tools: so configured, and not refused by it since the start.</summary>
    internal bool TakesTools(string model) =>
        (SettingsOf(model)?.Tools ?? Tools) && OpenedWire(model) is not { TakesTools: false };

    /// <summary>
    /// Whether a chat may choose a model of this name. Any name may, until the server that lists its models has said
    /// which there are.
    /// </summary>
    internal bool Offers(string model) => Models.Contains(model)
        || Listed is { } listed && (listed.Names?.Contains(model) ?? ModelList.IsName(model));

    /// <summary>The context window of a model as its refusals since the start show it, or null.</summary>
    internal int? LearntWindow(string model) => _windows.TryGetValue(model, out var window) ? window : null;

    /// <summary>Remembers that a prompt of so many tokens was too long for one of its models.</summary>
    internal void LearnWindow(string model, long tokens)
    {
        // A server that refuses everything as too long teaches nothing about its window.
        var window = (int)Math.Max(tokens, LeastLearntWindow);
        _windows.AddOrUpdate(model, window, (_, known) => Math.Min(known, window));
    }

    /// <summary>Watches the calls of one of its models; beyond a thousand names nothing is kept.</summary>
    internal ModelWatch WatchOf(string model) => _watches.TryGetValue(model, out var watch) ? watch
        : _watches.Count < MostWatched || Models.Contains(model) ? _watches.GetOrAdd(model, x => new(x)) : new(model);

    /// <summary>What was seen of its models: those that are configured, and those that were called.</summary>
    internal IReadOnlyList<ModelView> LookAtModels() =>
        [.. Models.Union(_watches.Keys.Order(StringComparer.Ordinal)).Select(x => WatchOf(x).Look())];

    ModelSettings? SettingsOf(string model) => ModelSettings.GetValueOrDefault(model);

    WireChatClient? OpenedWire(string model) =>
        _clients.TryGetValue(model, out var client) && client.IsValueCreated ? client.Value as WireChatClient : null;
}
