using System.Globalization;
using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>GET /users/me</c>: the user of the token.</summary>
static class GetMe
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, UserStore users, Database db, ListCache kept, CancellationToken ct)
    {
        // Before the row: what changes in between makes what is kept worthless, never wrong.
        var version = db.Engine.UserChanges?.ToString(CultureInfo.InvariantCulture);
        var key = new ListCache.Key(current.Id, null, 0, null, null, ListCache.Me);
        if (version is not null && kept.Find(key, version, http) is { } answer)
            return answer;
        if (await users.FindUserAsync(current.Id, ct) is not { } user)
            return ApiResults.Of(Problems.InvalidToken);
        var json = ApiResults.Write(user, UsersJson.Default.User);
        if (version is not null)
            kept.Store(key, version, json, http);
        return ApiResults.Json(json);
    }
}
