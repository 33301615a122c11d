using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Replies;

namespace Cote.Dialects.OpenAI;

/// <summary>What of a request a response repeats that no setting of the reply holds.</summary>
/// <param name="PreviousResponseId">As it was sent.</param>
/// <param name="Metadata">The client's own pairs.</param>
/// <param name="IsBackground">Whether the client did not wait.</param>
sealed record EchoedRequest(string? PreviousResponseId, JsonElement? Metadata, bool IsBackground)
{
    public JsonElement ToJson()
    {
        var json = ApiResults.Write(writer =>
        {
            writer.WriteStartObject();
            if (PreviousResponseId is not null)
                writer.WriteString("previous_response_id"u8, PreviousResponseId);
            if (Metadata is { } metadata)
            {
                writer.WritePropertyName("metadata"u8);
                metadata.WriteTo(writer);
            }
            if (IsBackground)
                writer.WriteBoolean("background"u8, true);
            writer.WriteEndObject();
        });
        return JsonElement.Parse(json);
    }

    public static EchoedRequest Of(TurnSettings settings) => settings.Options?.Request is not { } json
        ? new(null, null, false)
        : new(json.String("previous_response_id"),
            json.TryGetProperty("metadata", out var metadata) ? metadata : null,
            json.TryGetProperty("background", out _));
}

/// <summary>
/// A response as JSON, with every field that the schema of Open Responses names: those that Cote knows nothing of have
/// their defaults.
/// </summary>
/// <param name="view">The response.</param>
/// <param name="settings">The settings of its reply.</param>
/// <param name="usage">What it has used, once it has ended.</param>
sealed class ResponseJson(ResponseView view, TurnSettings settings, Chats.Usage? usage)
{
    /// <summary>When its question was sent, in seconds since 1970.</summary>
    public long CreatedAt => settings.AskedAt.Milliseconds / 1_000;

