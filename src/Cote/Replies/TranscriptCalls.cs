using Cote.Media;
using Cote.Models;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>Calls that transcribe recordings: a row of the ledger for each.</summary>
sealed class TranscriptCalls(CallStore calls, TranscriptionModel model, Clock clock)
{
    const long AttemptsPerMillisecond = 1_000;

    /// <summary>
    /// Writes a call before it is made, and takes what it may use from the budgets; null where one has no room, or the
    /// account is gone.
    /// </summary>
    /// <param name="file">The recording.</param>
    /// <param name="chatId">The chat whose reply needs the transcript.</param>
    /// <param name="input">About how many tokens of input.</param>
    /// <param name="output">About how many tokens of output.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<CallKey?> BeginAsync(
        MediaFile file, string chatId, long input, long output, TimeSpan within, CancellationToken ct)
    {
        // No fence is raised for an upload: a number that no other call has.
        var attempt = clock.Now.Milliseconds * AttemptsPerMillisecond
            + Random.Shared.NextInt64(AttemptsPerMillisecond);
        var key = new CallKey(file.UserId, file.Id, Purposes.Transcription, attempt);
        var (refused, _) = await calls.BeginAsync(
            new(key, chatId, model.Id!, input, output, Least: output, within), ct);
        return refused is null ? key : null;
    }

    /// <summary>Settles a call with what it has used; null where nothing was.</summary>
    public Task SettleAsync(CallKey call, CallUsage? usage) => calls.SettleAsync(call, usage);
}
