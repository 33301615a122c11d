using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// <c>POST /ws/ticket</c>: a single-use ticket that a browser puts in a socket's URL instead of its token.
/// </summary>
static class CreateTicket
{
    static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    public static async Task<IResult> Handle(CurrentUser current, TicketStore tickets, Clock clock)
    {
        var ticket = SecureTokens.Token();
        await tickets.AddAsync(ticket, current, clock.Now + Lifetime, clock.Now);
        return ApiResults.Json(new SocketTicket(ticket, (long)Lifetime.TotalSeconds), UsersJson.Default.SocketTicket);
    }
}