    /// <summary>Writes what it has used in the words of chat completions.</summary>
    public void WriteUsageOfCompletion(Utf8JsonWriter json)
    {
        var used = usage ?? new(0, 0);
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, used.InputTokens);
        json.WriteNumber("completion_tokens"u8, used.OutputTokens);
        json.WriteNumber("total_tokens"u8, used.InputTokens + used.OutputTokens);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, used.CachedInputTokens ?? 0);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, used.ReasoningTokens ?? 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The state of a response.</summary>
    /// <param name="isWhole">Whether nothing more comes of it.</param>
    public string StatusOf(bool isWhole) => view.EndsAt is not null && isWhole ? "completed"
        : view.Reply.IsDeleted ? "failed"
        : view.Reply.Ended?.Generation is not { State: { } state } generation
            ? view.Reply.State == States.Queued ? "queued" : "in_progress"
        : state switch
        {
            States.Stopped => "cancelled",
            States.Completed => IncompleteReason is null ? "completed" : "incomplete",
            _ when generation.Error?.Code == ModelFault.Filtered.Code && IncompleteReason is not null => "incomplete",
            _ => "failed",
        };

    // A limit that cut the answer off is no failure.
    string? IncompleteReason => view.EndsAt is not null ? null : view.Reply.Ended?.Generation?.FinishReason switch
    {
        "length" => "max_output_tokens",
        "content_filter" => "content_filter",
        _ => null,
    };

    /// <summary>Writes it as it is, or as it was when nothing of it had come.</summary>
    /// <param name="json">Is written to.</param>
    /// <param name="status">Its status.</param>
    /// <param name="items">Its items so far.</param>
    public void Write(Utf8JsonWriter json, string status, IReadOnlyList<ResponseItem> items)
    {
        var echo = EchoedRequest.Of(settings);
        var hasEnded = status is not ("queued" or "in_progress");
        json.WriteStartObject();
        json.WriteString("id"u8, view.Id);
        json.WriteString("object"u8, "response");
        json.WriteNumber("created_at"u8, CreatedAt);
        WriteEnd(json, status, hasEnded);
        json.WriteString("model"u8, view.Reply.Model);
        json.WriteString("previous_response_id"u8, view.Index > 0
            ? OpenAIIds.OfResponse(view.Reply.Id, view.Index - 1) : echo.PreviousResponseId);
        json.WriteStartObject("conversation"u8);
        json.WriteString("id"u8, OpenAIIds.OfConversation(view.Reply.ChatId));
        json.WriteEndObject();
        json.WriteString("instructions"u8, settings.Options?.Instructions);
        json.WriteStartArray("output"u8);
        foreach (var item in items)
            ItemJson.Write(json, item);
        json.WriteEndArray();
        WriteRequest(json, echo);
        WriteUsage(json, hasEnded ? usage : null);
        json.WriteEndObject();
    }

    void WriteEnd(Utf8JsonWriter json, string status, bool hasEnded)
    {
        json.WriteString("status"u8, status);
        if (hasEnded && status == "completed")
            json.WriteNumber("completed_at"u8,
                (view.EndsAt is null ? view.Reply.Ended?.Timestamp ?? settings.AskedAt : settings.AskedAt)
                    .Milliseconds / 1_000);
        else
            json.WriteNull("completed_at"u8);
        json.WritePropertyName("error"u8);
        if (status == "failed")
        {
            var error = view.Reply.Ended?.Generation?.Error;
            json.WriteStartObject();
            json.WriteString("code"u8, error?.Code switch
            {
                null => "server_error",
                "rate_limited" => "rate_limit_exceeded",
                var code => code,
            });
            json.WriteString("message"u8, error?.Detail ?? (view.Reply.IsDeleted
                ? "The reply was deleted." : "The reply was interrupted."));
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }
        json.WritePropertyName("incomplete_details"u8);
        if (status == "incomplete")
        {
            json.WriteStartObject();
            json.WriteString("reason"u8, IncompleteReason);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }
    }

    void WriteRequest(Utf8JsonWriter json, EchoedRequest echo)
    {
        WriteTools(json);
        WriteToolChoice(json);
        json.WriteBoolean("parallel_tool_calls"u8, true);
        json.WriteString("truncation"u8, "auto");
        json.WriteStartObject("text"u8);
        json.WritePropertyName("format"u8);
        TurnFormat.Write(json, settings.Options?.Format);
        json.WriteEndObject();
        json.WriteNumber("temperature"u8, settings.Temperature ?? 1);
        json.WriteNumber("top_p"u8, 1);
        json.WriteNumber("presence_penalty"u8, 0);
        json.WriteNumber("frequency_penalty"u8, 0);
        json.WriteNumber("top_logprobs"u8, 0);
        json.WriteStartObject("reasoning"u8);
        json.WriteString("effort"u8, settings.ReasoningEffort);
        json.WriteString("summary"u8, "auto");
        json.WriteEndObject();
        if (settings.MaxTokens is { } most)
            json.WriteNumber("max_output_tokens"u8, most);
        else
            json.WriteNull("max_output_tokens"u8);
        json.WriteNull("max_tool_calls"u8);
        json.WriteBoolean("store"u8, true);
        json.WriteBoolean("background"u8, echo.IsBackground);
        json.WriteString("service_tier"u8, "default");
        json.WritePropertyName("metadata"u8);
        if (echo.Metadata is { } metadata)
            metadata.WriteTo(json);
        else
            json.WriteRawValue("{}"u8);
        json.WriteNull("safety_identifier"u8);
        json.WriteNull("prompt_cache_key"u8);
        json.WriteNull("user"u8);
    }

    void WriteTools(Utf8JsonWriter json)
    {
        json.WriteStartArray("tools"u8);
        foreach (var tool in ClientTools.Parse(settings.ClientTools))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "function");
            json.WriteString("name"u8, tool.Name);
            json.WriteString("description"u8, tool.Description);
            json.WritePropertyName("parameters"u8);
            tool.Parameters.WriteTo(json);
            json.WriteBoolean("strict"u8, false);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    void WriteToolChoice(Utf8JsonWriter json)
    {
        json.WritePropertyName("tool_choice"u8);
        if (settings.Options?.ToolChoice is { } choice
            && choice.StartsWith(ReplyOptions.OneTool, StringComparison.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "function");
            json.WriteString("name"u8, choice[ReplyOptions.OneTool.Length..]);
            json.WriteEndObject();
        }
        else
        {
            json.WriteStringValue(settings.Options?.ToolChoice ?? "auto");
        }
    }

    static void WriteUsage(Utf8JsonWriter json, Chats.Usage? usage)
    {
        json.WritePropertyName("usage"u8);
        if (usage is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, usage.InputTokens);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedInputTokens ?? 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.OutputTokens);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.ReasoningTokens ?? 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.InputTokens + usage.OutputTokens);
        json.WriteEndObject();
    }
}
