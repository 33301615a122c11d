using System.Text.Json.Nodes;

namespace Cote.Client;

public sealed partial class CoteClient
{
    /// <summary>
    /// Sends a message. It is stored on this device first, stands in <see cref="State.Pending"/>, and is tried until
    /// the server answers, also by a later client of the same storage. It is there once, however often it was tried.
    /// </summary>
    /// <returns>The message, when it is on the server's disk; the reply follows by itself.</returns>
    /// <exception cref="CoteException">The server refused it; it stays among the pending ones as failed.</exception>
    public async Task<Message> SendAsync(
        string chatId, NewMessage message, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var errand = ErrandOf(chatId, message);
        return (await _outbox.AddAsync(errand, cancellationToken).ConfigureAwait(false)).As(CoteJson.Default.Message);
    }

    /// <summary>Sends once more what was refused.</summary>
    public async Task<Message> RetrySendAsync(string id, CancellationToken cancellationToken = default) =>
        (await _outbox.RetryAsync(Ids.Low(id), cancellationToken).ConfigureAwait(false)).As(CoteJson.Default.Message);

    /// <summary>Gives up what was refused or waits.</summary>
    public Task DismissAsync(string id) => _outbox.DropAsync(x => x.Id == Ids.Low(id));

    /// <summary>Sends another version of a question.</summary>
    public Task<Message> EditAsync(
        string chatId, string messageId, NewMessage message, CancellationToken cancellationToken = default) =>
        SendAsync(chatId, message with { VersionOf = messageId }, cancellationToken);

    /// <summary>Makes another reply to a question; the id is its own or that of a reply; durable as a send.</summary>
    /// <returns>The new reply, which is open.</returns>
    public async Task<Message> RegenerateAsync(
        string chatId, string messageId, RegenerateOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var id = Ids.New();
        var errand = new Errand(
            id, Ids.Low(chatId), "regenerate", Ids.At(chatId, messageId) + "/regenerate",
            Json((options ?? new()).ToJson(id)));
        return (await _outbox.AddAsync(errand, cancellationToken).ConfigureAwait(false)).As(CoteJson.Default.Message);
    }

    /// <summary>All versions of a message, itself and open ones included.</summary>
    public async Task<IReadOnlyList<Message>> SiblingsAsync(
        string chatId, string messageId, CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Get, Ids.At(chatId, messageId) + "/siblings", null, cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.IReadOnlyListMessage);

