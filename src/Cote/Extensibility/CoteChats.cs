using System.Text.Json;
using Cote.Chats;
using Cote.Primitives;
using Cote.Replies;

namespace Cote;

/// <summary>The rooms' own verbs behind <see cref="ICoteChats"/>.</summary>
sealed class CoteChats(ChatStore chats, MessageStore messages, SendMessage send, StopReplies stop,
    Clock clock) : ICoteChats
{
    public async Task<string> CreateAsync(string userId, string title, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(title);
        if (title.Length > Chat.LongestTitle)
            throw new ArgumentException($"A title has at most {Chat.LongestTitle} characters.", nameof(title));
        var id = clock.NewId();
        await chats.AddAsync(
            userId, new(id, title, [], IsTemporary: false, CreateChat.FingerprintOf(title)));
        return await chats.ExistsAsync(userId, id, ct) ? id : throw new ProblemException(Problems.NotFound);
    }

    public async Task<CoteMessage> SendAsync(
        string userId, string chatId, string content, string? id, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToElement(
            new Dictionary<string, string?> { ["content"] = content, ["id"] = id },
            ExtensibilityJson.Default.DictionaryStringString);
        var outcome = await send.DoAsync(chatId, userId, new RequestReader(body), ct);
        return outcome.Message is { } message ? Of(message) : throw new ProblemException(outcome.Problem!);
    }

    public async Task<int> StopAsync(string userId, string chatId, CancellationToken ct) =>
        await stop.DoAsync(userId, await RequireAsync(userId, chatId, ct), null, ct);

    public async Task<IReadOnlyList<CoteMessage>> ReadAsync(string userId, string chatId, int limit, long? before,
        CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Page.MostItems);
        var chat = await RequireAsync(userId, chatId, ct);
        var page = await messages.ListBeforeAsync(
            userId, chat, Branches.Path, PartsView.None, before ?? long.MaxValue, limit, _ => false, ct);
        return [.. page.Reverse().Select(Of)];
    }

    public async Task<CoteMessage?> FindAsync(string userId, string chatId, string messageId, CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && Ids.Parse(messageId) is { } id
            && await messages.FindAsync(userId, chat, id, ct) is { } message ? Of(message) : null;

    async Task<string> RequireAsync(string userId, string chatId, CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && await chats.ExistsAsync(userId, chat, ct) ? chat
            : throw new ProblemException(Problems.ChatNotFound);

    public static CoteMessage Of(Message message) => new(
        message.Id, message.ChatId, message.Seq, message.Sender, message.Content, message.Timestamp, message.ReplyId,
        message.ReplyToId,
        message.Generation?.State, message.Generation?.Model, message.Generation?.FinishReason,
        message.Generation?.Error?.Code);
}
