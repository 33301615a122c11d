using Cote.Media;
using Cote.Models;
using Cote.Tools;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// <c>PATCH /chats/{chat_id}</c>: only the fields that are named; null goes back to the default. The title's default is
/// that Cote makes it.
/// </summary>
static class UpdateChat
{
    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, ChatStore chats, ModelCatalogue models, ToolRegistry tools,
        MediaStore uploads, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var title = request.OptionalText("title", 0, Chat.LongestTitle);
        var givesTitleBack = request.Has("title") && !request.HasValue("title");
        List<Sql> set = [.. (await ChatFields.ReadAsync(request, models, tools, ct)).Select(x => x.Column)];
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } id)
            return ApiResults.Of(Problems.ChatNotFound);

        if (title is not null)
            set.Add($"title = {title}, title_source = {TitleSources.User}, title_state = {TitleStates.None}");
        if (givesTitleBack
            ? !await GiveTitleBackAsync(user.Id, id, set, chats, uploads, ct)
            : set.Count > 0 && !await chats.UpdateAsync(user.Id, id, set))
            return ApiResults.Of(Problems.ChatNotFound);

        return await GetChat.Handle(id, user, chats, ct);
    }

    // Where the chat has changed since its first question was read, nothing happens, and it is read anew.
    static async Task<bool> GiveTitleBackAsync(
        string userId, string id, IReadOnlyList<Sql> set, ChatStore chats, MediaStore uploads, CancellationToken ct)
    {
        while (await chats.FindFirstQuestionAsync(userId, id, ct) is { } first)
        {
            var upload = first.Media is [var path, ..] && MediaLinks.IdOf(path) is { } mediaId
                ? await uploads.FindAsync(userId, mediaId, ct) : null;
            Sql free = $"""
                title = {FreeTitle.Of(first.Content, upload?.Name)}, title_source = {TitleSources.Auto},
                  title_state = {TitleStates.Waiting}
                """;
            if (await chats.UpdateAsync(userId, id, [.. set, free], $"c.changed = {first.Changed}"))
                return true;
        }
        return false;
    }
}
