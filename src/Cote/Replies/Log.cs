using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>The log lines of replies: event ids 1900 to 1999.</summary>
static partial class RepliesLog
{
    [LoggerMessage(1900, LogLevel.Information, "Reply {Reply} was taken over by another node, or deleted.")]
    public static partial void ReplyTakenOver(this ILogger log, string reply);

    [LoggerMessage(1901, LogLevel.Information, "Reply {Reply} was ended by another node, or deleted.")]
    public static partial void ReplyEndedElsewhere(this ILogger log, string reply);

    [LoggerMessage(1902, LogLevel.Information,
        "Reply {Reply}: the model call failed with {Code} and is made again in {Wait}.")]
    public static partial void ModelCallRetried(this ILogger log, string reply, string code, TimeSpan wait);

    [LoggerMessage(1903, LogLevel.Warning, "Reply {Reply}: {Model} failed with {Code} ({Error}).")]
    public static partial void ModelCallFailed(this ILogger log, string reply, string model, string code, string error);

    [LoggerMessage(1904, LogLevel.Warning,
        "The text of reply {Reply} could not be written ({Code}). The next checkpoint tries again.")]
    public static partial void CheckpointDelayed(this ILogger log, string reply, string code);

    [LoggerMessage(1905, LogLevel.Error, "A checkpoint of reply {Reply} failed. The next checkpoint tries again.")]
    public static partial void CheckpointFailed(this ILogger log, Exception error, string reply);

    [LoggerMessage(1906, LogLevel.Warning, "Reply {Reply} waits for the database: {Code}.")]
    public static partial void ReplyWaitsForDatabase(this ILogger log, string reply, string code);

    [LoggerMessage(1907, LogLevel.Warning,
        "Reply {Reply} could not be handed over ({Code}). The next start takes it up as after a crash.")]
    public static partial void ReplyNotHandedOver(this ILogger log, string reply, string code);

    [LoggerMessage(1908, LogLevel.Warning, "A reply in chat {Chat} waits: {Code}.")]
    public static partial void ReplyWaits(this ILogger log, string chat, string code);

    [LoggerMessage(1909, LogLevel.Error, "A reply in chat {Chat} could not be made. The sweep comes back to it.")]
    public static partial void ReplyRunFailed(this ILogger log, Exception error, string chat);

    [LoggerMessage(1910, LogLevel.Warning,
        "Leases left by the process before could not be made void ({Code}). No reply is claimed until they are.")]
    public static partial void LeasesNotVoided(this ILogger log, string code);

    [LoggerMessage(1911, LogLevel.Warning, "The leases could not be renewed: {Code}.")]
    public static partial void LeasesNotRenewed(this ILogger log, string code);

    [LoggerMessage(1912, LogLevel.Error, "The leases could not be renewed.")]
    public static partial void LeaseRenewalFailed(this ILogger log, Exception error);

    [LoggerMessage(1913, LogLevel.Warning, "Reply {Reply} is owned by this node without a run, and is given back.")]
    public static partial void LeaseWithoutRun(this ILogger log, string reply);

    [LoggerMessage(1914, LogLevel.Warning,
        "Reply {Reply}: {Model} refuses a prompt of about {Tokens} tokens as too long, "
        + "and is asked with fewer earlier turns; "
        + "Cote__Assistants__ContextTokens is larger than its window.")]
    public static partial void PromptShortened(this ILogger log, string reply, string model, long tokens);

    [LoggerMessage(1915, LogLevel.Warning, "The title of chat {Chat} is not made: {Model} failed with {Code}.")]
    public static partial void TitleCallFailed(this ILogger log, string chat, string model, string code);

    [LoggerMessage(1916, LogLevel.Warning,
        "The title of chat {Chat} could not be written ({Code}). A model may be asked once more.")]
    public static partial void TitleWaits(this ILogger log, string chat, string code);

    [LoggerMessage(1917, LogLevel.Error, "The title of chat {Chat} could not be made.")]
    public static partial void TitleFailed(this ILogger log, Exception error, string chat);

    [LoggerMessage(1918, LogLevel.Warning, "A file that a model made is not kept: {Code}.")]
    public static partial void FileNotKept(this ILogger log, string code);

    [LoggerMessage(1919, LogLevel.Warning,
        "The model of reply {Reply} failed with {Code}; {Model} is asked in its place.")]
    public static partial void ModelFallsBack(this ILogger log, string reply, string code, string model);

    [LoggerMessage(1920, LogLevel.Warning, "Reply {Reply}: the call of tool {Tool} ended with {Code} ({Error}).")]
    public static partial void ToolFailed(this ILogger log, string reply, string tool, string code, string error);

    [LoggerMessage(1921, LogLevel.Warning, "Upload {Media} is not transcribed: {Model} failed with {Code}.")]
    public static partial void TranscriptFailed(this ILogger log, string media, string model, string code);
}
