using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>GET /users/me</c>: the user of the token.</summary>
static class GetMe
{
    public static async Task<IResult> Handle(CurrentUser current, UserStore users, CancellationToken ct) =>
        await users.FindAsync(current.Id, ct) is { } account
            ? ApiResults.Json(account.User, UsersJson.Default.User)
            : ApiResults.Of(Problems.InvalidToken);
}
