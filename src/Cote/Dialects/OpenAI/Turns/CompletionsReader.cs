using System.Text.Json;
using Cote.Models;
using Cote.Chats;

namespace Cote.Dialects.OpenAI;

/// <summary>Reads the body of <c>POST /v1/chat/completions</c> where it is a turn.</summary>
static class CompletionsReader
{
    public static TurnRequest? Read(JsonElement body, out OpenAIError? error)
    {
        var reader = new TurnReader(body);
        var request = reader.ReadCommon("max_completion_tokens", "max_tokens");
        var content = new TurnContent(reader);
        var answers = new List<TurnAnswer>();
        var leading = new TurnContent(reader);
        var hasMessage = ReadMessages(reader, content, leading, answers);
        request = request with
        {
            Text = content.Text,
            Files = content.Files,
            HasMessage = hasMessage,
            Answers = answers,
            Instructions = leading.Text is { Length: > 0 } text ? text : null,
            ReasoningEffort = reader.ReadEffort(reader.Get("reasoning_effort"), "reasoning_effort"),
            Format = reader.ReadFormat(reader.Get("response_format"), "response_format"),
            ShowsUsage = reader.Get("stream_options") is { } options
                && TurnReader.Get(options, "include_usage") is { ValueKind: JsonValueKind.True },
        };
        if (request.Instructions?.Length > ChatFields.LongestSystemPrompt)
            reader.Refuse(OpenAIError.Wrong(
                "messages[0].content", $"A system message has up to {ChatFields.LongestSystemPrompt} characters."));
        error = reader.Error;
        return error is null ? request : null;
    }

    // The trailing messages of the user, or, where tools were answered after them, the answers.
    static bool ReadMessages(
        TurnReader reader, TurnContent content, TurnContent leading, List<TurnAnswer> answers)
    {
        if (reader.Get("messages") is not { ValueKind: JsonValueKind.Array } list)
        {
            reader.Refuse(OpenAIError.Wrong("messages", "`messages` is a list of messages."));
            return false;
        }
        List<JsonElement> messages = [.. list.EnumerateArray()];
        if (messages is [var first, ..] && RoleOf(first) is "system" or "developer")
            leading.Add(TurnReader.Get(first, "content"), "messages[0].content");
        var last = messages.FindLastIndex(x => RoleOf(x) == "user");
        // Answers of earlier rounds are sent again with the history.
        var round = Math.Max(last, messages.FindLastIndex(x => RoleOf(x) == "assistant"));
        for (var index = round + 1; index < messages.Count; index++)
            if (RoleOf(messages[index]) == "tool")
                answers.Add(AnswerIn(messages[index], $"messages[{index}]"));
        if (answers.Count > 0)
            return false;
        if (last < 0 || last < messages.Count - 1)
        {
            reader.Refuse(OpenAIError.Wrong(
                "messages", "The last message of a turn is the user's, or answers a tool call."));
            return false;
        }
        var from = last;
        while (from > 0 && RoleOf(messages[from - 1]) == "user")
            from--;
        for (var index = from; index <= last; index++)
            content.Add(TurnReader.Get(messages[index], "content"), $"messages[{index}].content");
        return true;
    }

    // To a call of the server's that a person is asked about, the content says whether he allows it.
    static TurnAnswer AnswerIn(JsonElement message, string param)
    {
        var content = new TurnContent(new(default));
        content.Add(TurnReader.Get(message, "content"), "content");
        return new(message.String("tool_call_id") ?? "", content.Text, null, null, $"{param}.tool_call_id");
    }

    static string? RoleOf(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object ? message.String("role") : null;
}
