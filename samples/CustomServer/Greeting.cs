using Cote;

namespace CustomServer;

/// <summary>A route that begins a chat for its user, and callbacks after a message and after a reply.</summary>
static class Greeting
{
    static long _sent, _ended;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/greeting", Post).RequireAuthorization();
        routes.MapGet("/greeting/counts", () => Results.Ok(new { Sent = _sent, Ended = _ended }))
            .RequireAuthorization();
    }

    // The message and its reply reach every device of the user, as if a client had sent it.
    static async Task<IResult> Post(CurrentUser user, ICoteChats chats, CancellationToken ct)
    {
        var chat = await chats.CreateAsync(user.Id, "Welcome", ct);
        var message = await chats.SendAsync(user.Id, chat, "Hello, who are you?", ct: ct);
        return Results.Ok(new { ChatId = chat, MessageId = message.Id, message.ReplyId });
    }

    // Called after the commit, at most once, on the node that stored the message.
    public static Task CountSentAsync(MessageSent sent, CancellationToken ct)
    {
        Interlocked.Increment(ref _sent);
        return Task.CompletedTask;
    }

    // The same, on the node that has made the reply.
    public static Task CountEndedAsync(ReplyEnded ended, CancellationToken ct)
    {
        Interlocked.Increment(ref _ended);
        return Task.CompletedTask;
    }
}
