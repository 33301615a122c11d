using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Cote.Media;

/// <summary>Writes the body of a request to a resumable upload.</summary>
sealed class UploadReceiver(PartStore parts, UploadFinisher finisher, Clock clock)
{
    const int BufferSize = 128 * 1024;

    // Another node continues from what is saved: on a slow network a save by size alone would come too late.
    static readonly TimeSpan SaveAfter = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Receives the body, and finishes the upload if its last byte has come. Returns why not, or null.
    /// </summary>
    public async Task<Problem?> ReceiveAsync(HttpContext http, UploadLock uploadLock, CancellationToken ct)
    {
        var upload = uploadLock.Upload;
        if (http.Request.ContentLength > upload.Length - upload.Received)
            return Problems.TooLarge;
        if (upload.Received == upload.Length) // its parts may be deleted already
            return await finisher.FinishAsync(http, upload, ct);
        var (received, problem) = await AppendAsync(http, uploadLock);
        if (problem is null)
            return await finisher.FinishAsync(http, upload with { Received = received }, ct);
        if (problem == Problems.UnsupportedMediaType)
            await finisher.RefuseAsync(upload);
        return problem;
    }

    // The bytes that came are saved however the connection ends; a resumable upload exists for that.
    async Task<(long Received, Problem? Problem)> AppendAsync(HttpContext http, UploadLock uploadLock)
    {
        var upload = uploadLock.Upload;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var received = upload.Received;
        var (saved, savedAt) = (received, clock.Ticks);
        try
        {
            await using var writer = parts.Append(upload);
            try
            {
                while (await http.Request.Body.ReadAsync(Room(writer), uploadLock.Token) is > 0 and var read)
                {
                    if (received + read > upload.Length)
                        return (received, Problems.TooLarge);
                    if (received == 0 && FileTypes.IsRefused(buffer.AsSpan(0, read)))
                        return (received, Problems.UnsupportedMediaType);
                    await writer.WriteAsync(buffer.AsMemory(0, read));
                    received += read;
                    var isDue = received - saved == writer.MostUnsaved || clock.Since(savedAt) >= SaveAfter;
                    if (isDue && !await SaveAsync(writer))
                        return (saved, Problems.UploadLocked);
                }
                return received == saved || await SaveAsync(writer) ? (received, null) : (saved, Problems.UploadLocked);
            }
            catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
            {
                return (received, Problems.UploadLocked); // another request of the same upload waits for the lock
            }
            finally
            {
                if (received > saved)
                    await SaveAsync(writer);
            }
        }
        catch (IOException error) when (Disk.IsFull(error))
        {
            throw new ProblemException(Problems.DiskFull, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Memory<byte> Room(PartWriter writer) =>
            buffer.AsMemory(0, (int)Math.Min(BufferSize, writer.MostUnsaved - (received - saved)));

        Task<bool> SaveAsync(PartWriter writer)
        {
            // Set before the save: a save that fails is not repeated in `finally`.
            (saved, savedAt) = (received, clock.Ticks);
            return writer.SaveAsync();
        }
    }
}
