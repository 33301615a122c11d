using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Tools;

namespace Cote.Replies;

/// <summary>What came of an answer to a call: a problem, or whether the same answer was given before.</summary>
readonly record struct ToolAnswerOutcome(Problem? Problem, bool IsRepeated = false)
{
    public static implicit operator ToolAnswerOutcome(Problem problem) => new(problem);
}

/// <summary>Stores what persons and clients say to calls that wait: the first answer wins.</summary>
sealed class ToolAnswers(MessageStore messages, ToolAnswerStore answers)
{
    const int LongestText = AnswerToolCall.LongestText;

    /// <summary>Checks the fields of an answer, and stores it. The same answer again changes nothing.</summary>
    public async Task<ToolAnswerOutcome> DoAsync(
        string userId, string chatId, string messageId, string callId, RequestReader request, CancellationToken ct)
    {
        var clientId = request.OptionalText("client_id", 1, ClientTools.LongestClientId);
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(userId, chat, id, ct) is null)
            return request.Problem ?? Problems.MessageNotFound;
        while (true)
        {
            if (await answers.FindAsync(userId, id, callId, clientId, ct) is not { } call)
                return request.Problem ?? Problems.ToolCallNotFound;
            var answered = Read(request, call.Part);
            if (request.Problem is { } wrong)
                return wrong;
            var fingerprint = FingerprintOf(request, call.Part.Source, clientId);
            if (Refuse(call, fingerprint) is { } problem)
                return problem;
            if (call.Answer is not null)
                return new(null, IsRepeated: true);
            if (await answers.AnswerAsync(userId, chat, id, answered, fingerprint, clientId))
            {
                ReplyMetrics.OnCallEntered(answered.State);
                return new(null);
            }
            // It was answered, claimed or ended since it was read.
        }
    }

    static Problem? Refuse(AnswerableCall call, string fingerprint) =>
        call.Answer is { } first ? first == fingerprint ? null : Problems.AlreadyAnswered
        : !call.Waits ? Problems.ReplyEnded
        : call.IsClaimedByOther ? Problems.Claimed : null;

    // The call as the answer leaves it; what does not fit its kind is an error of the request.
    static ToolPart Read(RequestReader request, ToolPart call)
    {
        var approve = request.OptionalFlag("approve");
        var reason = request.OptionalText("reason", 0, LongestText);
        var error = request.OptionalText("error", 0, LongestText);
        var output = OutputOf(request, call.Source);
        if (call.Source != ToolSources.Client)
        {
            if (!request.HasValue("approve"))
                request.AddError("approve", "a tool of the server is allowed or denied: true or false");
            if (output is not null || error is not null)
                request.AddError(output is not null ? "output" : "error", "only a client's tool is answered with it");
            return call with
            {
                State = approve == true ? CallStates.Approved : CallStates.Denied,
                Error = approve == true ? null : new(ToolErrors.Denied, string.IsNullOrWhiteSpace(reason)
                    ? "The user did not allow this call" : $"The user did not allow this call: {reason.Trim()}"),
            };
        }
        if (request.HasValue("approve"))
            request.AddError("approve", "a client's tool is answered with `output` or `error`");
        else if (output is null == error is null)
            request.AddError("output", "a client's tool is answered with either `output` or `error`");
        else if (output is { ValueKind: not JsonValueKind.String } json && ToolJson.ValueOf(json.GetRawText()) is null)
            request.AddError("output", "it holds half a character, or is nested too deeply");
        return error is not null || output is null
            ? call with { State = CallStates.Failed, Error = new(ToolErrors.Failed, TextOf(error ?? "")) }
            : call with { State = CallStates.Done, Output = Clean(output!.Value) };
    }

    // `null` is an output where nothing else is said of a client's call; anywhere else it is as if it were absent.
    static JsonElement? OutputOf(RequestReader request, string source) =>
        request.HasValue("output") || request.Has("output") && source == ToolSources.Client
            && !request.HasValue("error") && !request.HasValue("approve") ? request.Json.GetProperty("output") : null;

    static string TextOf(string error) => string.IsNullOrWhiteSpace(error) ? "The client's tool failed" : error;

    // `null` is no output. Half a character in a text is made well-formed.
    static JsonElement? Clean(JsonElement output) => output.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => ToolPart.TextElement(output.String() ?? ""),
        _ => output,
    };

    // Of the values: however the same answer is written, it is the same. Those that are none were refused before.
    static string FingerprintOf(RequestReader request, string source, string? clientId) => Fingerprint.Of(json =>
    {
        foreach (var name in (string[])["approve", "error"])
            if (request.HasValue(name))
                Write(json, name, request.Json.GetProperty(name));
        if (OutputOf(request, source) is { } output)
            Write(json, "output", output);
        if (clientId is not null)
            json.WriteString("client_id"u8, clientId);
    });

    static void Write(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        if (value.ValueKind == JsonValueKind.String)
            json.WriteStringValue(value.String() ?? "");
        else
            value.WriteTo(json);
    }
}
