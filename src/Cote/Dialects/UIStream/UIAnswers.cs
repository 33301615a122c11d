using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Replies;
using Cote.Tools;

namespace Cote.Dialects.UIStream;

/// <summary>
/// The answers to calls that stand in a reply as a client shows it. Only those to calls that wait count; nothing else
/// of the reply is read.
/// </summary>
sealed class UIAnswers(MessageStore messages, ToolAnswers answers)
{
    const int MostParts = 10_000;

    /// <summary>Answers the calls; the reply, and what the client has of it.</summary>
    public async Task<UITurn> DoAsync(CurrentUser user, UIChatRequest request, CancellationToken ct)
    {
        var parts = request.Last!.NestedObjects("parts", MostParts);
        var id = request.LastId;
        if (request.Body.Problem is { } wrong)
            return wrong;
        if (id is null || await messages.FindAsync(
            user.Id, request.ChatId, request.IdOf(id), ct, PartsView.All) is not { Sender: Senders.Ai } reply)
            return Problems.MessageNotFound;
        var given = Given(reply, parts);
        if (given.Count == 0 || !given.Values.Any(x => x.IsLast))
            return reply.HasEnded ? Problems.ReplyEnded : NothingAnswered(request);
        var isWaiting = reply.Generation?.State == States.Waiting;
        var taken = 0;
        foreach (var (index, answer) in given)
        {
            if (((ToolPart)reply.Parts![index]).State != CallStates.Waiting)
                continue;
            if (answer.IsApproval && !user.Allows(KeyScopes.Approve))
                return Problems.InsufficientScope;
            var outcome = await answers.DoAsync(
                user.Id, request.ChatId, reply.Id, answer.CallId, BodyOf(answer, request), ct);
            // Somebody else was first, or it has ended meanwhile: what became of it is shown.
            if (outcome.Problem is { } refused && refused.Code != Problems.AlreadyAnswered.Code
                && refused.Code != Problems.ReplyEnded.Code)
                return refused;
            taken++;
        }
        if (isWaiting && taken == 0)
            return NothingAnswered(request);
        return new(null, reply, KnownOf(reply, given, isWaiting));
    }

    sealed record Answer(string CallId, bool IsApproval, JsonElement Part, bool IsLast);

    // By the places of the calls in the reply. A client shows them under ids of the whole chat.
    static SortedDictionary<int, Answer> Given(Message reply, IReadOnlyList<RequestReader> parts)
    {
        var answers = new SortedDictionary<int, Answer>();
        var places = (reply.Parts ?? []).Index().Where(x => x.Item is ToolPart)
            .ToDictionary(x => UIStreamWriter.CallIdOf(reply.Id, ((ToolPart)x.Item).CallId), x => x.Index);
        var lastStep = parts.ToList().FindLastIndex(x => x.Json.String("type") == "step-start");
        foreach (var (at, part) in parts.Index())
        {
            if (part.Json.String("toolCallId") is not { } id || !places.TryGetValue(id, out var index))
                continue;
            var call = (ToolPart)reply.Parts![index];
            var isApproval = call.Source != ToolSources.Client;
            var isAnswer = part.Json.String("state") switch
            {
                "approval-responded" => isApproval
                    && part.Json.Member("approval")?.Member("approved") is { } flag
                    && flag.ValueKind is JsonValueKind.True or JsonValueKind.False,
                "output-available" or "output-error" => !isApproval,
                _ => false,
            };
            if (isAnswer)
                answers[index] = new(call.CallId, isApproval, part.Json, at > lastStep);
        }
        return answers;
    }

    static RequestReader BodyOf(Answer answer, UIChatRequest request) =>
        new(JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            if (answer.IsApproval)
            {
                var approval = answer.Part.GetProperty("approval");
                json.WriteBoolean("approve"u8, approval.GetProperty("approved").GetBoolean());
                Copy(json, "reason", approval.Member("reason"));
            }
            else if (answer.Part.String("state") == "output-error")
            {
                if (answer.Part.Member("errorText", JsonValueKind.String) is { } text)
                    Copy(json, "error", text);
                else
                    json.WriteString("error"u8, "");
            }
            else
            {
                json.WritePropertyName("output"u8);
                if (answer.Part.Member("output") is { } output)
                    json.WriteRawValue(output.GetRawText());
                else
                    json.WriteNullValue();
            }
            request.CopyTo(json, "client_id");
            json.WriteEndObject();
        }), new() { MaxDepth = 64 }));

    static void Copy(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is not { } given)
            return;
        json.WritePropertyName(name);
        json.WriteRawValue(given.GetRawText());
    }

    static Problem NothingAnswered(UIChatRequest request)
    {
        request.Last!.AddError("parts", "no call that waits is answered in the last message");
        return request.Body.Problem!;
    }

    // The client has all up to the calls that it answers, and what was told of the others while it waited.
    static KnownReply KnownOf(Message reply, SortedDictionary<int, Answer> given, bool isWaiting)
    {
        var parts = reply.Parts!;
        var end = given.Last(x => x.Value.IsLast).Key + 1;
        while (end < parts.Count && parts[end] is ToolPart)
            end++;
        while (end < parts.Count && parts[end] is FilePart { CallId: { } id }
            && (isWaiting || given.Values.All(x => x.CallId != id)))
            end++;
        var start = end;
        while (start > 0 && parts[start - 1] is not StepPart)
            start--;
        var calls = new Dictionary<int, CallStage>();
        for (var index = 0; index < end; index++)
            if (parts[index] is ToolPart call)
                calls[index] = index < start ? CallStage.Over
                    : given.TryGetValue(index, out var answer)
                        ? answer.IsApproval ? CallStage.Answered : CallStage.Over
                    : call.Source != ToolSources.Client && call.State == CallStates.Waiting ? CallStage.Asked
                    : CallStage.Shown;
        return new(end, start, calls);
    }
}
