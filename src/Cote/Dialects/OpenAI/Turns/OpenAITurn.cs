using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Where the answer to a request is: a reply, or the stretch of it that follows a wait.</summary>
/// <param name="Message">The question, or the reply.</param>
/// <param name="Index">The stretch, from 0.</param>
sealed record StartedTurn(Message Message, int Index);

/// <summary>Requests that are turns in a chat: they store a message, or answer calls, and show the reply.</summary>
sealed class OpenAITurn(
    MessageStore messages, SendMessage send, SendBudget budget, TurnChats chats, TurnUploads uploads,
    TurnAnswers answers, ModelCatalogue models, OpenAITurnStore store, ResponseFollower responses,
    CompletionFollower completions, Clock clock)
{
    /// <summary>The installation that clients of this dialect are: calls of their tools belong to it.</summary>
    public const string ClientId = "v1";

    const string Key = "Idempotency-Key";
    const int LongestKey = 255;

    static readonly TimeSpan RetriedWithin = TimeSpan.FromMinutes(10);

    /// <summary>Answers <c>POST /v1/chat/completions</c> with a handle.</summary>
    public async Task CompleteAsync(HttpContext http, CurrentUser user, JsonElement body, TurnHandle handle)
    {
        var request = CompletionsReader.Read(body, out var error);
        if (request is null || await StartAsync(http, user, request, body, handle) is not { } turn)
        {
            await (error?.WriteAsync(http) ?? Task.CompletedTask);
            return;
        }
        await ShowAsync(http, () => completions.AnswerAsync(http, user, turn, request));
    }

    /// <summary>
    /// Answers <c>POST /v1/responses</c> with a handle, or without one where it is stored: then it makes a chat.
    /// </summary>
    public async Task RespondAsync(HttpContext http, CurrentUser user, JsonElement body, TurnHandle? handle)
    {
        var request = ResponsesReader.Read(body, out var error);
        if (request is null || await StartAsync(http, user, request, body, handle) is not { } turn)
        {
            await (error?.WriteAsync(http) ?? Task.CompletedTask);
            return;
        }
        await ShowAsync(http, () => request.IsStreamed ? responses.StreamAsync(http, user, turn, after: -1)
            : responses.AnswerAsync(http, user, turn, waits: !request.Echo.IsBackground));
    }

    // The turn is stored, and its model may be at work: what fails now is not to be sent again.
    static async Task ShowAsync(HttpContext http, Func<Task> show)
    {
        try
        {
            await show();
        }
        catch (ProblemException error) when (!http.Response.HasStarted)
        {
            await (OpenAIError.Of(error.Problem) with { MayRetry = false }).WriteAsync(http);
        }
    }

    // Null where the request is answered.
    async Task<StartedTurn?> StartAsync(
        HttpContext http, CurrentUser user, TurnRequest request, JsonElement body, TurnHandle? handle)
    {
        var ct = http.RequestAborted;
        if (!user.Allows(KeyScopes.Read) || !user.Allows(KeyScopes.Write))
        {
            await OpenAIError.Of(Problems.InsufficientScope).WriteAsync(http);
            return null;
        }
        var hash = SecureTokens.Hash(
            $"{http.Request.Path}\n{handle?.Chat}\n{body.GetRawText()}");
        var (id, problem) = await IdOfAsync(http, user.Id, hash, ct);
        if (problem is null && request.HasMessage && await FindRepeatedAsync(user.Id, id, hash, ct) is { } repeated)
        {
            if (repeated.Turn is not null)
                http.Response.Headers["Idempotent-Replayed"] = "true";
            problem = repeated.Problem;
            if (problem is null)
                return repeated.Turn;
        }
        StartedTurn? turn = null;
        if (problem is null)
            (turn, problem) = await DoAsync(http, user, request, handle, id, hash, ct);
        if (problem is null)
            return turn;
        await problem.WriteAsync(http);
        return null;
    }

    // The key is the message's id. The official clients send none with a retry: one is known by its request.
    async Task<(string Id, OpenAIError? Problem)> IdOfAsync(
        HttpContext http, string userId, string hash, CancellationToken ct)
    {
        if (http.Request.Headers[Key] is [{ Length: > 0 } key, ..])
            return key.Length <= LongestKey ? (NamedIds.OfText(userId, key), null)
                : ("", OpenAIError.Wrong(Key, $"`{Key}` has up to {LongestKey} characters."));
        if (http.Request.Headers["X-Stainless-Retry-Count"] is [{ } count, ..] && count is not ("" or "0")
            && await store.FindSentAsync(userId, hash, clock.Now - RetriedWithin, ct) is { IsDeleted: false } sent)
            return (sent.MessageId, null);
        return (clock.NewId(), null);
    }

    async Task<(StartedTurn? Turn, OpenAIError? Problem)?> FindRepeatedAsync(
        string userId, string id, string hash, CancellationToken ct) =>
        await store.FindSentAsync(userId, id, ct) is not { } sent ? null
        : sent.Hash != hash ? (null, OpenAIError.Of(Problems.IdConflict))
        : !sent.IsDeleted && await messages.FindAsync(userId, sent.ChatId, id, ct) is { } question
            ? (new(question, 0), null) : (null, OpenAIError.Of(Problems.Gone));

    async Task<(StartedTurn? Turn, OpenAIError? Problem)> DoAsync(
        HttpContext http, CurrentUser user, TurnRequest request, TurnHandle? handle, string id, string hash,
        CancellationToken ct)
    {
        var (place, problem) = await chats.FindAsync(user.Id, handle, request, ct);
        if (place is null)
            return (null, problem);
        if (request.HasMessage && await RefuseAsync(http, user.Id, request, place, id, ct) is { } wrong)
            return (null, wrong);
        StartedTurn? turn = null;
        if (request.Answers.Count > 0)
        {
            (turn, problem) = await answers.DoAsync(user, place, request.Answers, ct);
            if (problem is not null || !request.HasMessage)
                return (turn, problem);
        }
        else if (!request.HasMessage)
        {
            return (null, OpenAIError.Wrong(null, "There is no message of the user's, and no answer to a call."));
        }
        var (urls, refused) = await uploads.KeepAsync(http, user.Id, request.Files, ct);
        if (refused is null)
            return await SendAsync(user.Id, request, place, new(id, hash, urls));
        return (null, refused with { MayRetry = request.Answers.Count == 0 });
    }

    sealed record Sending(string Id, string Hash, IReadOnlyList<string> Urls);

    // A client that leaves now leaves no half of it behind.
    async Task<(StartedTurn? Turn, OpenAIError? Problem)> SendAsync(
        string userId, TurnRequest request, TurnPlace place, Sending sending)
    {
        var ct = CancellationToken.None;
        var chatId = place.ChatId ?? await chats.CreateAsync(userId, place, sending.Id, ct);
        var outcome = await send.DoAsync(
            chatId, userId, new(BodyOf(request, sending.Id, place.ParentId, sending.Urls)), ct, place.Overrides,
            sending.Hash);
        if (outcome.Message is { } question)
            return (new(question, 0), null);
        // Another request with this key may have been faster.
        if (await FindRepeatedAsync(userId, sending.Id, sending.Hash, ct) is { } repeated)
            return repeated;
        if (place.ChatId is null)
            await chats.DropAsync(userId, chatId, ct);
        return (null, OpenAIError.Of(outcome.Problem!) with { MayRetry = request.Answers.Count == 0 });
    }

    // What is wrong with the message, its files or the budget is found before anything is stored.
    async Task<OpenAIError?> RefuseAsync(
        HttpContext http, string userId, TurnRequest request, TurnPlace place, string id, CancellationToken ct)
    {
        if (send.Refuse(new(BodyOf(
            request, id, null, [.. request.Files.Select((_, index) => MediaPathOf(index))]))) is { } wrong)
            return OpenAIError.Of(wrong);
        if (TurnUploads.Refuse(http, request.Files) is { } unusable)
            return unusable;
        var model = place.Model ?? (place.ChatId is null ? models.Default.Id : null);
        return await budget.RefuseAsync(userId, place.ChatId ?? id, model, request.Text, ct) is { } refusal
            ? OpenAIError.Of(refusal) : null;
    }

    static string MediaPathOf(int index) => $"/media/{new Guid(index, 0, 0, new byte[8])}";

    static JsonElement BodyOf(TurnRequest request, string id, string? parentId, IReadOnlyList<string> urls) =>
        JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WriteString("content"u8, request.Text);
            if (parentId is not null)
                json.WriteString("parent_id"u8, parentId);
            json.WriteStartArray("media_urls"u8);
            foreach (var url in urls)
                json.WriteStringValue(url);
            json.WriteEndArray();
            if (request.Tools is { } tools)
            {
                json.WritePropertyName("client_tools"u8);
                tools.WriteTo(json);
                json.WriteString("client_id"u8, ClientId);
            }
            json.WriteEndObject();
        }));
}
