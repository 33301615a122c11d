using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// <c>PUT /chats/{chat_id}/messages/{message_id}/feedback</c>: what the user thinks of a reply, an open one too;
/// <c>rating: null</c> takes it back.
/// </summary>
static class RateReply
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, HttpContext http, CurrentUser user, MessageStore messages,
        FeedbackStore feedback, MediaLinks links, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var rating = request.OptionalInteger("rating", -1, 1);
        var text = request.OptionalText("text", 0, Feedback.LongestText);
        if (!request.Has("rating"))
            request.Text("rating", 0, 0);
        else if (rating == 0)
            request.AddError("rating", "1 is good, -1 is bad, null takes the feedback back");
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(user.Id, chat, id, ct) is not { } message)
            return ApiResults.Of(Problems.MessageNotFound);
        if (message.Sender != Senders.Ai)
        {
            request.AddError("rating", "only a reply can be rated");
            return ApiResults.Of(request.Problem!);
        }

        var wanted = rating is { } given ? new Feedback(given, text) : null;
        if (message.Feedback != wanted && !await feedback.SetAsync(user.Id, chat, id, wanted))
            return ApiResults.Of(Problems.MessageNotFound);

        return await messages.FindAsync(user.Id, chat, id, ct) is { } rated
            ? ApiResults.Json(rated.In(PartsView.Light).Signed(links), WireJson.Message)
            : ApiResults.Of(Problems.MessageNotFound);
    }
}
