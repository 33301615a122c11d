using System.Text.Json.Serialization;

namespace Cote.Users;

/// <summary>A user, as everyone may see it.</summary>
/// <param name="Instructions">What the user wants of every chat; it stands before the prompts.</param>
/// <param name="EmailVerified">Whether a code that was mailed to the address came back.</param>
/// <param name="ApiKeys">Where the password was changed: how many keys go on working.</param>
sealed record User(
    string Id, string Username, string Email, string? Instructions = null, bool EmailVerified = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ApiKeys = null);

/// <summary>A user with what only the server may know.</summary>
sealed record Account(User User, string PasswordHash, string Role, Timestamp CreatedAt, Timestamp? DisabledAt)
{
    public string Id => User.Id;

    public bool IsAdmin => Role == Roles.Admin;
}

/// <summary>The roles of accounts. The names stand in the database: they may never change.</summary>
static class Roles
{
    public const string User = "user";
    public const string Admin = "admin";
}

/// <summary>A session, as its owner sees it. <paramref name="Current"/> is the one that asks.</summary>
sealed record SessionInfo(
    string Id, string Device, string Ip, Timestamp CreatedAt, Timestamp LastSeenAt, Timestamp ExpiresAt, bool Current)
{
    public static SessionInfo From(Session session, string? currentId) => new(
        session.Id, session.Device, session.Ip, session.CreatedAt, session.LastSeenAt, session.ExpiresAt,
        session.Id == currentId);
}

/// <summary>The body of <c>PATCH /users/me</c>.</summary>
sealed record UserPatch(
    string? Username = null, string? Email = null, string? Password = null, string? CurrentPassword = null,
    string? Instructions = null);

/// <summary>The answer of a login or a refresh. <paramref name="ExpiresIn"/> is in seconds.</summary>
sealed record TokenPair(string AccessToken, string TokenType, long ExpiresIn, string RefreshToken);

/// <summary>A single-use ticket for a socket. <paramref name="ExpiresIn"/> is in seconds.</summary>
sealed record SocketTicket(string Ticket, long ExpiresIn);

/// <summary>The body of <c>POST /users/</c>.</summary>
sealed record NewUser(string Username, string Email, string Password, string? InvitationCode = null);

/// <summary>The form of <c>POST /token</c>: username and password, or a refresh token with its grant type.</summary>
sealed record LoginForm(
    string? Username = null, string? Password = null, string? GrantType = null, string? RefreshToken = null,
    string? DeviceName = null, string? Scope = null, string? ClientId = null, string? ClientSecret = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(TokenPair))]
[JsonSerializable(typeof(IReadOnlyList<SessionInfo>))]
[JsonSerializable(typeof(SocketTicket))]
[JsonSerializable(typeof(PasswordWasReset))]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(IReadOnlyList<ApiKey>))]
sealed partial class UsersJson : JsonSerializerContext;
