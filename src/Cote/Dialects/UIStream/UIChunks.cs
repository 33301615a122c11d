using System.Text.Json;
using Cote.Chats;
using Cote.Delivery;
using Cote.Http;
using Cote.Tools;

namespace Cote.Dialects.UIStream;

/// <summary>
/// The chunks of the UI message stream, version 1. A client refuses a stream with a chunk whose type it does not know.
/// </summary>
sealed class UIChunks(SseWriter sse)
{
    /// <summary>What every stream ends with that came to its end.</summary>
    static ReadOnlySpan<byte> Done => "[DONE]"u8;

    public void Start(FollowedReply reply) => Write("start", json =>
    {
        json.WriteString("messageId"u8, reply.Id);
        json.WriteStartObject("messageMetadata"u8);
        json.WriteString("chat_id"u8, reply.ChatId);
        json.WriteNumber("seq"u8, reply.Seq);
        json.WriteString("model"u8, reply.Model);
        json.WriteEndObject();
    });

    /// <summary>A chunk that is its type alone: <c>start-step</c>, <c>finish-step</c>, <c>reset-step</c>.</summary>
    public void Step(string type) => Write(type, _ => { });

    /// <summary>The beginning or the end of a text or a thought.</summary>
    public void Edge(string type, string id) => Write(type, json => json.WriteString("id"u8, id));

    public void Delta(string type, string id, string text) => Write(type, json =>
    {
        json.WriteString("id"u8, id);
        json.WriteString("delta"u8, text);
    });

    /// <summary>
    /// A call with its arguments. What the server executes is executed by the provider, as clients see it: they do not
    /// try to. Of a call that they are to allow they have to know that it is not done.
    /// </summary>
    public void Call(string id, ToolPart call) => Write("tool-input-available", json =>
    {
        json.WriteString("toolCallId"u8, id);
        json.WriteString("toolName"u8, call.Name);
        json.WritePropertyName("input"u8);
        call.Input.WriteTo(json);
        if (call.Title is not null)
            json.WriteString("title"u8, call.Title);
        if (call.Source == ToolSources.Client)
            return;
        json.WriteBoolean("dynamic"u8, true);
        if (call.State != CallStates.Waiting)
            json.WriteBoolean("providerExecuted"u8, true);
    });

    public void AskApproval(string id) => Write("tool-approval-request", json =>
    {
        json.WriteString("approvalId"u8, id);
        json.WriteString("toolCallId"u8, id);
    });

    public void Approval(string id, bool isApproved, string? reason) => Write("tool-approval-response", json =>
    {
        json.WriteString("approvalId"u8, id);
        json.WriteBoolean("approved"u8, isApproved);
        if (reason is not null)
            json.WriteString("reason"u8, reason);
    });

    public void Output(string id, ToolPart call) => Write("tool-output-available", json =>
    {
        json.WriteString("toolCallId"u8, id);
        json.WritePropertyName("output"u8);
        if (call.Output is { } output)
            output.WriteTo(json);
        else
            json.WriteNullValue();
    });

    public void CallError(string id, string sentence) => Write("tool-output-error", json =>
    {
        json.WriteString("toolCallId"u8, id);
        json.WriteString("errorText"u8, sentence);
    });

    public void Denied(string id) => Write("tool-output-denied", json => json.WriteString("toolCallId"u8, id));

    public void Source(string id, SourcePart source)
    {
        Write(source.Url is null ? "source-document" : "source-url", json =>
        {
            json.WriteString("sourceId"u8, id);
            if (source.Url is not null)
                json.WriteString("url"u8, source.Url);
            else
                json.WriteString("mediaType"u8, "text/plain");
            json.WriteString("title"u8, source.Title);
            if (source is { Snippet: null, Start: null, MediaId: null })
                return;
            json.WriteStartObject("providerMetadata"u8);
            json.WriteStartObject("cote"u8);
            if (source.MediaId is not null)
                json.WriteString("media_id"u8, source.MediaId);
            if (source.Snippet is not null)
                json.WriteString("snippet"u8, source.Snippet);
            if (source is { Start: { } start, End: { } end })
            {
                json.WriteNumber("start"u8, start);
                json.WriteNumber("end"u8, end);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    /// <summary>A file; one that could not be kept is told as data, which clients show if they know it.</summary>
    public void File(FilePart file) => Write(file.Url is null ? "data-file" : "file", json =>
    {
        if (file.Url is null)
            json.WriteStartObject("data"u8);
        else
            json.WriteString("url"u8, file.Url);
        if (file.Url is null)
        {
            json.WriteString("name"u8, file.Name);
            json.WriteString("error"u8, file.Error);
            json.WriteEndObject();
            return;
        }
        json.WriteString("mediaType"u8, file.ContentType ?? "application/octet-stream");
        json.WriteStartObject("providerMetadata"u8);
        json.WriteStartObject("cote"u8);
        json.WriteString("media_id"u8, file.MediaId);
        json.WriteString("name"u8, file.Name);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>What a client keeps beside the parts.</summary>
    public void Metadata(FollowedReply reply) => Write("message-metadata", json => WriteMetadata(json, reply));

    /// <summary>The reply came to an end, or waits.</summary>
    public void Finish(string reason, FollowedReply reply) => Write("finish", json =>
    {
        json.WriteString("finishReason"u8, reason);
        WriteMetadata(json, reply);
    });

    public void Abort() => Write("abort", _ => { });

    public void Error(string sentence) => Write("error", json => json.WriteString("errorText"u8, sentence));

    public void End() => sse.WriteData(Done);

    static void WriteMetadata(Utf8JsonWriter json, FollowedReply reply)
    {
        json.WriteStartObject("messageMetadata"u8);
        json.WriteNumber("attempt"u8, reply.Content.Attempt);
        json.WriteString("model"u8, reply.Model);
        if (reply.Ended?.Generation is { } generation)
        {
            json.WriteString("state"u8, generation.State);
            if (generation.FinishReason is not null)
                json.WriteString("finish_reason"u8, generation.FinishReason);
            if (generation.Error is { } error)
            {
                json.WriteStartObject("error"u8);
                json.WriteString("code"u8, error.Code);
                json.WriteString("detail"u8, error.Detail);
                json.WriteEndObject();
            }
            if (generation.Usage is { } usage)
            {
                json.WritePropertyName("usage"u8);
                JsonSerializer.Serialize(json, usage, MessagesJson.Default.Usage);
            }
        }
        else if (reply.IsWaiting)
            json.WriteString("state"u8, States.Waiting);
        json.WriteEndObject();
    }

    void Write(string type, Action<Utf8JsonWriter> fields) => sse.WriteData(ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        fields(json);
        json.WriteEndObject();
    }));
}
