using Cote.Primitives;

namespace Cote;

/// <summary>
/// An expected failure: its HTTP status, the stable code that programs read, the sentence that people read.
/// </summary>
/// <param name="Status">The status of the answer, 4xx or 5xx.</param>
/// <param name="Code">The code of docs/api.md, or one of a host's own: in lower case with underscores.</param>
/// <param name="Detail">One sentence that a client's user may read; it becomes <c>detail</c>.</param>
public sealed record Problem(int Status, string Code, string Detail)
{
    /// <summary>How long a client should wait before it tries again; becomes <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>When what is used up is there again; becomes <c>resets_at</c>.</summary>
    internal Timestamp? ResetsAt { get; init; }

    /// <summary>
    /// The fields that are wrong, for a 422 in FastAPI's shape; they take the place of the sentence.
    /// </summary>
    internal IReadOnlyList<FieldError>? Errors { get; init; }

    /// <summary>It in one sentence: the detail, or the first field that is wrong.</summary>
    internal string Sentence => Errors is [var wrong, ..] ? $"{wrong.Loc[^1]}: {wrong.Msg}" : Detail;
}

/// <summary>
/// A failure that no caller can be expected to handle where it happens: the database is unreachable, the disk is full.
/// </summary>
public sealed class ProblemException(Problem problem, Exception? inner = null) : Exception(problem.Detail, inner)
{
    /// <summary>What the client is told.</summary>
    public Problem Problem { get; } = problem;
}

