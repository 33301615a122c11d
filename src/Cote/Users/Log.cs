using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>Every log line of this room. Lines that ask an operator to act stand in docs/operations.md.</summary>
static partial class UsersLog
{
    [LoggerMessage(EventId = 1500, Level = LogLevel.Warning,
        Message = "A refresh token of session {SessionId} of user {UserId} was used again: the session is revoked")]
    public static partial void RefreshTokenReused(this ILogger log, string sessionId, string userId);

    [LoggerMessage(EventId = 1501, Level = LogLevel.Warning,
        Message = "Mail {MailId} could not be sent: {Why}. It is tried again.")]
    public static partial void MailDelayed(this ILogger log, string mailId, string why);

    [LoggerMessage(EventId = 1502, Level = LogLevel.Error,
        Message = "Mail {MailId} was given up after {Tries} tries: {Why}.")]
    public static partial void MailGivenUp(this ILogger log, string mailId, long tries, string why);

    [LoggerMessage(EventId = 1503, Level = LogLevel.Error,
        Message = "Too many mails wait to be sent: a further one was dropped")]
    public static partial void MailDropped(this ILogger log);
}
