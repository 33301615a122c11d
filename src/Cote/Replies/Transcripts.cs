using System.Text;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Models;
using Cote.Primitives;
using Cote.Usage;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// Transcripts of recordings: each is made once, by the configured model, when a reply first needs it, and kept with
/// the upload. A recording that is too long for one call goes in pieces, in order.
/// </summary>
sealed class Transcripts(
    TranscriptionModel model, TranscriptCalls calls, MediaForms forms, FileReader reader, BlobStorage storage,
    Clock clock, ILogger<Transcripts> log) : IDisposable
{
    // The pieces of a long recording are held in memory.
    const int AtOnce = 2;
    const int MostTries = 3;
    const long InputPerSecond = 10;
    const long OutputPerSecond = 4;
    const long BytesPerSecond = 4_000;
    const long MostBytesPerSecond = 768_000; // 96 kHz, 32 bits, stereo
    const long MostPackedPerSecond = 64_000;
    static readonly TimeSpan CallWithin = TimeSpan.FromMinutes(5);

    readonly SemaphoreSlim _slots = new(AtOnce);

    /// <summary>Whether recordings of this type are transcribed.</summary>
    public bool Reads(string contentType) => model.Id is not null && TranscriptionModel.Takes(contentType);

    /// <summary>
    /// The transcript of a recording, made where there is none yet; null where it cannot be made now: a budget has no
    /// room, or the service does not answer.
    /// </summary>
    /// <param name="file">The recording.</param>
    /// <param name="chatId">The chat whose reply needs it.</param>
    /// <param name="ct">Cancels the calls.</param>
    public async Task<FormBytes?> ReadAsync(MediaFile file, string chatId, CancellationToken ct)
    {
        if (await forms.FindTextAsync(file, ct) is { } known)
            return known;
        using var held = await forms.LockAsync(file, FormKinds.Text, ct);
        if (await forms.FindTextAsync(file, ct) is { } made)
            return made;
        await _slots.WaitAsync(ct);
        try
        {
            if (await TranscribeAsync(file, chatId, ct) is not { } text)
                return null;
            if (text.Length == 0)
                await forms.KeepWordAsync(file, UnreadableException.Empty);
            else
                return await forms.KeepTextAsync(file, Encoding.UTF8.GetBytes(text), ct);
        }
        catch (UnreadableException error)
        {
            await forms.KeepWordAsync(file, error.Word);
        }
        finally
        {
            _slots.Release();
        }
        return await forms.FindTextAsync(file, ct);
    }

    public void Dispose() => _slots.Dispose();

    async Task<string?> TranscribeAsync(MediaFile file, string chatId, CancellationToken ct)
    {
        if (file.Size <= TranscriptionModel.MostBytes)
            return await AskAsync(
                file, file.ContentType, chatId, 1, () => new BlobStream(storage, file.BlobId, file.Size), ct);
        var pieces = await reader.SplitAsync(file, TranscriptionModel.MostBytes, ct);
        var text = new StringBuilder();
        foreach (var piece in pieces)
        {
            Stream open() => new MemoryStream(piece.Bytes);
            if (!TranscriptionModel.Takes(piece.ContentType)
                || await AskAsync(file, piece.ContentType, chatId, pieces.Count, open, ct) is not { } said)
                return null;
            text.Append(text.Length > 0 && said.Length > 0 ? " " : "").Append(said);
        }
        return text.ToString();
    }

    // Null where there is no text now, but may be later.
    async Task<string?> AskAsync(
        MediaFile file, string contentType, string chatId, int pieces, Func<Stream> open, CancellationToken ct)
    {
        var seconds = SecondsOf(file) / pieces + 1;
        for (var tries = 1; ; tries++)
        {
            var (input, output) = (seconds * InputPerSecond, seconds * OutputPerSecond);
            if (await calls.BeginAsync(file, chatId, input, output, 2 * CallWithin, ct) is not { } call)
                return null;
            CallUsage used = new(input, 0, IsEstimated: true);
            try
            {
                await using var bytes = open();
                var (transcript, fault, isRefused) = await CallAsync(bytes, contentType, ct);
                used = isRefused ? new(0, 0) : transcript is null ? used : transcript.Usage
                    ?? new(input, TokenEstimate.Of(transcript.Text), IsEstimated: true);
                if (transcript is not null)
                    return transcript.Text;
                log.TranscriptFailed(file.Id, model.Id!, fault!.Code);
                if (fault == ModelFault.UnsupportedMedia || fault == ModelFault.Refused)
                    throw new UnreadableException(UnreadableException.Damaged);
                if (!fault.Retryable || tries == MostTries)
                    return null;
                await Task.Delay(fault.WaitBefore(tries - 1), clock.Provider, ct);
            }
            finally
            {
                await calls.SettleAsync(call, used);
            }
        }
    }

    /// <summary>
    /// How long a recording lasts, for what it costs: what the file says of itself, but never less than its bytes need.
    /// </summary>
    public static long SecondsOf(MediaFile file) => Math.Max(
        file.Duration / 1_000 ?? file.Size / BytesPerSecond,
        file.Size / (file.ContentType is "audio/wav" or "audio/flac" ? MostBytesPerSecond : MostPackedPerSecond));

    async Task<(Transcript? Transcript, ModelFault? Fault, bool IsRefused)> CallAsync(
        Stream bytes, string contentType, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(CallWithin, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return (await model.ReadAsync(bytes, contentType, either.Token), null, false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return (null, ModelFault.Timeout, false);
        }
#pragma warning disable CA1031 // A provider is foreign code: whatever comes of it is a fault of the model.
        catch (Exception error) when (error is not OperationCanceledException and not ProblemException)
#pragma warning restore CA1031
        {
            return (null, ModelFault.Of(error), IsRefusal(error));
        }
    }

    static bool IsRefusal(Exception error) => error is UpstreamErrorException
        || (error as HttpRequestException)?.HttpRequestError is HttpRequestError.ConnectionError
            or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
}
