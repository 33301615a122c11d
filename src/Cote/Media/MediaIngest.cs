using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Cote.Media;

/// <summary>A new upload, or why it was refused.</summary>
readonly record struct IngestResult(MediaFile? File, Problem? Problem)
{
    public static implicit operator IngestResult(Problem problem) => new(null, problem);
}

/// <summary>
/// Turns received bytes into an upload: they are written to a file that no request can read, hashed, synced,
/// inspected, added to the storage, and only then to the database. A crash leaves a file too many at worst, never a
/// row without bytes.
/// </summary>
sealed class MediaIngest(
    MediaFolders folders, MediaStore store, BlobStorage storage, MediaOptions options, Clock clock)
{
    const int MostTries = 5;
    const long Million = 1_000_000;
    const long MostSide = 1_000_000; // the product of two sides beyond it may overflow

    readonly Dictionary<string, long> _reserved = [];

    /// <summary>Takes in a stream to its end. When it fails, no file is left behind.</summary>
    /// <param name="userId">The uploader.</param>
    /// <param name="from">The bytes of the file.</param>
    /// <param name="name">The file name as the client gave it.</param>
    /// <param name="finish">Reads the rest of the request; a problem refuses the upload.</param>
    /// <param name="ct">Cancelled when the client closes the connection.</param>
    /// <param name="known">What the file is, where that is not to be found from its bytes.</param>
    public async Task<IngestResult> ReceiveAsync(
        string userId, Stream from, string? name, Func<Task<Problem?>> finish, CancellationToken ct,
        FileType? known = null)
    {
        var room = options.QuotaBytes - await store.UsedAsync(userId, clock.Now, ct);
        var path = Path.Combine(folders.Incoming, clock.NewId());
        var buffer = ArrayPool<byte>.Shared.Rent(LocalFile.BlockSize);
        long size = 0, reserved = 0;
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var file = LocalFile.Create(path))
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
            return await InspectAsync(
                userId, path, name, Convert.ToHexStringLower(hash.GetHashAndReset()), null, known, ct);
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

    /// <summary>
    /// Keeps a finished resumable upload, which is one local file. The file may be gone afterwards, or not.
    /// </summary>
    public async Task<IngestResult> KeepAsync(PartialUpload upload, string path, CancellationToken ct)
    {
        string hash;
        await using (var file = new BufferedStream(LocalFile.Open(path), LocalFile.BlockSize))
            hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
        return await InspectAsync(upload.UserId, path, upload.Name, hash, upload, null, ct);
    }

    async Task<IngestResult> InspectAsync(
        string userId, string path, string? name, string sha256, PartialUpload? upload, FileType? known,
        CancellationToken ct)
    {
        var clean = FileNames.Clean(name);
        FileType? type;
        long size;
        double? seconds;
        using (var probe = new FileProbe(path))
        {
            (type, size) = (known ?? FileTypes.Detect(probe, clean), probe.Length);
            seconds = type is null ? null : SoundLength.Read(probe, type.ContentType);
        }
        if (size == 0)
            return WrongFile("the file is empty");
        if (type is null)
            return Problems.UnsupportedMediaType;
        if (type.Width > MostSide || type.Height > MostSide
            || type.Width * type.Height > options.MaxMegapixels * Million)
            return Problems.TooManyPixels;
        var file = new MediaFile(userId, clock.NewId(), clock.NewId(), sha256, clean, type.ContentType, size,
            type.Width > 0 ? (int)type.Width : null, type.Height > 0 ? (int)type.Height : null,
            (long?)(seconds * 1_000), clock.Now);
        return await AddAsync(file, path, upload, ct);
    }

    /// <summary>The 422 for a form without a file, or with one that cannot be taken.</summary>
    public static Problem WrongFile(string? sentence)
    {
        var request = new RequestReader(JsonElement.Parse("{}"u8));
        if (sentence is null)
            request.Text("file", 0, 1);
        else
            request.AddError("file", sentence);
        return request.Problem!;
    }

    // Equal bytes are stored once. Meanwhile a sweep may delete the known blob, or another upload may commit the same
    // bytes: the database tells which (a row is gone, a hash is taken), and the next try looks again.
    async Task<IngestResult> AddAsync(MediaFile file, string path, PartialUpload? upload, CancellationToken ct)
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
            // When this throws it is unknown whether it was committed: the blob stays, and the reconciliation decides.
            var result = await store.AddAsync(file, withBlob: !known, upload, options.QuotaBytes);
            var isUnused = result is AddMediaResult.OverQuota or AddMediaResult.Superseded
                || (result == AddMediaResult.Done && known);
            if (isOurs && isUnused)
                await storage.DeleteAsync(file.BlobId, CancellationToken.None);
            if (result == AddMediaResult.Done) // with a grace of 0 hours it may be swept by now
                return new(await store.FindAsync(file.UserId, file.Id, CancellationToken.None) ?? file, null);
            if (result == AddMediaResult.OverQuota)
                return Problems.QuotaExceeded;
            if (result == AddMediaResult.Superseded)
                return Problems.UploadLocked;
        }
        return Problems.Busy;
    }

    // Counts the bytes that a user's uploads have written so far: many at once must not fill the disk past the quota.
    long Reserve(string userId, long bytes)
    {
        lock (_reserved)
        {
            var sum = _reserved.GetValueOrDefault(userId) + bytes;
            if (sum > 0)
                _reserved[userId] = sum;
            else
                _reserved.Remove(userId);
            return sum;
        }
    }
}
