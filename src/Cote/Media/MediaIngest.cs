using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>What came of an upload: it, or why it was refused.</summary>
readonly record struct IngestResult(MediaFile? File, Problem? Problem)
{
    public static implicit operator IngestResult(Problem problem) => new(null, problem);
}

/// <summary>
/// How bytes come in, by whatever way: to a file of their own that nobody sees, hashed as they come, to the disk
/// (fsync), looked at, moved into place, and only then into the database. A crash anywhere leaves a file too many at
/// the worst, never a row whose bytes are missing.
/// </summary>
sealed class MediaIngest(
    MediaFolders folders, MediaStore store, BlobStorage storage, MediaOptions options, Clock clock)
{
    const int BufferSize = 128 * 1024;
    const int MostTries = 5;
    const long Million = 1_000_000;
    const long MostSide = 1_000_000; // beyond it the product of two sides means nothing any more

    readonly Dictionary<string, long> _underWay = [];

    /// <summary>Takes in what a stream holds, to its end. Whatever goes wrong, nothing is left behind.</summary>
    public async Task<IngestResult> ReceiveAsync(string userId, Stream from, string? name, Func<Task<Problem?>> finish, CancellationToken ct)
    {
        var room = options.QuotaBytes - await store.UsedAsync(userId, clock.Now, ct);
        var path = Path.Combine(folders.Incoming, clock.NewId());
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        long size = 0, reserved = 0;
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                while (await from.ReadAsync(buffer, ct) is > 0 and var read)
                {
                    size += read;
                    if (size > options.MaxUploadBytes)
                        return Problems.TooLarge;
                    reserved += read;
                    if (Reserve(userId, read) > room)
                        return Problems.QuotaExceeded;
                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), ct);
                }
                file.Flush(flushToDisk: true);
            }
            if (await finish() is { } broken)
                return broken;
            return await KeepAsync(userId, path, name, Convert.ToHexStringLower(hash.GetHashAndReset()), null, ct);
        }
        catch (IOException error) when (Disk.IsFull(error))
        {
            throw new ProblemException(Problems.DiskFull, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            Reserve(userId, -reserved);
            File.Delete(path);
        }
    }

    /// <summary>Keeps an upload that came in pieces, as one local file. The file may be gone afterwards, or not.</summary>
    public async Task<IngestResult> KeepAsync(PartialUpload upload, string path, CancellationToken ct)
    {
        string hash;
        await using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, useAsync: true))
            hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
        return await KeepAsync(upload.UserId, path, upload.Name, hash, upload, ct);
    }

    // Looks at a finished file on the local disk, and keeps it.
    async Task<IngestResult> KeepAsync(
        string userId, string path, string? name, string sha256, PartialUpload? upload, CancellationToken ct)
    {
        var clean = FileNames.Clean(name);
        FileType? type;
        long size;
        using (var probe = new FileProbe(path))
            (type, size) = (FileTypes.Detect(probe, clean), probe.Length);
        if (size == 0)
            return Wrong("the file is empty");
        if (type is null)
            return Problems.UnsupportedMediaType;
        if (type.Width > MostSide || type.Height > MostSide || type.Width * type.Height > options.MaxMegapixels * Million)
            return Problems.TooManyPixels;
        var file = new MediaFile(userId, clock.NewId(), clock.NewId(), sha256, clean, type.ContentType, size,
            type.Width > 0 ? (int)type.Width : null, type.Height > 0 ? (int)type.Height : null, clock.Now);
        return await KeepAsync(file, path, upload, ct);
    }

    /// <summary>A form without its file, or with one that cannot be taken, in the shape of every 422.</summary>
    public static Problem Wrong(string? sentence)
    {
        var request = new RequestReader(JsonElement.Parse("{}"u8));
        if (sentence is null)
            request.Text("file", 0, 1);
        else
            request.AddError("file", sentence);
        return request.Problem!;
    }

    // Bytes that are there already are kept once. While this looks, a sweep may remove them, or another upload may
    // bring them: the database says which (a row is gone, a hash is taken), and it is looked at again.
    async Task<IngestResult> KeepAsync(MediaFile file, string path, PartialUpload? upload, CancellationToken ct)
    {
        var isOurs = false;
        for (var tries = 0; tries < MostTries; tries++)
        {
            var known = await store.HasBlobAsync(file.Sha256, ct);
            if (!known && !isOurs)
            {
                await storage.AddAsync(file.BlobId, path, ct);
                isOurs = true;
            }
            // Where this throws, nobody knows whether it was committed: then what is stored stays, for the sweep to judge.
            var kept = await store.AddAsync(file, withBlob: !known, upload, options.QuotaBytes);
            if (isOurs && (kept is AddMediaResult.OverQuota or AddMediaResult.Superseded || (kept == AddMediaResult.Done && known)))
                await storage.DeleteAsync(file.BlobId, CancellationToken.None);
            if (kept == AddMediaResult.Done)
                return new(await store.FindAsync(file.UserId, file.Id, CancellationToken.None) ?? file, null); // without grace it may be swept by now
            if (kept == AddMediaResult.OverQuota)
                return Problems.QuotaExceeded;
            if (kept == AddMediaResult.Superseded)
                return Problems.UploadLocked;
        }
        return Problems.Busy;
    }

    // What a user's uploads under way have written so far: many at once must not fill the disk past the quota.
    long Reserve(string userId, long bytes)
    {
        lock (_underWay)
        {
            var sum = _underWay.GetValueOrDefault(userId) + bytes;
            if (sum > 0)
                _underWay[userId] = sum;
            else
                _underWay.Remove(userId);
            return sum;
        }
    }
}