/// <summary>Every expected failure there is. A test holds docs/api.md to this list.</summary>
public static class Problems
{
    /// <summary>401 <c>not_authenticated</c></summary>
    public static readonly Problem NotAuthenticated = new(401, "not_authenticated", "Not authenticated");
    /// <summary>401 <c>invalid_token</c></summary>
    public static readonly Problem InvalidToken = new(401, "invalid_token", "Could not validate credentials");
    /// <summary>401 <c>wrong_password</c></summary>
    public static readonly Problem WrongPassword = new(401, "wrong_password", "Incorrect username or password");
    /// <summary>401 <c>invalid_refresh_token</c></summary>
    public static readonly Problem InvalidRefreshToken =
        new(401, "invalid_refresh_token", "The refresh token is not valid any more; log in again");
    /// <summary>409 <c>identity_taken</c></summary>
    public static readonly Problem IdentityTaken =
        new(409, "identity_taken", "This identity belongs to another account");
    /// <summary>403 <c>wrong_current_password</c></summary>
    public static readonly Problem WrongCurrentPassword =
        new(403, "wrong_current_password", "The current password is incorrect");
    /// <summary>403 <c>account_disabled</c></summary>
    public static readonly Problem AccountDisabled = new(403, "account_disabled", "This account is disabled");
    /// <summary>403 <c>registration_closed</c></summary>
    public static readonly Problem RegistrationClosed =
        new(403, "registration_closed", "Registration is closed on this server");
    /// <summary>403 <c>wrong_invitation</c></summary>
    public static readonly Problem WrongInvitation =
        new(403, "wrong_invitation", "Registration needs a valid invitation code");
    /// <summary>403 <c>admin_only</c></summary>
    public static readonly Problem AdminOnly = new(403, "admin_only", "Only an admin may do this");
    /// <summary>403 <c>insufficient_scope</c></summary>
    public static readonly Problem InsufficientScope =
        new(403, "insufficient_scope", "This API key may not do this");
    /// <summary>403 <c>too_many_keys</c></summary>
    public static readonly Problem TooManyKeys =
        new(403, "too_many_keys", "This account has as many API keys as it may have; delete one first");
    /// <summary>404 <c>key_not_found</c></summary>
    public static readonly Problem KeyNotFound = new(404, "key_not_found", "API key not found");
    /// <summary>403 <c>too_many_devices</c></summary>
    public static readonly Problem TooManyDevices =
        new(403, "too_many_devices", "This account has as many devices as it may have; remove one first");
    /// <summary>404 <c>device_not_found</c></summary>
    public static readonly Problem DeviceNotFound = new(404, "device_not_found", "Device not found");
    /// <summary>404 <c>session_not_found</c></summary>
    public static readonly Problem SessionNotFound = new(404, "session_not_found", "Session not found");
    /// <summary>400 <c>username_taken</c></summary>
    public static readonly Problem UsernameTaken = new(400, "username_taken", "Username already registered");
    /// <summary>400 <c>email_taken</c></summary>
    public static readonly Problem EmailTaken = new(400, "email_taken", "Email already registered");
    /// <summary>400 <c>invalid_code</c></summary>
    public static readonly Problem InvalidCode =
        new(400, "invalid_code", "The code is wrong, was used or has expired; get a new one");
    /// <summary>501 <c>mail_not_configured</c></summary>
    public static readonly Problem MailNotConfigured =
        new(501, "mail_not_configured", "This server sends no mail");
    /// <summary>404 <c>not_found</c></summary>
    public static readonly Problem NotFound = new(404, "not_found", "Not Found");
    /// <summary>404 <c>chat_not_found</c></summary>
    public static readonly Problem ChatNotFound = new(404, "chat_not_found", "Chat not found");
    /// <summary>404 <c>message_not_found</c></summary>
    public static readonly Problem MessageNotFound = new(404, "message_not_found", "Message not found");
    /// <summary>404 <c>share_not_found</c></summary>
    public static readonly Problem ShareNotFound = new(404, "share_not_found", "This link does not exist");
    /// <summary>405 <c>method_not_allowed</c></summary>
    public static readonly Problem MethodNotAllowed = new(405, "method_not_allowed", "Method Not Allowed");
    /// <summary>409 <c>id_conflict</c></summary>
    public static readonly Problem IdConflict =
        new(409, "id_conflict", "This id was used for something else; a retry must repeat the first request exactly");
    /// <summary>409 <c>own_account</c></summary>
    public static readonly Problem OwnAccount =
        new(409, "own_account", "An admin cannot disable the account that asks");
    /// <summary>409 <c>last_admin</c></summary>
    public static readonly Problem LastAdmin =
        new(409, "last_admin", "This account is the last admin that can log in, and stays enabled");
    /// <summary>409 <c>several_replies</c></summary>
    public static readonly Problem SeveralReplies =
        new(409, "several_replies", "Several users have an open reply of this id; name the user by user_id");
    /// <summary>410 <c>gone</c></summary>
    public static readonly Problem Gone =
        new(410, "gone", "This id belonged to something that was deleted, and cannot be used again");
    /// <summary>413 <c>too_large</c></summary>
    public static readonly Problem TooLarge =
        new(413, "too_large", "The request body is too large; GET /limits tells the largest that is accepted");
    /// <summary>426 <c>upgrade_required</c></summary>
    public static readonly Problem UpgradeRequired =
        new(426, "upgrade_required", "This is a WebSocket endpoint; connect with a WebSocket client");
    /// <summary>429 <c>rate_limited</c></summary>
    public static readonly Problem TooManyRequests =
        new(429, "rate_limited", "Too many requests; wait as long as Retry-After says");
    /// <summary>409 <c>reply_open</c></summary>
    public static readonly Problem ReplyOpen =
        new(409, "reply_open", "A reply to this question is on its way; wait for its end, or stop it");
    /// <summary>404 <c>tool_call_not_found</c></summary>
    public static readonly Problem ToolCallNotFound = new(404, "tool_call_not_found", "Tool call not found");
    /// <summary>409 <c>already_answered</c></summary>
    public static readonly Problem AlreadyAnswered =
        new(409, "already_answered", "This tool call was answered before, and otherwise");
    /// <summary>409 <c>reply_ended</c></summary>
    public static readonly Problem ReplyEnded =
        new(409, "reply_ended", "The reply has ended; its tool call waits for no answer any more");
    /// <summary>409 <c>claimed</c></summary>
    public static readonly Problem Claimed =
        new(409, "claimed", "Another client executes this tool call; a claim lapses after 60 seconds");
    /// <summary>422 <c>path_too_long</c></summary>
    public static readonly Problem PathTooLong = new(422, "path_too_long",
        "More than 10,000 messages would leave the active path or enter it; that is too many at once");
    /// <summary>429 <c>too_many_open</c></summary>
    public static readonly Problem TooManyOpen =
        Later(5, 429, "too_many_open", "Too many replies of this chat are waiting; wait until some have ended");
    /// <summary>429 <c>budget_exceeded</c></summary>
    public static readonly Problem BudgetExceeded =
        Later(60, 429, "budget_exceeded", "The budget for models is used up; it is there again when resets_at says");
    /// <summary>422 <c>price_unknown</c></summary>
    public static readonly Problem PriceUnknown = new(422, "price_unknown",
        "This model has no price on this server, and cannot be used under a budget of cost");
    /// <summary>500 <c>internal_error</c></summary>
    public static readonly Problem Internal = new(500, "internal_error", "Internal Server Error");
    /// <summary>503 <c>busy</c></summary>
    public static readonly Problem Busy =
        Later(1, 503, "busy", "The server is busy; try again shortly");
    /// <summary>503 <c>unavailable</c></summary>
    public static readonly Problem Unavailable =
        Later(2, 503, "unavailable", "The database cannot be reached; try again shortly");
    /// <summary>503 <c>shutting_down</c></summary>
    public static readonly Problem ShuttingDown =
        Later(2, 503, "shutting_down", "The server is shutting down; try again shortly");
    /// <summary>403 <c>quota_exceeded</c></summary>
    public static readonly Problem QuotaExceeded =
        new(403, "quota_exceeded", "Your uploads use your whole quota; delete messages with media first");
    /// <summary>404 <c>media_not_found</c></summary>
    public static readonly Problem MediaNotFound = new(404, "media_not_found", "Media not found");
    /// <summary>404 <c>upload_not_found</c></summary>
    public static readonly Problem UploadNotFound = new(404, "upload_not_found", "Upload not found");
    /// <summary>409 <c>wrong_offset</c></summary>
    public static readonly Problem WrongOffset =
        new(409, "wrong_offset", "Upload-Offset is not the length that the server has; a HEAD request tells it");
    /// <summary>410 <c>upload_expired</c></summary>
    public static readonly Problem UploadExpired =
        new(410, "upload_expired", "The upload was not finished in time; begin it again");
    /// <summary>412 <c>wrong_tus_version</c></summary>
    public static readonly Problem WrongTusVersion =
        new(412, "wrong_tus_version", "This server speaks tus 1.0.0; send Tus-Resumable: 1.0.0");
    /// <summary>413 <c>too_many_pixels</c></summary>
    public static readonly Problem TooManyPixels =
        new(413, "too_many_pixels", "The image has too many pixels; GET /limits tells how many are accepted");
    /// <summary>415 <c>unsupported_media_type</c></summary>
    public static readonly Problem UnsupportedMediaType =
        new(415, "unsupported_media_type", "Files of this type are not accepted");
    /// <summary>404 <c>import_not_found</c></summary>
    public static readonly Problem ImportNotFound = new(404, "import_not_found", "Import not found");
    /// <summary>422 <c>import_too_large</c></summary>
    public static readonly Problem ImportTooLarge = new(422, "import_too_large",
        "The import has too many chats or entries, or unpacks to too many bytes; nothing of it was stored");
    /// <summary>423 <c>upload_locked</c></summary>
    public static readonly Problem UploadLocked =
        new(423, "upload_locked", "Another request is writing to this upload; ask for its offset again");
    /// <summary>503 <c>storage_unavailable</c></summary>
    public static readonly Problem StorageUnavailable =
        Later(5, 503, "storage_unavailable", "The media storage cannot be reached; try again shortly");
    /// <summary>507 <c>disk_full</c></summary>
    public static readonly Problem DiskFull = new(507, "disk_full", "The server's disk is full; nothing was stored");

    static Problem Later(int seconds, int status, string code, string detail) =>
        new(status, code, detail) { RetryAfter = TimeSpan.FromSeconds(seconds) };

    internal static Problem Invalid(IReadOnlyList<FieldError> violations, string code = "validation_error") =>
        new(422, code, "Validation failed") { Errors = violations };
}
