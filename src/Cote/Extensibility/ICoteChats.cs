namespace Cote;

/// <summary>
/// Chats and messages for the host's own code: what the routes do, for a user that the host names. What is written is
/// delivered to all devices of the user as if a client had sent it.
/// </summary>
/// <remarks>
/// A user that does not exist has no chats. Every method throws <see cref="ProblemException"/> with the problem that
/// the route would answer: <c>chat_not_found</c>, <c>too_many_open</c>, <c>unavailable</c> and so on.
/// </remarks>
public interface ICoteChats
{
    /// <summary>Creates a chat. Returns its id.</summary>
    /// <param name="userId">The owner's id.</param>
    /// <param name="title">Up to 500 characters.</param>
    /// <param name="ct">Cancels the call before it is written.</param>
    Task<string> CreateAsync(string userId, string title, CancellationToken ct = default);

    /// <summary>
    /// Sends a message as the user. Returns it when it is on disk; the reply follows by itself, and its end is
    /// announced by
    /// <see cref="CoteBuilder.OnReplyEnded"/>.
    /// </summary>
    /// <param name="userId">The owner's id.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="content">Up to <c>Cote__Messages__MaxContentLength</c> characters, not empty.</param>
    /// <param name="id">A UUID that makes a repetition safe, or null for a new one.</param>
    /// <param name="ct">Cancels the call before it is written.</param>
    Task<CoteMessage> SendAsync(string userId, string chatId, string content, string? id = null,
        CancellationToken ct = default);

    /// <summary>
    /// Stops the running reply of a chat and those that wait. Returns how many were stopped, within three seconds.
    /// </summary>
    Task<int> StopAsync(string userId, string chatId, CancellationToken ct = default);

    /// <summary>The newest listed messages of a chat, ascending.</summary>
    /// <param name="userId">The owner's id.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="before">Only messages with a smaller <see cref="CoteMessage.Seq"/>, or null.</param>
    /// <param name="ct">Cancels the read.</param>
    Task<IReadOnlyList<CoteMessage>> ReadAsync(
        string userId, string chatId, int limit = 100, long? before = null, CancellationToken ct = default);

    /// <summary>One message, listed or not; null where there is none.</summary>
    Task<CoteMessage?> FindAsync(string userId, string chatId, string messageId, CancellationToken ct = default);
}

/// <summary>A message as the host's own code sees it.</summary>
/// <param name="Id">Its id, a UUID in lower case.</param>
/// <param name="ChatId">The chat.</param>
/// <param name="Seq">Its order within the chat, from 1.</param>
/// <param name="Sender"><c>user</c> or <c>ai</c>.</param>
/// <param name="Content">The text; of a running reply, what was written of it.</param>
/// <param name="Timestamp">When it was sent; of a reply, when it was first listed.</param>
/// <param name="ReplyId">Of a user's message: the id of its reply.</param>
/// <param name="ReplyToId">The message that it answers or refers to.</param>
/// <param name="State">Of a reply: <c>queued</c>, <c>running</c>, <c>waiting</c>, <c>completed</c>, <c>stopped</c>,
/// <c>failed</c> or <c>interrupted</c>.</param>
/// <param name="Model">Of a reply: the model, as <c>provider/model</c>.</param>
/// <param name="FinishReason">Of a reply: how the model ended it, such as <c>stop</c> or <c>length</c>.</param>
/// <param name="ErrorCode">Why a reply failed, by the codes of docs/api.md.</param>
public sealed record CoteMessage(
    string Id, string ChatId, long Seq, string Sender, string Content, Timestamp Timestamp, string? ReplyId,
    string? ReplyToId,
    string? State, string? Model, string? FinishReason, string? ErrorCode);

/// <summary>A user's message was stored by this node.</summary>
/// <param name="UserId">The owner.</param>
/// <param name="Message">The message.</param>
public sealed record MessageSent(string UserId, CoteMessage Message);

/// <summary>A reply has ended on this node, whatever its end.</summary>
/// <param name="UserId">The owner.</param>
/// <param name="Reply">The reply, with its final text and state.</param>
/// <param name="InputTokens">What the provider counted of the prompt, or null.</param>
/// <param name="OutputTokens">What the provider counted of the reply, or null.</param>
public sealed record ReplyEnded(string UserId, CoteMessage Reply, long? InputTokens, long? OutputTokens);
