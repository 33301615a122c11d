using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>GET /sessions/</c>: the devices on which the user is logged in, newest login first.</summary>
static class ListSessions
{
    public static async Task<IResult> Handle(
        CurrentUser current, SessionStore sessions, Clock clock, CancellationToken ct)
    {
        var list = await sessions.ListAsync(current.Id, clock.Now, ct);
        return ApiResults.Json<IReadOnlyList<SessionInfo>>(
            [.. list.Select(x => SessionInfo.From(x, current.SessionId))], UsersJson.Default.IReadOnlyListSessionInfo);
    }
}
