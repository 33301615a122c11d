using System.Globalization;
using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>GET /v1/responses/{response_id}</c>: as it is now, or with <c>stream=true</c> its events from
/// <c>starting_after</c> on.
/// </summary>
static class GetResponse
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        ResponseFollower responses, string? stream, string? starting_after)
    {
        var after = -1L;
        if (starting_after is { Length: > 0 }
            && (!long.TryParse(starting_after, NumberStyles.None, CultureInfo.InvariantCulture, out after)
                || stream != "true"))
            await OpenAIError.Wrong(
                "starting_after", "`starting_after` is the number of an event, and goes with `stream=true`.")
                .WriteAsync(http);
        else if (stream is not (null or "" or "true" or "false"))
            await OpenAIError.Wrong("stream", "`stream` is true or false.").WriteAsync(http);
        else if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is { } turn)
            await (stream == "true" ? responses.StreamAsync(http, user, turn, after)
                : responses.AnswerAsync(http, user, turn, waits: false));
    }
}