    /// <summary>Shows the path through a message, on every device.</summary>
    public async Task<Chat> SwitchToAsync(
        string chatId, string messageId, CancellationToken cancellationToken = default) =>
        (await WriteAsync(
            HttpMethod.Put, Ids.At(chatId) + "/leaf", Bodies.Of(("message_id", Ids.Low(messageId))), cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.Chat);

    /// <summary>Ends the open replies of a chat; what was shown stays.</summary>
    /// <returns>How many this call ended.</returns>
    public async Task<int> StopAsync(string chatId, CancellationToken cancellationToken = default) =>
        (await WriteAsync(HttpMethod.Post, Ids.At(chatId) + "/stop", null, cancellationToken).ConfigureAwait(false))
            .As(CoteJson.Default.JsonElement).GetProperty("stopped").GetInt32();

    /// <summary>Says that the user has read a reply.</summary>
    public Task ReadAsync(string chatId, string messageId, CancellationToken cancellationToken = default) =>
        WriteAsync(HttpMethod.Put, Ids.At(chatId, messageId) + "/read", null, cancellationToken);

    /// <summary>Says what the user thinks of a reply: 1 is good, -1 is bad, null takes it back.</summary>
    public async Task<Message> RateAsync(
        string chatId, string messageId, int? rating, string? text = null,
        CancellationToken cancellationToken = default)
    {
        var body = new JsonObject { ["rating"] = rating };
        if (text is not null)
            body["text"] = text;
        return (await WriteAsync(
            HttpMethod.Put, Ids.At(chatId, messageId) + "/feedback", body, cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.Message);
    }

    /// <summary>Deletes a message; a question takes its replies with it.</summary>
    public Task DeleteMessageAsync(
        string chatId, string messageId, CancellationToken cancellationToken = default) =>
        DeleteAsync(Ids.At(chatId, messageId), cancellationToken);

    /// <summary>Answers a tool call that waits.</summary>
    /// <returns>The reply, which goes on after the last answer.</returns>
    public async Task<Message> AnswerAsync(
        string chatId, string messageId, string callId, ToolAnswer answer,
        CancellationToken cancellationToken = default) =>
        (await WriteAsync(
            HttpMethod.Post, CallPath(chatId, messageId, callId), answer.Body.DeepClone(), cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.Message);

    /// <summary>Takes a client's tool call for this installation, for 60 s: others get <c>claimed</c>.</summary>
    public Task ClaimAsync(
        string chatId, string messageId, string callId, string clientId,
        CancellationToken cancellationToken = default) =>
        WriteAsync(HttpMethod.Post, CallPath(chatId, messageId, callId) + "/claim",
            Bodies.Of(("client_id", clientId)), cancellationToken);

    /// <summary>A message of any branch with all of its parts: whole thoughts and outputs.</summary>
    public async Task<Message> MessageAsync(
        string chatId, string messageId, CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Get, Ids.At(chatId, messageId) + "?parts=all", null, cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.Message);

    /// <summary>
    /// Uploads a file in pieces. A break of the network is waited out; a cancelled upload is removed from the server.
    /// </summary>
    /// <param name="file">A stream that can seek.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="progress">Hears how many bytes have arrived.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The upload, whose <see cref="Media.Url"/> goes into <see cref="NewMessage.MediaUrls"/>.</returns>
    public async Task<Media> UploadAsync(
        Stream file, string name, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
        return await new ResumableUpload(_http, _session, new(_wakeup), progress)
            .RunAsync(file, name, either.Token).ConfigureAwait(false);
    }

    static string CallPath(string chatId, string messageId, string callId) =>
        Ids.At(chatId, messageId) + "/tool_calls/" + callId;

    // A plain message follows the last one that is shown, so that an edit elsewhere does not move it to another branch.
    // While others wait in front of it, what they will make is not known: it follows the leaf.
    Errand ErrandOf(string chatId, NewMessage message)
    {
        chatId = Ids.Low(chatId);
        var parent = message.ParentId is null ? null : Ids.Low(message.ParentId);
        if (parent is null && message.VersionOf is null && _outbox.Errands.All(x => x.ChatId != chatId))
            lock (_gate)
                parent = _replica.LastShown(chatId);
        var id = Ids.New();
        var body = Bodies.Of(
            ("id", id), ("content", message.Content), ("type", message.Type), ("reply_to_id", message.ReplyToId),
            ("parent_id", parent), ("version_of", message.VersionOf), ("stop", message.Stop ? true : null),
            ("client_id", message.ClientId));
        if (message.MediaUrls.Count > 0)
            body["media_urls"] = new JsonArray([.. message.MediaUrls.Select(x => (JsonNode)x)]);
        if (message.ClientTools.Count > 0)
            body["client_tools"] = new JsonArray([.. message.ClientTools.Select(x => (JsonNode)Bodies.Of(
                ("name", x.Name), ("description", x.Description),
                ("parameters", x.Parameters is { } schema ? JsonNode.Parse(schema.GetRawText()) : null)))]);
        return new(
            id, chatId, "send", $"{Ids.At(chatId)}/messages/", Json(body),
            OwnParent: parent is not null && message.ParentId is null);
    }

    // What the server answers is shown before its event comes, unless something happened in between.
    async Task<Answer> PostAsync(Errand errand, string userId, CancellationToken cancellationToken)
    {
        Replica replica;
        int syncs;
        lock (_gate)
            (replica, syncs) = (_replica, _replica.Syncs);
        var answer = await SendAsync(
            HttpMethod.Post, errand.Path, JsonObject.Create(errand.Body), cancellationToken, userId: userId)
            .ConfigureAwait(false);
        lock (_gate)
            if (errand.Kind == "send")
                replica.TakeAnswer(answer.As(CoteJson.Default.Message), syncs);
            else if (errand.Kind == "chat")
                replica.TakeAnswer(answer.As(CoteJson.Default.Chat));
        Change();
        Fetch();
        return answer;
    }
}
