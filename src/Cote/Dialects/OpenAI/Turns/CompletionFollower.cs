using System.Text.Json;
using Cote.Chats;
using Cote.Http;
using Cote.Models;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Shows a turn as a chat completion: as one object, or in chunks.</summary>
sealed class CompletionFollower(ResponseFollower responses)
{
    public async Task AnswerAsync(HttpContext http, CurrentUser user, StartedTurn turn, TurnRequest request)
    {
        var ct = http.RequestAborted;
        await using var followed = await responses.OpenAsync(user, turn, ct);
        if (followed is null)
        {
            await OpenAIError.Of(Problems.MessageNotFound).WriteAsync(http);
            return;
        }
        ResponseFollower.NameTurn(http, followed);
        try
        {
            await (request.IsStreamed ? StreamAsync(http, followed, request.ShowsUsage, ct)
                : WriteAsync(http, followed, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client left. The reply goes on.
        }
    }

    static async Task StreamAsync(HttpContext http, FollowedResponse followed, bool showsUsage, CancellationToken ct)
    {
        var sse = new SseWriter(http.Response);
        var chunks = new CompletionChunks(sse, showsUsage);
        sse.Start();
        while (true)
        {
            var view = await followed.ReadAsync(ct);
            var isLast = chunks.Write(view, await followed.DescribeAsync(view, ct));
            await (isLast ? sse.EndAsync(ct) : sse.FlushAsync(ct));
            if (isLast)
            {
                followed.Feed.OnWritten();
                return;
            }
            if (!await ResponseFollower.WaitAsync(followed.Feed, sse, http, ct))
                return;
        }
    }

    static async Task WriteAsync(HttpContext http, FollowedResponse followed, CancellationToken ct)
    {
        while (true)
        {
            var view = await followed.ReadAsync(ct);
            var items = view.Read(out _, out var isWhole);
            if (isWhole)
            {
                var response = await followed.DescribeAsync(view, ct);
                if (ErrorOf(view, response) is { } error)
                    await error.WriteAsync(http);
                else
                    await ApiResults.Json(ApiResults.Write(json => Write(json, view, response, items)))
                        .ExecuteAsync(http);
                followed.Feed.OnWritten();
                return;
            }
            if (!await ResponseFollower.WaitAsync(followed.Feed, null, http, ct))
                return;
        }
    }

    /// <summary>Why there is no answer; null where there is one. A call was made: it is not to be tried again.
    /// </summary>
    public static OpenAIError? ErrorOf(ResponseView view, ResponseJson response) =>
        response.StatusOf(isWhole: true) != "failed" ? null
        : (view.Reply.Ended?.Generation?.Error is { } error
            ? OpenAIError.Of(new ModelFault(error.Code, error.Detail, false))
            : new(502, OpenAIError.Server, "interrupted", "The reply was interrupted.")) with
        { MayRetry = false };

    /// <summary>How an answer ended, in the words of chat completions.</summary>
    public static string FinishOf(ResponseView view) => view.EndsAt is not null ? "tool_calls"
        : view.Reply.Ended?.Generation?.FinishReason switch
        {
            "length" => "length",
            "content_filter" => "content_filter",
            _ => "stop",
        };

    static void Write(
        Utf8JsonWriter json, ResponseView view, ResponseJson response, IReadOnlyList<ResponseItem> items)
    {
        var texts = items.OfType<TextItem>().ToList();
        json.WriteStartObject();
        WriteHead(json, view, response, "chat.completion");
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant");
        if (texts.Count == 0)
            json.WriteNull("content"u8);
        else
            json.WriteString("content"u8, string.Join("\n\n", texts.Select(x => x.Text)));
        json.WriteNull("refusal"u8);
        if (items.OfType<ThoughtItem>().ToList() is { Count: > 0 } thoughts)
            json.WriteString("reasoning_content"u8, string.Join("\n\n", thoughts.Select(x => x.Text)));
        WriteCitations(json, texts);
        if (view.EndsAt is not null)
            WriteCalls(json, view, items, isChunk: false);
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, FinishOf(view));
        json.WriteEndObject();
        json.WriteEndArray();
        response.WriteUsageOfCompletion(json);
        json.WriteEndObject();
    }

    /// <summary>Writes what every object of a completion begins with.</summary>
    public static void WriteHead(Utf8JsonWriter json, ResponseView view, ResponseJson response, string type)
    {
        json.WriteString("id"u8, "chatcmpl-" + view.Id["resp_".Length..]);
        json.WriteString("object"u8, type);
        json.WriteNumber("created"u8, response.CreatedAt);
        json.WriteString("model"u8, view.Reply.Model);
        json.WriteNull("system_fingerprint"u8);
    }

    /// <summary>Writes the calls that the client, or a person, is asked.</summary>
    public static void WriteCalls(
        Utf8JsonWriter json, ResponseView view, IReadOnlyList<ResponseItem> items, bool isChunk)
    {
        json.WriteStartArray("tool_calls"u8);
        var index = 0;
        foreach (var item in items)
            if (((item as ClientCallItem)?.Call ?? (item as ApprovalItem)?.Call) is { } call)
                CompletionJson.WriteCall(
                    json, isChunk ? index++ : null, OpenAIIds.OfCall(view.Reply.Id, call.CallId), call.Name,
                    call.Input.GetRawText());
        json.WriteEndArray();
    }

    /// <summary>Writes the citations of texts, with places in all of them together; nothing without any.</summary>
    public static void WriteCitations(Utf8JsonWriter json, IReadOnlyList<TextItem> texts)
    {
        if (!texts.Any(x => x.Sources.Any(y => y.Url is not null)))
            return;
        var first = texts[0].Start;
        json.WriteStartArray("annotations"u8);
        foreach (var text in texts)
            foreach (var source in text.Sources.Where(x => x.Url is not null))
                CompletionJson.WriteCitation(json, source.Url!, source.Title, (source.Start ?? text.Start) - first,
                    (source.End ?? text.Start + text.Text.Length) - first);
        json.WriteEndArray();
    }
}
