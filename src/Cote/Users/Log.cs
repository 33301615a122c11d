using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>Every log line of this room. Lines that ask an operator to act stand in docs/operations.md.</summary>
static partial class UsersLog
{
    [LoggerMessage(EventId = 1500, Level = LogLevel.Warning,
        Message = "A refresh token of session {SessionId} of user {UserId} was used again: the session is revoked")]
    public static partial void RefreshTokenReused(this ILogger log, string sessionId, string userId);
}
