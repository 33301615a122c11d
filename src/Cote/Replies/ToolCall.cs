using System.Globalization;
using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Tools;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>A tool call of a reply.</summary>
/// <param name="Step">The model call that asked for it, from 0.</param>
/// <param name="Index">Its place in the step.</param>
/// <param name="PartIndex">The place of its part in the reply.</param>
/// <param name="ProviderCallId">The model's own id, which its result is given back with.</param>
/// <param name="Part">The call as clients see it.</param>
/// <param name="Hash">Tells the definition that the model was shown.</param>
/// <param name="IsRepeatable">Whether it may be executed again after a crash.</param>
/// <param name="Epoch">The epoch in which it was made.</param>
sealed record ToolCall(
    int Step, int Index, int PartIndex, string ProviderCallId, ToolPart Part, string Hash, bool IsRepeatable,
    string Epoch)
{
    /// <summary>Of a step's first call: what the provider demands back of its thoughts.</summary>
    public IReadOnlyList<string> Sealed { get; init; } = [];

    public bool IsOpen => !CallStates.IsFinal(Part.State);

    public bool IsWaiting => Part.State == CallStates.Waiting;

    public bool IsClients => Part.Source == ToolSources.Client;

    /// <summary>
    /// Whether a tool has given it a text, which is not to be trusted. What a tool says of its failure is one too.
    /// </summary>
    public bool HasForeignText => Part.OutputText is { Length: > 0 } || Part.Error?.Code == ToolErrors.Failed;

    /// <summary>The id of a call in its reply.</summary>
    public static string IdOf(int step, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"call_{step}_{index}");

    /// <summary>The same at every execution of this call, and no other's.</summary>
    public string KeyIn(string replyId) => string.Create(CultureInfo.InvariantCulture, $"{replyId}:{Step}:{Index}");

    /// <summary>The same call with another form of its part.</summary>
    public ToolCall With(ToolPart part) => this with { Part = part };

    /// <summary>The call as the model has made it.</summary>
    public FunctionCallContent ToContent()
    {
        var isObject = Part.Input.ValueKind == JsonValueKind.Object;
        return new(ProviderCallId, Part.Name, isObject
            ? Part.Input.EnumerateObject().ToDictionary(x => x.Name, x => (object?)x.Value) : null)
        {
            RawRepresentation = isObject ? Part.Input.GetRawText() : Part.Input.String(),
        };
    }

    /// <summary>What the model is told of it.</summary>
    public FunctionResultContent ToResult() => new(ProviderCallId, (Part.Error, Part.OutputText) switch
    {
        ({ } error, { Length: > 0 } output) => $"{error.Detail}.\n{output}",
        ({ } error, _) => $"{error.Detail}.",
        (_, { } output) => output,
        _ => "",
    });
}

/// <summary>A step of a reply that is over but for its calls.</summary>
/// <param name="Text">What the model said in it.</param>
/// <param name="Calls">What it asked for.</param>
sealed record PastStep(string Text, IReadOnlyList<ToolCall> Calls)
{
    /// <summary>About how many tokens it takes in a prompt.</summary>
    public long Tokens => TokenEstimate.Of(Text) + Calls.Sum(x => TokenEstimate.Of(x.Part.Name)
        + TokenEstimate.Of(x.Part.Input.GetRawText()) + TokenEstimate.Of(x.ToResult().Result as string ?? ""));

    /// <summary>The steps of a reply as far as it has come.</summary>
    public static IReadOnlyList<PastStep> In(ReplyText text, IReadOnlyList<ToolCall> calls)
    {
        var texts = new List<string> { "" };
        foreach (var item in text.Parts.Items)
            if (item.Part is StepPart)
                texts.Add("");
            else if (item.Part is TextPart part)
                texts[^1] += (texts[^1].Length > 0 ? "\n\n" : "") + text.Content[part.Start..part.End];
        return [.. calls.GroupBy(x => x.Step).OrderBy(x => x.Key)
            .Select(x => new PastStep(x.Key < texts.Count ? texts[x.Key] : "", [.. x.OrderBy(y => y.Index)]))];
    }
}
