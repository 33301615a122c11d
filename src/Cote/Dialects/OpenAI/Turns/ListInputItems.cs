using Cote.Chats;
using Cote.Media;
using Cote.Tools;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

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
