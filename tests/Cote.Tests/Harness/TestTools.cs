using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Harness;

/// <summary>
/// Tools of a server, each of another kind: <c>look</c> only reads, <c>save</c> changes something, <c>again</c> may be
/// repeated, <c>send</c> asks, <c>trust</c> never asks. They say that they have run, unless the test has them do
/// something else.
/// </summary>
public sealed partial class TestTools
{
    readonly ConcurrentQueue<string> _ran = [];

    /// <summary>What a tool does: given its arguments, who calls it, and the token.</summary>
    public ConcurrentDictionary<string, Func<JsonElement, ToolCallContext, CancellationToken, Task<object?>>> Does
    { get; } = [];

    /// <summary>The calls so far, each as the tool and its arguments.</summary>
    public IReadOnlyList<string> Ran => [.. _ran];

    /// <summary>Nothing has run, and every tool says that it has.</summary>
    public void Clear()
    {
        _ran.Clear();
        Does.Clear();
    }

    public void AddTo(CoteBuilder server)
    {
        Add(server, "look", new() { IsReadOnly = true, Title = "Look up" });
        Add(server, "save", new());
        Add(server, "again", new() { IsIdempotent = true });
        Add(server, "send", new() { Approval = ToolApproval.Ask });
        Add(server, "trust", new() { IsTrusted = true });
    }

    /// <summary>A part without the time that its call took.</summary>
    public static string WithoutTime(string part) => Ms().Replace(part, "\"ms\":0");

    void Add(CoteBuilder server, string name, ToolSettings settings) => server.AddTool(
        AIFunctionFactory.Create(
            async (AIFunctionArguments arguments, CancellationToken ct) =>
            {
                var given = JsonSerializer.SerializeToElement(arguments.ToDictionary());
                _ran.Enqueue($"{name} {given.GetRawText()}");
                return Does.TryGetValue(name, out var tool)
                    ? await tool(given, ToolCallContext.Of(arguments)!, ct) : $"{name} has run";
            }, name, $"What {name} does."), settings);

    [GeneratedRegex("\"ms\":\\d+")]
    private static partial Regex Ms();
}
