using System.Collections.Concurrent;
using System.Text.Json;

namespace Cote.BlackBox.Crash;

// Replies of three steps with four calls: one reads, one counts, one asks, and one is the client's.
sealed partial class Story
{
    /// <summary>How a question begins whose reply has steps.</summary>
    public const string AsksForSteps = "steps ";

    /// <summary>How many steps such a reply has.</summary>
    public const int Steps = 3;

    /// <summary>What its question brings, as <c>client_tools</c>.</summary>
    public const string ClientTools = """
        [{"name":"place","description":"Where the phone is.","parameters":{"type":"object","properties":{}}}]
        """;

    /// <summary>Its calls by their ids.</summary>
    public static readonly IReadOnlyDictionary<string, string> Calls = new Dictionary<string, string>
    {
        ["call_0_0"] = "crash__look",
        ["call_0_1"] = "crash__add",
        ["call_1_0"] = "ask__note",
        ["call_1_1"] = "place",
    };

    readonly ConcurrentDictionary<string, ConcurrentQueue<IReadOnlyList<string>>> _turns = [];

    /// <summary>Where people use tools, those that are executed; null where they use none.</summary>
    public CountingTools? Tools { get; init; }

    /// <summary>How many attempts a model call takes: a reservation is one of its own.</summary>
    public int AttemptsEach => Tools is null ? 1 : 2;

    public static bool HasSteps(string question) => question.StartsWith(AsksForSteps, StringComparison.Ordinal);

    /// <summary>
    /// What stood after a question in each model call for it, in their order: the model's turns and the results.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> TurnsAfter(string question) =>
        _turns.TryGetValue(question, out var turns) ? [.. turns] : [];

    FakeReply Step(string question, FakeRequest request)
    {
        var turns = request.Messages.EnumerateArray().Reverse()
            .TakeWhile(x => x.GetProperty("role").GetString() != "user").Reverse().ToList();
        _turns.GetOrAdd(question, _ => []).Enqueue([.. turns.Select(x => x.GetRawText())]);
        var step = turns.Count(x => x.GetProperty("role").GetString() == "assistant");
        var reply = FakeReply.Paced(_pause, Chunks($"{question}:{step}", _words / Steps));
        foreach (var (id, name) in Calls.Where(x => x.Key[5] - '0' == step))
            reply = reply.ThenCall(name, JsonSerializer.Serialize(new { question }), id);
        return reply;
    }

    string StepText(string question, int step) => string.Concat(Chunks($"{question}:{step}", _words / Steps));
}
