using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>Reads from a refusal what the model does not take, so that the call can be made without it.</summary>
static class Refusals
{
    static readonly string[] Unsupported =
    [
        "unsupported", "not support", "unrecognized", "unknown", "not permitted", "not allowed", "extra_forbidden",
        "extra inputs", "unexpected", "deprecated", "instead", "invalid parameter", "invalid argument", "not available",
    ];

    static readonly string[] NoSystemRole =
    [
        "system role not supported", "system role is not", "system roles are not", "system message is not",
        "system messages are not", "system prompt is not", "support 'system'", "support \"system\"", "support system",
        "support the system", "support `system`", "developer instruction is not", "unsupported role: system",
        "invalid role: system", "role 'system' is not", "role `system` is not", "role \"system\" is not",
        "unknown role: system", "unexpected role 'system'",
    ];

    // A refusal of one tool's schema is none of tools.
    static readonly string[] NoTools =
    [
        "support tools", "support tool use", "support tool call", "support function call", "tool use is not",
        "tool calling is not", "tool calls are not", "tools are not", "tools is not", "function calling is not",
        "functions are not", "enable-auto-tool-choice", "support the `tools`", "support 'tools'", "parameter: tools",
        "parameter: 'tools'", "argument supplied: tools", "tools: extra inputs", "role 'tool' is not",
        "unknown role: tool", "invalid role: tool", "unexpected role 'tool'",
    ];

    // A recording that is damaged says nothing about the model.
    static readonly string[] Deaf =
    [
        "support audio", "audio input is not supported", "audio inputs are not supported", "audio is not supported",
        "input_audio is not supported", "support input_audio", "content type 'input_audio'", "variant `input_audio`",
        "does not accept audio", "at most 0 audio", "unsupported content type: input_audio",
    ];

    static readonly string[] StringsOnly =
        ["must be a string", "valid string", "expected a string", "expected string", "str type expected"];

    /// <summary>The field that the refusal names, if the request had it; None where nothing can be left out.</summary>
    public static Omissions Of(UpstreamErrorException refusal, WireRequest request)
    {
        var (error, status) = (refusal.Error, refusal.Status);
        if (request.Turns.Any(x => x.HasImages)
            && (error.Says(ErrorWords.Blind) || status is 400 or 422 && error.Says(StringsOnly)))
            return Omissions.Images;
        if (request.Turns.Any(x => x.HasSound) && error.Says(Deaf))
            return Omissions.Sound;
        if (request.Turns.Any(x => x.Role == ChatRole.System)
            && (error.Says(NoSystemRole)
                || error.Field?.EndsWith(".role", StringComparison.Ordinal) == true && error.Says("system")))
            return Omissions.SystemRole;
        if (status is 400 or 404 or 422 or 500 or 501 && request.HasTools && error.Says(NoTools))
            return Omissions.Tools;
        // A refusal with a meaning of its own, such as a context that is too long, may name fields in passing.
        if (status is not (null or 400 or 404 or 422) || refusal.Fault.Code != ModelFault.Refused.Code)
            return Omissions.None;
        return Named(error).FirstOrDefault(x => request.Sends(x) && IsSent(x, request));
    }

    static IEnumerable<Omissions> Named(UpstreamError error)
    {
        if (Names(error, "stream_options"))
            yield return Omissions.UsageWish;
        else if (error.Field == "stream"
            || error.Says("'stream'", "\"stream\"", "`stream`", "support streaming", "streaming is not"))
            yield return Omissions.Streaming;
        if (Names(error, "temperature"))
            yield return Omissions.Temperature;
        if (Names(error, "top_p"))
            yield return Omissions.TopP;
        // A limit that is only too large is not dropped: it is the owner's.
        if (!error.Says(Unsupported))
            yield break;
        if (Names(error, "reasoning_content") || Names(error, "reasoning_details"))
            yield return Omissions.PastReasoning;
        if (Names(error, "reasoning_effort") || Names(error, "thinking"))
            yield return Omissions.Reasoning;
        if (Names(error, "tool_choice"))
            yield return Omissions.ToolChoice;
        if (error.Field == "tools")
            yield return Omissions.Tools;
        if (Names(error, "max_tokens") && error.Field != "max_completion_tokens")
            yield return Omissions.MaxTokens;
        if (Names(error, "max_completion_tokens"))
            yield return Omissions.MaxCompletionTokens;
    }

    static bool Names(UpstreamError error, string field) =>
        error.Field == field || error.Field?.EndsWith("." + field, StringComparison.Ordinal) == true
            || error.Says(field);

    // A limit that was never set, or is sent under the other name, cannot be what was refused.
    static bool IsSent(Omissions field, WireRequest request) => field switch
    {
        Omissions.Temperature => request.Options?.Temperature is not null,
        Omissions.TopP => request.Options?.TopP is not null,
        Omissions.Reasoning => OpenAIWire.EffortOf(request.Options) is not null,
        Omissions.MaxTokens => request.Options?.MaxOutputTokens is not null,
        Omissions.MaxCompletionTokens =>
            request.Options?.MaxOutputTokens is not null && !request.Sends(Omissions.MaxTokens),
        Omissions.Tools => request.HasTools,
        Omissions.ToolChoice => request.Tools.Count > 0 && request.Options?.ToolMode is not (null or AutoChatToolMode),
        Omissions.PastReasoning => request.Turns.Any(x => x.Contents.Any(y => y is TextReasoningContent)),
        _ => true,
    };
}
