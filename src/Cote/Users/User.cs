using System.Text.Json.Serialization;

namespace Cote.Users;

/// <summary>A user, as everyone may see it.</summary>
sealed record User(string Id, string Username, string Email);

/// <summary>What a login or a refresh answers. <paramref name="ExpiresIn"/> is in seconds.</summary>
sealed record TokenPair(string AccessToken, string TokenType, long ExpiresIn, string RefreshToken);

/// <summary>A single-use ticket for a socket. <paramref name="ExpiresIn"/> is in seconds.</summary>
sealed record SocketTicket(string Ticket, long ExpiresIn);

/// <summary>The body of <c>POST /users/</c>.</summary>
sealed record NewUser(string Username, string Email, string Password);

/// <summary>The form of <c>POST /token</c>: username and password, or a refresh token with its grant type.</summary>
sealed record LoginForm(
    string? Username = null, string? Password = null, string? GrantType = null, string? RefreshToken = null,
    string? Scope = null, string? ClientId = null, string? ClientSecret = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(TokenPair))]
[JsonSerializable(typeof(SocketTicket))]
sealed partial class UsersJson : JsonSerializerContext;
