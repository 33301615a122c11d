using Cote.Chats;
using Cote.Delivery;
using Cote.Media;
using Cote.Primitives;
using Cote.Tools;

namespace Cote.Dialects.OpenAI;

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
