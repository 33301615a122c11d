using Cote.Data;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /users/</c>: a new account.</summary>
static class Register
{
    public const int ShortestPassword = 8;
    public const int LongestPassword = 128;

    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, Passwords passwords, Clock clock, CancellationToken ct)
    {
        var check = await Body.ReadAsync(http);
        var username = check.Text("username", 3, 64);
        var email = check.Email("email", 254);
        var password = check.Text("password", ShortestPassword, LongestPassword);
        if (username.AsSpan().ContainsAnyExcept(Letters))
            check.Fail("username", "a username has ASCII letters, digits and . _ - only");
        if (check.Problem is null && Passwords.WhyWeak(password, username, email) is { } weak)
            check.Fail("password", weak);
        if (check.Problem is { } wrong)
            return Answer.Of(wrong);
        if (await TakenAsync(users, username, email, ct) is { } taken)
            return Answer.Of(taken);

        var user = new User(clock.NewId(), username, email);
        var hash = await passwords.HashAsync(password, ct);
        if (await users.AddAsync(user, hash, clock.Now) == Outcome.Conflict)
            return Answer.Of(await TakenAsync(users, username, email, ct) ?? Problems.Busy);

        return Answer.Json(user, UsersJson.Default.User);
    }

    static async Task<Problem?> TakenAsync(UserStore users, string username, string email, CancellationToken ct) =>
        await users.IsUsernameTakenAsync(username, ct) ? Problems.UsernameTaken
        : await users.IsEmailTakenAsync(email, ct) ? Problems.EmailTaken
        : null;

    static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
}
