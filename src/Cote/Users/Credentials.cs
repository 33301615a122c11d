using System.Buffers;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>The rules of a username, an e-mail address and a password, on every way in.</summary>
static class Credentials
{
    public const int ShortestPassword = 8;
    public const int LongestPassword = 128;
    public const int MaxEmailLength = 254;

    static readonly SearchValues<char> UsernameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>A username, without the space that a keyboard adds after a completed word.</summary>
    public static string Username(RequestReader request)
    {
        var username = request.Text("username", 3, 64, TypedText.Trim);
        if (username.AsSpan().ContainsAnyExcept(UsernameCharacters))
            request.AddError("username", "a username has ASCII letters, digits and . _ - only");
        return username;
    }

    public static string Email(RequestReader request) => request.Email("email", MaxEmailLength);

    /// <summary>
    /// A password in the form that is hashed, whose length counts. Read after all other fields: one that is among the
    /// first that anyone would try is refused.
    /// </summary>
    public static string Password(RequestReader request, string username, string email)
    {
        var password = request.Text("password", ShortestPassword, LongestPassword, TypedText.Password);
        if (request.Problem is null && Passwords.WhyWeak(password, username, email) is { } weak)
            request.AddError("password", weak);
        return password;
    }

    /// <summary>Which of the two was taken, after a conflict said that one of them was.</summary>
    public static async Task<Problem?> FindConflictAsync(
        UserStore users, string username, string email, CancellationToken ct) =>
        await users.IsUsernameTakenAsync(username, ct) ? Problems.UsernameTaken
        : await users.IsEmailTakenAsync(email, ct) ? Problems.EmailTaken
        : null;
}
