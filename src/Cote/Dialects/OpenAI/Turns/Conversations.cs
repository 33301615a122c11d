using System.Text.Json;
using Cote.Chats;
using Cote.Delivery;
using Cote.Media;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Chats as conversations.</summary>
static class ConversationPath
{
    /// <summary>The chat; null where there is none, and the request is answered.</summary>
    public static async Task<Chat?> FindAsync(
        string conversationId, HttpContext http, CurrentUser user, ChatStore chats)
    {
        if (OpenAIIds.ChatIn(conversationId) is { } id
            && await chats.FindAsync(user.Id, id, http.RequestAborted) is { } chat)
            return chat;
        await new OpenAIError(404, OpenAIError.Invalid, "not_found",
            $"There is no conversation `{Primitives.Excerpt.Of(conversationId, 100)}`.").WriteAsync(http);
        return null;
    }

    public static Task WriteAsync(HttpContext http, Chat chat) => ApiResults.Json(ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAIIds.OfConversation(chat.Id));
        json.WriteString("object"u8, "conversation");
        json.WriteNumber("created_at"u8, chat.CreatedAt.Milliseconds / 1_000);
        json.WritePropertyName("metadata"u8);
        json.WriteRawValue(chat.Metadata ?? "{}");
        json.WriteEndObject();
    })).ExecuteAsync(http);
}

/// <summary>
/// <c>POST /v1/conversations</c>: an empty chat. Items are not taken here: a chat holds what was said in it.
/// </summary>
static class CreateConversation
{
    public static async Task Handle(HttpContext http, CurrentUser user, ChatStore chats, Clock clock)
    {
        var body = await Body.ReadOptionalAsync(http);
        if (body.Problem is { } problem)
        {
            await OpenAIError.Of(problem).WriteAsync(http);
            return;
        }
        var reader = new TurnReader(body.Json);
        var metadata = reader.ReadMetadata();
        if (reader.Get("items") is { } items
            && (items.ValueKind != JsonValueKind.Array || items.GetArrayLength() > 0))
            reader.Refuse(OpenAIError.Unsupported(
                "items", "A conversation begins empty: send what is said as the input of a response."));
        if (reader.Error is { } error)
        {
            await error.WriteAsync(http);
            return;
        }
        var id = clock.NewId();
        await chats.AddAsync(user.Id, TurnChats.NewChat(id, metadata, null));
        if (await ConversationPath.FindAsync(OpenAIIds.OfConversation(id), http, user, chats) is { } chat)
            await ConversationPath.WriteAsync(http, chat);
    }
}

/// <summary><c>GET /v1/conversations/{conversation_id}</c>: any chat of the user's.</summary>
static class GetConversation
{
    public static async Task Handle(string conversationId, HttpContext http, CurrentUser user, ChatStore chats)
    {
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is { } chat)
            await ConversationPath.WriteAsync(http, chat);
    }
}

/// <summary><c>POST /v1/conversations/{conversation_id}</c>: replaces the client's own pairs.</summary>
static class UpdateConversation
{
    public static async Task Handle(string conversationId, HttpContext http, CurrentUser user, ChatStore chats)
    {
        var body = await Body.ReadAsync(http);
        if (body.Problem is { } problem)
        {
            await OpenAIError.Of(problem).WriteAsync(http);
            return;
        }
        var reader = new TurnReader(body.Json);
        var metadata = reader.ReadMetadata();
        if (reader.Error is null && metadata is null)
            reader.Refuse(OpenAIError.Wrong("metadata", "`metadata` is what can be changed."));
        if (reader.Error is { } error)
        {
            await error.WriteAsync(http);
            return;
        }
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        var pairs = metadata!.Value.GetRawText();
        await chats.UpdateAsync(user.Id, chat.Id, [$"metadata = {pairs}"]);
        await ConversationPath.WriteAsync(http, chat with { Metadata = pairs });
    }
}

/// <summary><c>DELETE /v1/conversations/{conversation_id}</c>: the chat goes with all that was said in it.</summary>
static class DeleteConversation
{
    public static async Task Handle(
        string conversationId, HttpContext http, CurrentUser user, ChatStore chats, DeleteChat delete)
    {
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        await delete.DoAsync(user.Id, chat.Id, null, http.RequestAborted);
        await ApiResults.Json(ApiResults.Write(
            json => DeletedObject.Write(json, OpenAIIds.OfConversation(chat.Id), "conversation"))).ExecuteAsync(http);
    }
}

/// <summary>The messages of a chat's path as items.</summary>
sealed class ConversationItems(MessageStore messages, OpenAITurnStore store, MediaLinks links, Clock clock)
{
    /// <summary>All items of a message, in order.</summary>
    public async Task<IReadOnlyList<ListedItem>> OfAsync(string userId, Message message, CancellationToken ct)
    {
        if (message.Sender == Senders.User)
            return [new(OpenAIIds.OfQuestion(message.Id), json => ItemJson.WriteQuestion(json, message.Signed(links)))];
        var waits = message.Parts?.Any(x => x is ToolPart) == true
            ? await store.ListWaitsAsync(userId, message.Id, ct) : [];
        var items = new List<ListedItem>();
        for (var index = 0; index <= waits.Count; index++)
        {
            var view = new ResponseView(new FollowedReply(message, clock), index, waits);
            if (!view.Exists)
                break;
            foreach (var place in index == 0 ? [] : waits[index - 1].Asked)
                if (message.Parts![place] is ToolPart call)
                    items.Add(new(
                        OpenAIIds.OfItem(call.Source == Tools.ToolSources.Client ? "fco_" : "mcpa_", message.Id, place),
                        json => ItemJson.WriteAnswer(json, message.Id, place, call)));
            foreach (var item in view.Read(out _, out _))
                items.Add(new(item.Id, json => ItemJson.Write(json, item)));
        }
        return items;
    }

