using System.Text.Json;
using Cote.Chats;
using Cote.Replies;
using Cote.Tools;

namespace Cote.Dialects.OpenAI;

/// <summary>Answers calls of a reply that waits with what a request says to them.</summary>
sealed class TurnAnswers(MessageStore messages, ToolAnswers toolAnswers, OpenAITurnStore store)
{
    /// <summary>Answers every call that waits; what is missing, or fits none, changes nothing.</summary>
    public async Task<(StartedTurn? Turn, OpenAIError? Error)> DoAsync(
        CurrentUser user, TurnPlace place, IReadOnlyList<TurnAnswer> given, CancellationToken ct)
    {
        var userId = user.Id;
        var replyId = OpenAIIds.CallIn(given[0].CallId)?.ReplyId
            ?? OpenAIIds.ItemIn(given[0].CallId)?.MessageId ?? place.ReplyId;
        if (replyId is null
            || await messages.FindAsync(userId, place.ChatId, replyId, ct, PartsView.All) is not { } reply)
            return (null, NoCall(given[0]));
        var bodies = new List<(string CallId, int Place, JsonElement Body)>();
        foreach (var item in given)
        {
            if (FindCall(reply, item) is not var (at, call))
                return (null, NoCall(item));
            var (body, wrong) = BodyOf(item, call);
            if (body is not { } read)
                return (null, wrong);
            if (read.TryGetProperty("approve", out _) && !user.Allows(KeyScopes.Approve))
                return (null, OpenAIError.Of(Problems.InsufficientScope));
            bodies.Add((call.CallId, at, read));
        }
        if (reply.Parts?.OfType<ToolPart>().FirstOrDefault(x => x.State == CallStates.Waiting
            && !bodies.Exists(y => y.CallId == x.CallId)) is { } left)
            return (null, OpenAIError.Wrong(
                given[0].Param,
                $"No output was found for the call `{OpenAIIds.OfCall(reply.Id, left.CallId)}`: answer all of them."));
        foreach (var (callId, _, body) in bodies)
        {
            var outcome = await toolAnswers.DoAsync(userId, reply.ChatId, reply.Id, callId, new(body), ct);
            if (outcome.Problem is { } problem)
                return (null, OpenAIError.Of(problem));
        }
        var waits = await store.ListWaitsAsync(userId, reply.Id, ct);
        var last = bodies.Max(x => x.Place);
        var index = waits.ToList().FindIndex(x => x.Asked.Contains(last));
        return await messages.FindAsync(userId, reply.ChatId, reply.Id, ct, PartsView.All) is { } answered
            ? (new(answered, index + 1), null) : (null, OpenAIError.Of(Problems.MessageNotFound));
    }

    static OpenAIError NoCall(TurnAnswer item) => OpenAIError.Wrong(
        item.Param, $"There is no call `{Primitives.Excerpt.Of(item.CallId, 200)}` that this answers.");

    static (int Place, ToolPart Call)? FindCall(Message reply, TurnAnswer item)
    {
        var parts = reply.Parts ?? [];
        if (OpenAIIds.CallIn(item.CallId) is var (replyId, callId) && replyId != reply.Id)
            return null;
        else if (item.CallId.StartsWith(OpenAIIds.Approval, StringComparison.Ordinal))
            return OpenAIIds.ItemIn(item.CallId) is { Part: { } place } key && key.MessageId == reply.Id
                && place < parts.Count && parts[place] is ToolPart asked ? (place, asked) : null;
        var own = OpenAIIds.CallIn(item.CallId)?.CallId ?? item.CallId;
        for (var place = 0; place < parts.Count; place++)
            if (parts[place] is ToolPart call && call.CallId == own)
                return (place, call);
        return null;
    }

    // The body of Cote's own route.
    static (JsonElement? Body, OpenAIError? Error) BodyOf(TurnAnswer item, ToolPart call)
    {
        var isClients = call.Source == ToolSources.Client;
        if (isClients && item.Output is null)
            return (null, OpenAIError.Wrong(item.Param, "A call of a client's tool is answered with its output."));
        var approves = item.Approves ?? (isClients ? null : ApprovalIn(item.Output!));
        if (!isClients && approves is null)
            return (null, OpenAIError.Wrong(item.Param,
                "This call is the server's: say whether it is allowed, with `approve` or `deny`."));
        return (JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            if (isClients)
            {
                json.WriteString("output"u8, item.Output);
                json.WriteString("client_id"u8, OpenAITurn.ClientId);
            }
            else
            {
                json.WriteBoolean("approve"u8, approves!.Value);
                if (item.Reason is not null)
                    json.WriteString("reason"u8, item.Reason);
            }
            json.WriteEndObject();
        })), null);
    }

    // Chat completions know only outputs: of a call that is to be allowed it is a word, or {"approve": true}.
    static bool? ApprovalIn(string output) => output.Trim().ToLowerInvariant() switch
    {
        "approve" or "approved" or "allow" or "yes" or "true" => true,
        "deny" or "denied" or "no" or "false" => false,
        ['{', ..] and var json when ToolJsonOf(json) is { } value
            && TurnReader.Get(value, "approve") is { ValueKind: JsonValueKind.True or JsonValueKind.False } approve =>
            approve.GetBoolean(),
        _ => null,
    };

    static JsonElement? ToolJsonOf(string json) => Models.ToolJson.ValueOf(json);
}
