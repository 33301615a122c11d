using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Client;

public sealed partial class CoteClient
{
    /// <summary>Makes a chat, as soon as there is a network. Its id is there at once: <see cref="NewChat"/>.</summary>
    public Task<Chat> CreateChatAsync(string title, CancellationToken cancellationToken = default) =>
        CreateChatAsync(new NewChat { Title = title }, cancellationToken);

    /// <summary>Makes a chat, as soon as there is a network; sends to it may follow at once.</summary>
    public async Task<Chat> CreateChatAsync(NewChat chat, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        chat = chat with { Id = Ids.Low(chat.Id) };
        var answer = await _outbox.AddAsync(
            new(chat.Id, chat.Id, "chat", "/chats/", Json(chat.ToJson())), cancellationToken).ConfigureAwait(false);
        return answer.As(CoteJson.Default.Chat);
    }

    /// <summary>
    /// Changes fields of a chat, by their names in docs/api.md: <c>title</c>, <c>is_pinned</c>, <c>is_archived</c>,
    /// <c>model</c> and others; null is the default.
    /// </summary>
    public async Task<Chat> UpdateChatAsync(
        string chatId, JsonObject fields, CancellationToken cancellationToken = default) =>
        await KeepAsync(HttpMethod.Patch, Ids.At(chatId), fields, cancellationToken).ConfigureAwait(false);

    /// <summary>Deletes a chat with all that is in it.</summary>
    public async Task DeleteChatAsync(string chatId, CancellationToken cancellationToken = default)
    {
        chatId = Ids.Low(chatId);
        await DeleteAsync(Ids.At(chatId), cancellationToken).ConfigureAwait(false);
        await _outbox.DropAsync(x => x.ChatId == chatId).ConfigureAwait(false);
    }

    /// <summary>Archives all chats.</summary>
    public Task ArchiveAllAsync(CancellationToken cancellationToken = default) =>
        WriteAsync(HttpMethod.Post, "/chats/archive", null, cancellationToken);

    /// <summary>Makes a chat of a copy of the path to a message, or of the active path.</summary>
    public async Task<Chat> ForkAsync(
        string chatId, string? messageId = null, string? title = null, CancellationToken cancellationToken = default) =>
        await KeepAsync(HttpMethod.Post, Ids.At(chatId) + "/fork",
            Bodies.Of(("id", Ids.New()), ("message_id", messageId is null ? null : Ids.Low(messageId)),
                ("title", title)), cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Shows a chat: its newest messages are fetched, and kept current until twenty others have been opened. It ends
    /// when they are there; without a network at once, and they come later.
    /// </summary>
    /// <exception cref="CoteException">
    /// The server has no such chat, the session has ended, or the client was closed.
    /// </exception>
    public async Task OpenAsync(string chatId, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        chatId = Ids.Low(chatId);
        Replica replica;
        lock (_gate)
        {
            if (!_session.Exists)
                throw Session.LoggedOut();
            (replica = _replica).Open(chatId);
        }
        Change();
        Fetch();
        await WhenChangedAsync(
            () => IsOpen(chatId, replica) || State.Status is ConnectionStatus.Offline or ConnectionStatus.LoggedOut,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Shows a chat no longer: what comes to it is not kept.</summary>
    public void CloseChat(string chatId)
    {
        lock (_gate)
            _replica.Close(Ids.Low(chatId));
        Change();
        Save();
    }

    /// <summary>Fetches the page before what is shown of a chat; false where there is none.</summary>
    public async Task<bool> MoreAsync(string chatId, CancellationToken cancellationToken = default)
    {
        chatId = Ids.Low(chatId);
        while (true)
        {
            Replica replica;
            long floor;
            int edition;
            lock (_gate)
            {
                replica = _replica;
                if (replica.Shown(chatId) is not { Floor: > 0 } shown)
                    return false;
                (floor, edition) = (shown.Floor, shown.Edition);
            }
            var path = $"{Ids.At(chatId)}/messages/?before={floor + 1}&limit={_options.PageSize}";
            var answer = await SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
            var items = answer.As(CoteJson.Default.IReadOnlyListMessage);
            bool isTaken;
            lock (_gate)
                isTaken = replica.TakeOlder(chatId, floor, edition, items, answer.Next is not null);
            Change();
            Save();
            if (isTaken)
                return true;
        }
    }

    static JsonElement Json(JsonNode body) => JsonSerializer.SerializeToElement(body, CoteJson.Default.JsonNode);

    // Whether its messages are there; throws where they do not come.
    bool IsOpen(string chatId, Replica replica)
    {
        if (_over.IsCancellationRequested)
            throw CoteException.Closed(null);
        lock (_gate)
        {
            if (_replica != replica)
                return !_session.Exists ? throw Session.LoggedOut() : _replica.Shown(chatId) is not { IsLoaded: false };
            return replica.Shown(chatId) switch
            {
                { IsLoaded: true } => true,
                null => throw new CoteException(404, "chat_not_found", "Chat not found"),
                // It may wait in the outbox to be made.
                { Refusal: { } refusal } when _outbox.Errands.All(x => x.Id != chatId) => throw refusal,
                _ => false,
            };
        }
    }

    async Task<Chat> KeepAsync(HttpMethod method, string path, JsonNode body, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var replica = _replica;
        var chat = (await WriteAsync(method, path, body, cancellationToken).ConfigureAwait(false))
            .As(CoteJson.Default.Chat);
        lock (_gate)
            replica.TakeAnswer(chat);
        Change();
        return chat;
    }
}
