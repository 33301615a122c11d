using System.Globalization;
using System.Text.Json;
using Cote.Chats;
using Cote.Media;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Finds the response that a path names, whichever dialect began its reply.</summary>
static class ResponsePath
{
    /// <summary>The response; null where there is none, and the request is answered.</summary>
    public static async Task<StartedTurn?> FindAsync(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store)
    {
        var ct = http.RequestAborted;
        if (OpenAIIds.ResponseIn(responseId) is { } key
            && await messages.FindAsync(user.Id, null, key.ReplyId, ct, PartsView.All)
                is { Sender: Senders.Ai, Generation: not null } reply
            && (key.Index == 0 || await store.ListWaitsAsync(user.Id, reply.Id, ct) is var waits
                && key.Index <= waits.Count && waits[key.Index - 1].IsAnswered))
            return new(reply, key.Index);
        await TurnChats.NoResponse(responseId, null).WriteAsync(http);
        return null;
    }
}

/// <summary>
/// <c>GET /v1/responses/{response_id}</c>: as it is now, or with <c>stream=true</c> its events from
/// <c>starting_after</c> on.
/// </summary>
static class GetResponse
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        ResponseFollower responses, string? stream, string? starting_after)
    {
        var after = -1L;
        if (starting_after is { Length: > 0 }
            && (!long.TryParse(starting_after, NumberStyles.None, CultureInfo.InvariantCulture, out after)
                || stream != "true"))
            await OpenAIError.Wrong(
                "starting_after", "`starting_after` is the number of an event, and goes with `stream=true`.")
                .WriteAsync(http);
        else if (stream is not (null or "" or "true" or "false"))
            await OpenAIError.Wrong("stream", "`stream` is true or false.").WriteAsync(http);
        else if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is { } turn)
            await (stream == "true" ? responses.StreamAsync(http, user, turn, after)
                : responses.AnswerAsync(http, user, turn, waits: false));
    }
}

/// <summary><c>POST /v1/responses/{response_id}/cancel</c>: stops the reply; one that has ended stays as it is.
/// </summary>
static class CancelResponse
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        StopReplies stop, ResponseFollower responses)
    {
        if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is not { } turn)
            return;
        await stop.DoAsync(
            user.Id, turn.Message.ChatId, null, http.RequestAborted, only: turn.Message.Id);
        await responses.AnswerAsync(http, user, turn, waits: false);
    }
}

/// <summary>
/// <c>DELETE /v1/responses/{response_id}</c>: the reply goes, and its question with it where that has no other reply.
/// </summary>
static class DeleteResponse
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        RemoveMessage remove)
    {
        if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is not { } turn)
            return;
        var reply = turn.Message;
        var gone = reply is { Siblings: null, ReplyToId: { } question } ? question : reply.Id;
        if (!await remove.DoAsync(user.Id, reply.ChatId, gone, http.RequestAborted))
        {
            await TurnChats.NoResponse(responseId, null).WriteAsync(http);
            return;
        }
        await ApiResults.Json(ApiResults.Write(json => DeletedObject.Write(json, responseId, "response")))
            .ExecuteAsync(http);
    }
}

/// <summary>What a deletion answers.</summary>
static class DeletedObject
{
    public static void Write(Utf8JsonWriter json, string id, string type)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, $"{type}.deleted");
        json.WriteBoolean("deleted"u8, true);
        json.WriteEndObject();
    }
}

/// <summary>
/// <c>GET /v1/responses/{response_id}/input_items</c>: the question, or, after a wait, the answers to its calls.
/// </summary>
static class ListInputItems
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        MediaLinks links, string? order, string? after, string? limit)
    {
        var ct = http.RequestAborted;
        if (ItemPage.Read(order, after, limit, out var error) is not { } page)
        {
            await error!.WriteAsync(http);
            return;
        }
        if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is not { } turn)
            return;
        var reply = turn.Message;
        var items = new List<ListedItem>();
        if (turn.Index == 0)
        {
            if (reply.ReplyToId is { } id && await messages.FindAsync(user.Id, null, id, ct) is { } question)
                items.Add(new(
                    OpenAIIds.OfQuestion(id), json => ItemJson.WriteQuestion(json, question.Signed(links))));
        }
        else
        {
            var waits = await store.ListWaitsAsync(user.Id, reply.Id, ct);
            foreach (var place in turn.Index <= waits.Count ? waits[turn.Index - 1].Asked : [])
                if (reply.Parts is { } parts && place < parts.Count && parts[place] is ToolPart call)
                    items.Add(new(
                        OpenAIIds.OfItem(call.Source == Tools.ToolSources.Client ? "fco_" : "mcpa_", reply.Id, place),
                        json => ItemJson.WriteAnswer(json, reply.Id, place, call)));
        }
        await page.WriteAsync(http, items);
    }
}
