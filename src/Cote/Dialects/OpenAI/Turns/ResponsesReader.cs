using System.Text.Json;
using Cote.Models;
using Cote.Chats;

namespace Cote.Dialects.OpenAI;

/// <summary>Reads the body of <c>POST /v1/responses</c>.</summary>
static class ResponsesReader
{
    public static TurnRequest? Read(JsonElement body, out OpenAIError? error)
    {
        var reader = new TurnReader(body);
        var request = reader.ReadCommon("max_output_tokens");
        var content = new TurnContent(reader);
        var answers = new List<TurnAnswer>();
        var instructions = reader.Text("instructions", ChatFields.LongestSystemPrompt);
        var (hasMessage, leading) = ReadInput(reader, content, answers);
        var reasoning = reader.Get("reasoning");
        var format = reader.Get("text") is { } text ? TurnReader.Get(text, "format") : null;
        request = request with
        {
            Text = content.Text,
            Files = content.Files,
            HasMessage = hasMessage,
            Answers = answers,
            Instructions = instructions ?? leading,
            ReasoningEffort = reader.ReadEffort(
                reasoning is { } wanted ? TurnReader.Get(wanted, "effort") : null, "reasoning.effort"),
            Format = reader.ReadFormat(
                format is { ValueKind: JsonValueKind.Object } given ? TurnFormat.FromResponses(given) : format,
                "text.format"),
            Echo = new(
                reader.Text("previous_response_id", 200), reader.ReadMetadata(), reader.Flag("background")),
        };
        error = reader.Error;
        return error is null ? request : null;
    }

    // The last message of the user, trailing ones joined, and the answers to calls. What stands before is the chat's.
    static (bool HasMessage, string? Leading) ReadInput(
        TurnReader reader, TurnContent content, List<TurnAnswer> answers)
    {
        var input = reader.Get("input");
        if (input is { ValueKind: JsonValueKind.String })
        {
            content.Add(input, "input");
            return (true, null);
        }
        if (input is not { ValueKind: JsonValueKind.Array } list)
        {
            reader.Refuse(OpenAIError.Wrong("input", "`input` is a text or a list of items."));
            return (false, null);
        }
        List<JsonElement> items = [.. list.EnumerateArray()];
        var leading = items is [var first, ..] && RoleOf(first) is "system" or "developer"
            ? LeadingText(first) : null;
        // Answers may stand before what the user says now, or after it.
        var from = 1 + items.FindLastIndex(
            x => RoleOf(x) == "assistant" || TypeOf(x) is "function_call" or "reasoning");
        var users = items.FindLastIndex(x => RoleOf(x) == "user");
        var hasMessage = users >= from;
        var trailing = 1 + items.FindLastIndex(x => RoleOf(x) != "user" && !IsAnswer(x));
        for (var index = from; index < items.Count && reader.Error is null; index++)
        {
            var item = items[index];
            var param = $"input[{index}]";
            if (TypeOf(item) == "function_call_output")
                answers.Add(new(item.String("call_id") ?? "", OutputOf(item), null, null, $"{param}.call_id"));
            else if (TypeOf(item) == "mcp_approval_response")
                answers.Add(new(
                    item.String("approval_request_id") ?? "", null,
                    TurnReader.Get(item, "approve") is { ValueKind: JsonValueKind.True }, item.String("reason"),
                    $"{param}.approval_request_id"));
            else if (RoleOf(item) == "user" && index >= trailing)
                content.Add(TurnReader.Get(item, "content"), $"{param}.content");
        }
        return (hasMessage, leading);
    }

    static bool IsAnswer(JsonElement item) => TypeOf(item) is "function_call_output" or "mcp_approval_response";

    static string? RoleOf(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object ? item.String("role") : null;

    static string? TypeOf(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object ? item.String("type") : null;

    static string? LeadingText(JsonElement item)
    {
        var ignored = new TurnContent(new(default));
        ignored.Add(TurnReader.Get(item, "content"), "input[0].content");
        return ignored.Text is { Length: > 0 } text ? text : null;
    }

    static string OutputOf(JsonElement item)
    {
        if (TurnReader.Get(item, "output") is not { } output)
            return "";
        if (output.ValueKind == JsonValueKind.String)
            return output.String() ?? "";
        var content = new TurnContent(new(default));
        if (output.ValueKind == JsonValueKind.Array)
            content.Add(output, "output");
        return output.ValueKind == JsonValueKind.Array && content.Text.Length > 0 ? content.Text : output.GetRawText();
    }
}
