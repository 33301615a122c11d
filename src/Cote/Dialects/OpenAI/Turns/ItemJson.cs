using System.Text.Json;
using Cote.Chats;
using Cote.Tools;

namespace Cote.Dialects.OpenAI;

/// <summary>Items of a response as JSON.</summary>
static class ItemJson
{
    public static void Write(Utf8JsonWriter json, ResponseItem item)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, item.Id);
        switch (item)
        {
            case TextItem text:
                json.WriteString("type"u8, "message");
                json.WriteString("status"u8, StatusOf(item));
                json.WriteString("role"u8, "assistant");
                json.WriteStartArray("content"u8);
                WriteText(json, text.Text, text);
                json.WriteEndArray();
                break;
            case ThoughtItem thought:
                json.WriteString("type"u8, "reasoning");
                json.WriteString("status"u8, StatusOf(item));
                json.WriteStartArray("summary"u8);
                WriteSummary(json, thought.Text);
                json.WriteEndArray();
                break;
            case ClientCallItem call:
                json.WriteString("type"u8, "function_call");
                json.WriteString("status"u8, "completed");
                json.WriteString("call_id"u8, call.CallId);
                WriteCall(json, call.Call);
                break;
            case ApprovalItem asked:
                json.WriteString("type"u8, "mcp_approval_request");
                json.WriteString("server_label"u8, ServerOf(asked.Call));
                WriteCall(json, asked.Call);
                break;
            case ServerCallItem call:
                json.WriteString("type"u8, "mcp_call");
                json.WriteString("status"u8, !call.IsDone ? "in_progress" : call.HasSucceeded ? "completed" : "failed");
                json.WriteString("server_label"u8, ServerOf(call.Call));
                WriteCall(json, call.Call);
                json.WriteString("output"u8, call.Call.OutputText);
                json.WriteString("error"u8, call.Call.Error?.Detail);
                json.WriteString("approval_request_id"u8, call.Approval);
                break;
        }
        json.WriteEndObject();
    }

    /// <summary>An item before anything of it has come.</summary>
    public static void WriteEmpty(Utf8JsonWriter json, ResponseItem item)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, item.Id);
        json.WriteString("status"u8, "in_progress");
        switch (item)
        {
            case TextItem:
                json.WriteString("type"u8, "message");
                json.WriteString("role"u8, "assistant");
                json.WriteStartArray("content"u8);
                json.WriteEndArray();
                break;
            case ThoughtItem:
                json.WriteString("type"u8, "reasoning");
                json.WriteStartArray("summary"u8);
                json.WriteEndArray();
                break;
            case ClientCallItem call:
                json.WriteString("type"u8, "function_call");
                json.WriteString("call_id"u8, call.CallId);
                json.WriteString("name"u8, call.Call.Name);
                json.WriteString("arguments"u8, "");
                break;
            case ServerCallItem call:
                json.WriteString("type"u8, "mcp_call");
                json.WriteString("server_label"u8, ServerOf(call.Call));
                json.WriteString("name"u8, call.Call.Name);
                json.WriteString("arguments"u8, "");
                json.WriteNull("output"u8);
                json.WriteNull("error"u8);
                json.WriteString("approval_request_id"u8, call.Approval);
                break;
        }
        json.WriteEndObject();
    }

    /// <summary>A part of a message's content.</summary>
    /// <param name="json">Is written to.</param>
    /// <param name="text">As far as it is shown.</param>
    /// <param name="cited">The item whose citations go along; null for none.</param>
    public static void WriteText(Utf8JsonWriter json, string text, TextItem? cited)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "output_text");
        json.WriteString("text"u8, text);
        json.WriteStartArray("annotations"u8);
        foreach (var source in cited?.Sources ?? [])
            WriteSource(json, source, cited!);
        json.WriteEndArray();
        json.WriteStartArray("logprobs"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A citation; one without a range is one of the whole text.</summary>
    public static void WriteSource(Utf8JsonWriter json, SourcePart source, TextItem item)
    {
        json.WriteStartObject();
        if (source.Url is null)
        {
            json.WriteString("type"u8, "file_citation");
            json.WriteString("file_id"u8, source.MediaId ?? "");
            json.WriteString("filename"u8, source.Title);
            json.WriteNumber("index"u8, Within(source.Start ?? item.Start, item));
        }
        else
        {
            json.WriteString("type"u8, "url_citation");
            json.WriteString("url"u8, source.Url);
            json.WriteString("title"u8, source.Title);
            json.WriteNumber("start_index"u8, Within(source.Start ?? item.Start, item));
            json.WriteNumber("end_index"u8, Within(source.End ?? item.Start + item.Text.Length, item));
        }
        json.WriteEndObject();
    }

    public static void WriteSummary(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "summary_text");
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    /// <summary>A message of the user's as an item of the input.</summary>
    public static void WriteQuestion(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAIIds.OfQuestion(message.Id));
        json.WriteString("type"u8, "message");
        json.WriteString("status"u8, "completed");
        json.WriteString("role"u8, "user");
        json.WriteStartArray("content"u8);
        if (message.Content.Length > 0)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "input_text");
            json.WriteString("text"u8, message.Content);
            json.WriteEndObject();
        }
        foreach (var file in message.Media)
        {
            var isImage = file.ContentType.StartsWith("image/", StringComparison.Ordinal);
            json.WriteStartObject();
            json.WriteString("type"u8, isImage ? "input_image" : "input_file");
            if (isImage)
            {
                json.WriteString("detail"u8, "auto");
                json.WriteString("image_url"u8, file.Url);
            }
            else
            {
                json.WriteString("filename"u8, file.Name);
                json.WriteString("file_url"u8, file.Url);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What the client, or a person, has said to a call, as an item of the input.</summary>
    public static void WriteAnswer(Utf8JsonWriter json, string replyId, int place, ToolPart call)
    {
        json.WriteStartObject();
        if (call.Source == ToolSources.Client)
        {
            json.WriteString("id"u8, OpenAIIds.OfItem("fco_", replyId, place));
            json.WriteString("type"u8, "function_call_output");
            json.WriteString("status"u8, "completed");
            json.WriteString("call_id"u8, OpenAIIds.OfCall(replyId, call.CallId));
            json.WriteString("output"u8, call.OutputText ?? call.Error?.Detail ?? "");
        }
        else
        {
            json.WriteString("id"u8, OpenAIIds.OfItem("mcpa_", replyId, place));
            json.WriteString("type"u8, "mcp_approval_response");
            json.WriteString("approval_request_id"u8, OpenAIIds.OfItem(OpenAIIds.Approval, replyId, place));
            json.WriteBoolean("approve"u8, call.State != CallStates.Denied);
        }
        json.WriteEndObject();
    }

    /// <summary>The server that a tool is of; the one of functions that are compiled in is <c>cote</c>.</summary>
    public static string ServerOf(ToolPart call) =>
        call.Source.StartsWith("mcp:", StringComparison.Ordinal) ? call.Source["mcp:".Length..] : "cote";

    static void WriteCall(Utf8JsonWriter json, ToolPart call)
    {
        json.WriteString("name"u8, call.Name);
        json.WriteString("arguments"u8, call.Input.GetRawText());
    }

    static string StatusOf(ResponseItem item) => item.IsDone ? "completed" : "in_progress";

    static int Within(int place, TextItem item) => Math.Clamp(place - item.Start, 0, item.Text.Length);
}