    /// <summary>One item; null where there is none.</summary>
    public async Task<ListedItem?> FindAsync(string userId, string chatId, string itemId, CancellationToken ct) =>
        OpenAIIds.ItemIn(itemId) is { } key
            && await messages.FindAsync(userId, chatId, key.MessageId, ct, PartsView.All) is { } message
            && (await OfAsync(userId, message, ct)).Where(x => x.Id == itemId).ToList() is [var item] ? item : null;

    /// <summary>A page of a chat, and whether there is more.</summary>
    public async Task<(IReadOnlyList<ListedItem> Items, bool HasMore)?> ListAsync(
        string userId, string chatId, ItemPage page, CancellationToken ct)
    {
        var items = new List<ListedItem>();
        var from = page.IsAscending ? 0 : long.MaxValue;
        if (page.After is { } after)
        {
            if (OpenAIIds.ItemIn(after) is not { } key
                || await messages.FindAsync(userId, chatId, key.MessageId, ct, PartsView.All) is not { } message)
                return null;
            from = message.Seq;
            items.AddRange(Ordered(await OfAsync(userId, message, ct), page).SkipWhile(x => x.Id != after).Skip(1));
        }
        var size = new Page(Page.MostItems);
        var isFull = false;
        bool enough(Message x) => isFull = size.IsFull(x.Texts);
        while (items.Count <= page.Limit && !isFull)
        {
            var rows = await (page.IsAscending
                ? messages.ListAfterAsync(
                    userId, chatId, Branches.Path, PartsView.All, from, page.Limit + 1, enough, ct)
                : messages.ListBeforeAsync(
                    userId, chatId, Branches.Path, PartsView.All, from, page.Limit + 1, enough, ct));
            if (rows.Count == 0)
                break;
            foreach (var message in rows)
            {
                items.AddRange(Ordered(await OfAsync(userId, message, ct), page));
                from = message.Seq;
            }
        }
        return ([.. items.Take(page.Limit)], items.Count > page.Limit || isFull);
    }

    static IEnumerable<ListedItem> Ordered(IReadOnlyList<ListedItem> items, ItemPage page) =>
        page.IsAscending ? items : items.Reverse();
}

/// <summary><c>GET /v1/conversations/{conversation_id}/items</c>: what was said on the chat's active path.</summary>
static class ListConversationItems
{
    public static async Task Handle(
        string conversationId, HttpContext http, CurrentUser user, ChatStore chats, ConversationItems items,
        string? order, string? after, string? limit)
    {
        if (ItemPage.Read(order, after, limit, out var error) is not { } page)
            await error!.WriteAsync(http);
        else if (await ConversationPath.FindAsync(conversationId, http, user, chats) is { } chat)
        {
            if (await items.ListAsync(user.Id, chat.Id, page, http.RequestAborted) is var (listed, hasMore))
                await ItemPage.WriteAsync(http, listed, hasMore);
            else
                await OpenAIError.Wrong("after", "There is no such item in this conversation.").WriteAsync(http);
        }
    }
}

/// <summary><c>GET /v1/conversations/{conversation_id}/items/{item_id}</c>.</summary>
static class GetConversationItem
{
    public static async Task Handle(
        string conversationId, string itemId, HttpContext http, CurrentUser user, ChatStore chats,
        ConversationItems items)
    {
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        if (await items.FindAsync(user.Id, chat.Id, itemId, http.RequestAborted) is { } item)
            await ApiResults.Json(ApiResults.Write(item.Write)).ExecuteAsync(http);
        else
            await new OpenAIError(404, OpenAIError.Invalid, "not_found",
                $"There is no item `{Primitives.Excerpt.Of(itemId, 100)}`.").WriteAsync(http);
    }
}

/// <summary>
/// <c>DELETE /v1/conversations/{conversation_id}/items/{item_id}</c>: the message that the item is of; a question takes
/// its replies with it.
/// </summary>
static class DeleteConversationItem
{
    public static async Task Handle(
        string conversationId, string itemId, HttpContext http, CurrentUser user, ChatStore chats,
        ConversationItems items, RemoveMessage remove)
    {
        var ct = http.RequestAborted;
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        if (await items.FindAsync(user.Id, chat.Id, itemId, ct) is null
            || !await remove.DoAsync(user.Id, chat.Id, OpenAIIds.ItemIn(itemId)!.Value.MessageId, ct))
            await new OpenAIError(404, OpenAIError.Invalid, "not_found",
                $"There is no item `{Primitives.Excerpt.Of(itemId, 100)}`.").WriteAsync(http);
        else
            await ConversationPath.WriteAsync(http, await chats.FindAsync(user.Id, chat.Id, ct) ?? chat);
    }
}
