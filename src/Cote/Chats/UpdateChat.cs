using Cote.Models;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>PATCH /chats/{chat_id}</c>: only the fields that are named; null goes back to the default.</summary>
static class UpdateChat
{
    public const int LongestSystemPrompt = 32_000;

    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, ChatStore chats, ModelCatalogue models, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var set = new List<Sql>();
        if (request.OptionalText("title", 0, Chat.LongestTitle) is { } title)
            set.Add($"title = {title}");
        if (request.Has("is_pinned"))
            set.Add($"is_pinned = {request.OptionalFlag("is_pinned") ?? false}");
        if (request.Has("model"))
        {
            var name = request.OptionalText("model", 0, 200);
            var model = name is null ? null : models.Resolve(name);
            if (name is not null && model is null)
                request.AddError("model", "no such model; GET /models lists what can be chosen");
            set.Add($"model = {model}");
        }
        if (request.Has("system_prompt"))
            set.Add($"system_prompt = {request.OptionalText("system_prompt", 0, LongestSystemPrompt)}");
        if (request.Has("temperature"))
            set.Add($"temperature = {request.OptionalNumber("temperature", 0, 2)}");
        if (request.Has("max_tokens"))
            set.Add($"max_tokens = {request.OptionalInteger("max_tokens", 1, 10_000_000)}");
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        if (Ids.Parse(chatId) is not { } id || (set.Count > 0 && !await chats.UpdateAsync(user.Id, id, set)))
            return ApiResults.Of(Problems.ChatNotFound);

        return await GetChat.Handle(id, user, chats, ct);
    }
}
