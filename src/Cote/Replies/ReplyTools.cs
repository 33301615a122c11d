using System.Text;
using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Models;
using Cote.Primitives;
using Cote.Tools;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>
/// The tools of one reply: what its models are offered, and what they ask for. <see cref="ToolRun"/> executes it.
/// </summary>
sealed class ReplyTools(PendingReplyRow reply, ReplyRunContext context)
{
    static readonly JsonElement NoArguments = JsonElement.Parse("{}"u8);

    readonly IReadOnlyList<ToolDefinition> _clients = ClientTools.Parse(reply.ClientTools);
    readonly Dictionary<string, ServerTool> _offered = new(StringComparer.Ordinal);
    readonly Lock _gate = new();
    // Replaced whole: calls that run at the same time end while others look through it.
    volatile IReadOnlyList<ToolCall> _calls = [];

    /// <summary>The calls of the reply, in their order.</summary>
    public IReadOnlyList<ToolCall> Calls => _calls;

    /// <summary>How many steps are over.</summary>
    public int Steps => _calls is [.., var last] ? last.Step + 1 : 0;

    /// <summary>Whether calls have no outcome yet, or a client's has more output than is kept in it.</summary>
    public bool HasWork => _calls.Any(x => x.IsOpen || context.Outputs.IsLong(x.Part));

    /// <summary>Whether open calls belong to a history of the database before this one.</summary>
    public bool AreOfOtherEpoch => _calls.Any(x => x.IsOpen && x.Epoch != context.Events.Epoch);

    /// <summary>Reads the calls of the steps that are over.</summary>
    public async Task LoadAsync(CancellationToken ct)
    {
        if (reply.KeptParts > 0)
            _calls = await context.ToolCalls.ListAsync(reply.UserId, reply.Id, ct);
    }

    /// <summary>A call has another form now.</summary>
    public void Put(ToolCall call)
    {
        lock (_gate)
            _calls = [.. _calls.Select(x => (x.Step, x.Index) == (call.Step, call.Index) ? call : x)];
    }

    /// <summary>A step is over, and has these calls.</summary>
    public void Add(IEnumerable<ToolCall> calls)
    {
        lock (_gate)
            _calls = [.. _calls, .. calls];
    }

    /// <summary>The tools that a model is offered now.</summary>
    public async Task<IList<AITool>> OfferAsync(Provider provider, string model, CancellationToken ct)
    {
        _offered.Clear();
        if (!provider.TakesTools(model))
            return [];
        foreach (var tool in await context.Tools.OfferAsync(reply.ChosenTools, provider.IsDemo, ct))
            _offered.TryAdd(tool.Definition.Name, tool);
        List<AITool> offered = [.. _offered.Values.Select(x => x.Definition.Declaration),
            .. _clients.Select(x => x.Declaration)];
        // A provider wants to be told of every tool that the prompt has calls of.
        foreach (var name in _calls.Select(x => x.Part.Name).Distinct())
            if (!offered.Exists(x => x.Name == name))
                offered.Add(AIFunctionFactory.CreateDeclaration(name, "", NoArguments, null));
        return offered;
    }

    /// <summary>About how many tokens tools take in a prompt.</summary>
    public static long TokensOf(IEnumerable<AITool> tools) => tools.OfType<AIFunctionDeclaration>().Sum(
        x => TokenEstimate.Of(x.Name + x.Description) + TokenEstimate.Of(x.JsonSchema.GetRawText()));

    /// <summary>The tool of a call as it was offered in this run; null where an earlier one offered it.</summary>
    public ServerTool? OfferedFor(ToolCall call) => _offered.GetValueOrDefault(call.Part.Name) is { } tool
        && tool.Definition.Hash == call.Hash ? tool : null;

    /// <summary>The calls that a model asks for at the end of a step.</summary>
    /// <param name="asked">What it asks for.</param>
    /// <param name="sealedThoughts">What its provider demands back of its thoughts.</param>
    /// <param name="firstPart">The place of the first one's part.</param>
    /// <param name="hasDocuments">Whether the text of an upload was in the prompt.</param>
    public IReadOnlyList<ToolCall> Propose(
        IReadOnlyList<FunctionCallContent> asked, IReadOnlyList<string> sealedThoughts, int firstPart,
        bool hasDocuments)
    {
        var isTainted = hasDocuments || _calls.Any(x => x.HasForeignText);
        return [.. asked.Select((call, index) =>
            Propose(call, Steps, index, firstPart + index, isTainted) with
            {
                Sealed = index == 0 ? sealedThoughts : [],
            })];
    }

    ToolCall Propose(FunctionCallContent asked, int step, int index, int part, bool isTainted)
    {
        var name = ToolJson.NameOf(asked.Name);
        var client = _clients.FirstOrDefault(x => x.Name == name);
        var tool = client ?? _offered.GetValueOrDefault(name)?.Definition;
        var raw = asked.RawRepresentation as string ?? ToolJson.ArgumentsOf(asked);
        var isLong = Encoding.UTF8.GetByteCount(raw) > context.ToolLimits.ArgumentBytes;
        var input = isLong ? null : ObjectIn(raw);
        var error = _calls.Count + index >= context.ToolLimits.Calls
            ? new(ToolErrors.Limit, $"A reply makes at most {context.ToolLimits.Calls} tool calls")
            : tool is null ? new(ToolErrors.Gone, "There is no tool of this name")
            : isLong ? new(ToolErrors.Limit,
                $"The arguments have more than {context.ToolLimits.ArgumentBytes} bytes; make them shorter")
            : input is null ? new GenerationError(ToolErrors.BadArguments, "The arguments are no JSON object")
            : null;
        var state = error is not null ? CallStates.Failed
            : client is not null || MustAsk(tool!, isTainted) ? CallStates.Waiting : CallStates.Proposed;
        return new(
            step, index, part, WellFormedText.Of(asked.CallId),
            new ToolPart(
                ToolCall.IdOf(step, index), name, tool?.Title, tool?.Source ?? ToolSources.Server,
                client is null ? null : reply.ClientId, state,
                input ?? ToolPart.TextElement(
                    WellFormedText.Of(Utf8Text.Beginning(raw, context.ToolLimits.ArgumentBytes))),
                Error: error),
            tool?.Hash ?? "", tool?.IsRepeatable == true, context.Events.Epoch);
    }

    // The text of a tool or a document may hold orders of a stranger, which must change nothing unseen.
    static bool MustAsk(ToolDefinition tool, bool isTainted) =>
        tool.Asks || isTainted && !tool.IsReadOnly && !tool.IsTrusted;

    static JsonElement? ObjectIn(string json) =>
        ToolJson.ValueOf(json) is { ValueKind: JsonValueKind.Object } value ? value : null;
}
