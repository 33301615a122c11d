using System.Text.Json;
using Cote.Chats;
using Cote.Media;
using Cote.Models;
using Cote.Replies;

namespace Cote.Dialects.UIStream;

/// <summary>What a request leads to: a problem, or the message whose reply is shown, or that reply.</summary>
/// <param name="Problem">Why nothing was done.</param>
/// <param name="Message">A question or a reply.</param>
/// <param name="Known">What the client has of the reply; null where it is told whole.</param>
/// <param name="IsRepeated">Whether the message was sent before, and nothing happened now.</param>
readonly record struct UITurn(
    Problem? Problem, Message? Message = null, KnownReply? Known = null, bool IsRepeated = false)
{
    public static implicit operator UITurn(Problem problem) => new(problem);

    public static UITurn Of(SendOutcome outcome) => new(
        outcome.Problem, outcome.Message, IsRepeated: outcome is { Message: not null, Reply: null });
}

/// <summary>The turns of <c>POST /api/chat</c>: each is a send, a regenerate or an answer as any client makes it.
/// </summary>
sealed class UIChat(
    MessageStore messages, ChatStore chats, TreeStore tree, SendMessage send, Regenerate regenerate, UIAnswers answers,
    UIFiles files, SendBudget budget, ModelCatalogue models, Clock clock)
{
    const int MostVersions = 1_000;

    public Task<UITurn> DoAsync(CurrentUser user, UIChatRequest request, CancellationToken ct) =>
        request.IsRegenerate ? RegenerateAsync(request, ct)
        : request.Last is null ? Task.FromResult<UITurn>(request.Body.Problem!)
        : request.IsAnswer ? answers.DoAsync(user, request, ct)
        : SendAsync(request, ct);

    async Task<UITurn> RegenerateAsync(UIChatRequest request, CancellationToken ct)
    {
        var body = request.Body;
        if (body.Problem is { } wrong)
            return wrong;
        var target = request.MessageId is { } named ? await FindShownAsync(request, [named], ct)
            : (await chats.FindAsync(request.UserId, request.ChatId, ct))?.LeafId;
        if (target is null)
            return Problems.MessageNotFound;
        return UITurn.Of(await regenerate.DoAsync(
            request.ChatId, target, request.UserId, Body(json => request.CopyTo(json, "stop")), ct));
    }

    async Task<UITurn> SendAsync(UIChatRequest request, CancellationToken ct)
    {
        var (text, attached) = request.ReadMessage();
        var name = request.LastId;
        if (request.Body.Problem is { } wrong)
            return wrong;
        var id = name is null ? clock.NewId() : request.IdOf(name);
        var versionOf = request.MessageId is { } named
            && await FindQuestionAsync(request, request.IdOf(named), ct) is { } edited ? edited.Id : null;
        // An edit of what is being answered, to what it says, is the request that has sent it, once more.
        if (versionOf == id && !await IsBeingAnsweredAsync(request, id, text, ct))
            id = await NextVersionAsync(request, id, text, attached, ct);
        if (await messages.FindAsync(request.UserId, request.ChatId, id, ct) is { } known)
            return known.Sender == Senders.User && known.Content == text
                ? new UITurn(null, known, IsRepeated: true) : Problems.IdConflict;
        var parent = versionOf is null ? await FindShownAsync(request, request.Before, ct) : null;
        RequestReader body(IEnumerable<string> paths) => Body(json =>
        {
            json.WriteString("content"u8, text);
            json.WriteStartArray("media_urls"u8);
            foreach (var path in paths)
                json.WriteStringValue(path);
            json.WriteEndArray();
            json.WriteString("id"u8, id);
            json.WriteString("parent_id"u8, parent);
            json.WriteString("version_of"u8, versionOf);
            request.CopyTo(json, "client_tools", "client_id", "stop");
        });
        var refused = send.Refuse(body(attached.Select(x => MediaLinks.PathOf(x.MediaId ?? id))))
            ?? await RefuseAsync(request, id, text, attached, ct);
        if (refused is not null)
            return refused;
        (refused, var kept) = await files.KeepAsync(request, attached, ct);
        return refused is not null ? refused : UITurn.Of(await StoreAsync(request, () => body(kept), ct));
    }

    // What refuses a message is asked before anything is made for it: neither a chat nor an upload is left behind.
    async Task<Problem?> RefuseAsync(
        UIChatRequest request, string id, string text, IReadOnlyList<UIFile> attached, CancellationToken ct)
    {
        var used = await messages.FindIdempotencyAsync(request.UserId, id, ct);
        var chat = await chats.FindIdempotencyAsync(request.UserId, request.ChatId, ct);
        if (chat is { IsDeleted: true })
            return Problems.Gone; // Its id stays used.
        if (chat is null && used is { } other)
            return other.IsDeleted ? Problems.Gone : Problems.IdConflict;
        return chat is null || attached.Any(x => x.Bytes is not null)
            ? await budget.RefuseAsync(
                request.UserId, request.ChatId, chat is null ? models.Default.Id : null, text, ct)
            : null;
    }

    async Task<SendOutcome> StoreAsync(UIChatRequest request, Func<RequestReader> body, CancellationToken ct)
    {
        var outcome = await send.DoAsync(request.ChatId, request.UserId, body(), ct);
        if (outcome.Problem?.Code != Problems.ChatNotFound.Code)
            return outcome;
        var made = await chats.AddAsync(request.UserId,
            new(request.ChatId, null, [], IsTemporary: false, CreateChat.FingerprintOfAuto()));
        outcome = await send.DoAsync(request.ChatId, request.UserId, body(), ct);
        return made == Outcome.Conflict && outcome.Problem?.Code == Problems.ChatNotFound.Code
            ? Problems.Gone : outcome;
    }

    // The first of these that exists here. A question that was edited goes on under its first name in the client: it
    // stands for the version of it on the path.
    async Task<string?> FindShownAsync(UIChatRequest request, IReadOnlyList<string> names, CancellationToken ct)
    {
        if (names.Count == 0)
            return null;
        List<string> ids = [.. names.Select(request.IdOf)];
        var nodes = await tree.ListNodesAsync(request.UserId, request.ChatId, ids, ct);
        var found = nodes.OrderBy(x => ids.IndexOf(x.Id)).ToList();
        if (found is not [var node, ..])
            return null;
        return node.IsOnPath || node.Sender != Senders.User ? node.Id
            : await tree.FindQuestionOnPathAsync(request.UserId, request.ChatId, node.ParentId, ct) ?? node.Id;
    }

    async Task<Message?> FindQuestionAsync(UIChatRequest request, string id, CancellationToken ct) =>
        await messages.FindAsync(request.UserId, request.ChatId, id, ct) is { Sender: Senders.User } found
            ? found : null;

    async Task<bool> IsBeingAnsweredAsync(UIChatRequest request, string id, string text, CancellationToken ct) =>
        await FindQuestionAsync(request, id, ct) is { OnPath: null, ReplyId: { } reply } question
        && question.Content == text
        && await messages.FindAsync(request.UserId, request.ChatId, reply, ct) is { HasEnded: false };

    // A client keeps the id of what it edits. Of the same text the first version that is on the path is this request
    // sent before; others are left ones.
    async Task<string> NextVersionAsync(
        UIChatRequest request, string id, string text, IReadOnlyList<UIFile> attached, CancellationToken ct)
    {
        var content = NamedIds.OfContent(System.Text.Encoding.UTF8.GetBytes(
            string.Join('\n', [text, .. attached.Select(x => x.Url)])));
        for (var version = 1; version <= MostVersions; version++)
        {
            var next = NamedIds.Of(request.UserId, "useChat", id, content, $"{version}");
            if (await messages.FindIdempotencyAsync(request.UserId, next, ct) is null
                || await tree.FindNodeAsync(request.UserId, request.ChatId, next, ct) is { IsOnPath: true })
                return next;
        }
        return clock.NewId();
    }

    static RequestReader Body(Action<Utf8JsonWriter> fields) =>
        new(JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }), new() { MaxDepth = 64 }));
}
