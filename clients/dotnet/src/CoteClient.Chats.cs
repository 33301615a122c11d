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
        Keep((await SendAsync(HttpMethod.Patch, $"/chats/{chatId}", fields, cancellationToken).ConfigureAwait(false))
            .As(CoteJson.Default.Chat));

    /// <summary>Deletes a chat with all that is in it.</summary>
    public async Task DeleteChatAsync(string chatId, CancellationToken cancellationToken = default)
    {
        await _outbox.DropAsync(x => x.ChatId == chatId).ConfigureAwait(false);
        await SendAsync(HttpMethod.Delete, $"/chats/{chatId}", null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Archives all chats.</summary>
    public Task ArchiveAllAsync(CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "/chats/archive", null, cancellationToken);

    /// <summary>Makes a chat of a copy of the path to a message, or of the active path.</summary>
    public async Task<Chat> ForkAsync(
        string chatId, string? messageId = null, string? title = null, CancellationToken cancellationToken = default) =>
        Keep((await SendAsync(HttpMethod.Post, $"/chats/{chatId}/fork",
            Bodies.Of(("id", Ids.New()), ("message_id", messageId), ("title", title)), cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.Chat));

    /// <summary>
    /// Shows a chat: its newest messages are fetched, and kept current from now on. It ends when they are there;
    /// without a network at once, and they come later.
    /// </summary>
    public async Task OpenAsync(string chatId, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
            _replica.Open(chatId);
        Change();
        Fetch();
        await WhenChangedAsync(
            () => !IsLoading(chatId) || State.Status is ConnectionStatus.Offline or ConnectionStatus.LoggedOut,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Shows a chat no longer: what comes to it is not kept.</summary>
    public void CloseChat(string chatId)
    {
        lock (_gate)
            _replica.Close(chatId);
        Change();
        Save();
    }

    /// <summary>Fetches the page before what is shown of a chat; false where there is none.</summary>
    public async Task<bool> MoreAsync(string chatId, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            long floor;
            int edition;
            lock (_gate)
            {
                if (_replica.Shown(chatId) is not { Floor: > 0 } shown)
                    return false;
                (floor, edition) = (shown.Floor, shown.Edition);
            }
            var path = $"/chats/{chatId}/messages/?before={floor + 1}&limit={_options.PageSize}";
            var answer = await SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
            var items = answer.As(CoteJson.Default.IReadOnlyListMessage);
            bool isTaken;
            lock (_gate)
                isTaken = _replica.TakeOlder(chatId, floor, edition, items, answer.Next is not null);
            Change();
            Save();
            if (isTaken)
                return true;
        }
    }

    static JsonElement Json(JsonNode body) => JsonSerializer.SerializeToElement(body, CoteJson.Default.JsonNode);

    bool IsLoading(string chatId)
    {
        lock (_gate)
            return _replica.Shown(chatId) is { IsLoaded: false };
    }

    async Task WhenChangedAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(object? sender, EventArgs e)
        {
            if (holds())
                done.TrySetResult();
        }
        Changed += Look;
        try
        {
            Look(null, EventArgs.Empty);
            await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Changed -= Look;
        }
    }

    Chat Keep(Chat chat)
    {
        lock (_gate)
            _replica.TakeAnswer(chat);
        Change();
        return chat;
    }
}
