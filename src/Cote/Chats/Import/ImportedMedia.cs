using System.Buffers.Text;
using System.Text;
using Cote.Media;

namespace Cote.Chats;

/// <summary>
/// Keeps what the messages of an import name: bytes that are in the file become uploads of the user's, as if sent to
/// <c>POST /upload/</c>, with its limits and its look at the bytes; uploads of Cote's that are still there are named
/// again. Of everything else, and of what is refused, a line with the name stays in the text.
/// </summary>
sealed class ImportedMedia(MediaStore media, MediaIngest ingest)
{
    const string Base64Mark = ";base64";

    /// <summary>Keeps the files of one chat, message by message.</summary>
    public async Task<IReadOnlyList<KeptFiles>> KeepAsync(
        string userId, ImportFile file, IReadOnlyList<PlacedMessage> messages, CancellationToken ct)
    {
        var kept = new List<KeptFiles>(messages.Count);
        // A branch repeats what stands before it: the same file is kept once.
        var known = new Dictionary<ImportedFile, string?>();
        var own = messages.SelectMany(x => x.Files).Select(x => x.MediaId).OfType<string>().ToHashSet();
        foreach (var ids in own.Chunk(1_000))
            foreach (var found in await media.ListAsync(userId, ids, ct))
                known[new("", MediaId: found.Id)] = found.Id;
        foreach (var message in messages)
            kept.Add(message.Files.Count == 0 ? KeptFiles.None
                : await KeepAsync(userId, file, message.Files, known, ct));
        return kept;
    }

    async Task<KeptFiles> KeepAsync(string userId, ImportFile file, IReadOnlyList<ImportedFile> files,
        Dictionary<ImportedFile, string?> known, CancellationToken ct)
    {
        var (ids, lines) = (new List<string>(), new List<string>());
        foreach (var named in files)
        {
            // By the way to its bytes: names differ.
            var key = named with { Name = "" };
            if (!known.TryGetValue(key, out var id) && ids.Count < ImportLimits.FilesOfMessage)
                known[key] = id = await KeepAsync(userId, file, named, ct);
            if (id is null || (ids.Count == ImportLimits.FilesOfMessage && !ids.Contains(id)))
                lines.Add($"[{FileNames.Clean(named.Name)}]");
            else if (!ids.Contains(id))
                ids.Add(id);
        }
        return new(ids, lines);
    }

    async Task<string?> KeepAsync(string userId, ImportFile file, ImportedFile named, CancellationToken ct)
    {
        if (named.ArchiveId is { } entry && await file.OpenMediaAsync(entry, ct) is { } found)
        {
            await using var stream = found.Stream;
            return await KeepAsync(userId, stream, NameOf(named.Name, found.Name), ct);
        }
        if (named.Data is { } url && Decode(url) is { } bytes)
            return await KeepAsync(userId, new MemoryStream(bytes), NameOf(named.Name, NameOfType(url)), ct);
        return null;
    }

    async Task<string?> KeepAsync(string userId, Stream bytes, string name, CancellationToken ct)
    {
        try
        {
            var result = await ingest.ReceiveAsync(userId, bytes, name, () => Task.FromResult<Problem?>(null), ct);
            if (result.Problem is { Status: >= 500 } fault)
                throw new ProblemException(fault); // not the file's: the import goes on later
            return result.File?.Id;
        }
        catch (InvalidDataException) // the entry is damaged
        {
            return null;
        }
    }

    // What a message calls its picture has often no extension, by which types without a mark of their own are told.
    static string NameOf(string named, string found) => FileNames.ExtensionOf(named).Length > 0 ? named : found;

    static string NameOfType(string url)
    {
        var type = url.AsSpan(5)[..Math.Max(0, url.AsSpan(5).IndexOfAny(';', ','))];
        var kind = type[(type.IndexOf('/') + 1)..];
        return kind.Length is > 0 and <= 10 && !kind.ContainsAnyExcept(Letters) ? $"image.{kind}" : "image";
    }

    static byte[]? Decode(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !url.AsSpan(0, comma).EndsWith(Base64Mark, StringComparison.OrdinalIgnoreCase))
            return null;
        var encoded = Encoding.ASCII.GetBytes(url, comma + 1, url.Length - comma - 1);
        return Base64.DecodeFromUtf8InPlace(encoded, out var length) == System.Buffers.OperationStatus.Done
            ? encoded[..length] : null;
    }

    static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");
}
