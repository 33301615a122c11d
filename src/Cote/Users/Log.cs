using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>Every log line of this room. Lines that ask an operator to act stand in docs/operations.md.</summary>
static partial class UsersLog
{
    [LoggerMessage(EventId = 1500, Level = LogLevel.Warning,
        Message = "A refresh token of session {SessionId} of user {UserId} was used again: the session is revoked")]
    public static partial void RefreshTokenReused(this ILogger log, string sessionId, string userId);

    [LoggerMessage(EventId = 1510, Level = LogLevel.Warning,
        Message = "Issuer {Issuer} cannot be asked for its keys: {Kind}: {Reason}")]
    public static partial void IssuerAway(this ILogger log, string issuer, string kind, string reason);

    [LoggerMessage(EventId = 1511, Level = LogLevel.Warning,
        Message = "A login by browser at issuer {Issuer} has failed: {Reason}")]
    public static partial void BrowserLoginFailed(this ILogger log, string issuer, string reason);
}
