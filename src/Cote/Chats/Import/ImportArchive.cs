using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>
/// A ZIP archive with an export. Names of its entries are compared and never become paths, and no entry is read further
/// than it says it goes.
/// </summary>
sealed partial class ImportArchive : IAsyncDisposable
{
    const uint DirectoryHeader = 0x02014b50;
    const uint EndOfDirectory = 0x06054b50;
    const uint EndOfDirectory64 = 0x06064b50;
    const int EndLength = 22;
    const int LocatorLength = 20;
    const int LongestComment = 65_535;
    const int HeaderLength = 46;

    readonly ZipArchive _zip;

    ImportArchive(ZipArchive zip)
    {
        _zip = zip;
        var json = zip.Entries.Where(x => x.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)).ToList();
        var chats = json.Where(x => Conversations().IsMatch(x.Name)).ToList();
        Chats = [.. (chats.Count > 0 ? chats : json).OrderBy(x => x.FullName, StringComparer.Ordinal)];
        foreach (var entry in zip.Entries.Where(x => x.Length > 0).Except(json))
            if (ChatGptExport.IdIn(entry.Name) is { } id && entry.Name.StartsWith(id, StringComparison.Ordinal))
                Media.TryAdd(id, entry);
    }

    /// <summary>The entries with chats: ChatGPT's where there are any, else every JSON file.</summary>
    public IReadOnlyList<ZipArchiveEntry> Chats { get; }

    /// <summary>The entries of uploads and pictures, by the id at the beginning of their name.</summary>
    public Dictionary<string, ZipArchiveEntry> Media { get; } = [];

    /// <summary>
    /// Opens an archive; one that is too large, damaged or encrypted throws a <see cref="ProblemException"/>.
    /// </summary>
    public static async Task<ImportArchive> OpenAsync(FileStream file, CancellationToken ct)
    {
        // Before the library reads the directory, which it does whole: a small file can hold millions of entries.
        if (CountEntries(file) > ImportLimits.Entries)
            throw new ProblemException(Problems.ImportTooLarge);
        try
        {
            var zip = await ZipArchive.CreateAsync(file, ZipArchiveMode.Read, leaveOpen: true, null, ct);
            var archive = new ImportArchive(zip);
            var unpacked = zip.Entries.Aggregate(0L,
                (sum, x) => sum > ImportLimits.UnpackedBytes ? sum : sum + x.Length);
            if (unpacked > Math.Min(ImportLimits.UnpackedBytes, file.Length * ImportLimits.Ratio))
                throw new ProblemException(Problems.ImportTooLarge);
            return archive.Chats.Count > 0 ? archive : throw new ProblemException(ImportProblems.EmptyArchive);
        }
        catch (InvalidDataException error)
        {
            throw new ProblemException(ImportProblems.BrokenArchive, error);
        }
    }

    /// <summary>Opens an entry; its bytes end where it says, and more of them are a fault.</summary>
    public static async Task<Stream> OpenAsync(ZipArchiveEntry entry, CancellationToken ct) =>
        new EntryStream(await entry.OpenAsync(ct), entry.Length);

    public ValueTask DisposeAsync() => _zip.DisposeAsync();

    // The headers of the directory that follow each other, which is what a reader of it goes through; one more than are
    // allowed where there are too many.
    static int CountEntries(FileStream file)
    {
        var tail = new byte[Math.Min(file.Length, EndLength + LocatorLength + LongestComment)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        for (var end = tail.Length - EndLength; end >= 0; end--)
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end)) == EndOfDirectory)
                return CountHeaders(file, DirectoryAt(file, tail, end));
        throw new ProblemException(ImportProblems.BrokenArchive);
    }

    static long DirectoryAt(FileStream file, byte[] tail, int end)
    {
        var at = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
        if (at != uint.MaxValue)
            return at;
        if (end < LocatorLength)
            throw new ProblemException(ImportProblems.BrokenArchive);
        var record = (long)BinaryPrimitives.ReadUInt64LittleEndian(tail.AsSpan(end - LocatorLength + 8));
        Span<byte> end64 = stackalloc byte[56];
        if (!TryRead(file, record, end64) || BinaryPrimitives.ReadUInt32LittleEndian(end64) != EndOfDirectory64)
            throw new ProblemException(ImportProblems.BrokenArchive);
        return (long)BinaryPrimitives.ReadUInt64LittleEndian(end64[48..]);
    }

    static int CountHeaders(FileStream file, long at)
    {
        var count = 0;
        Span<byte> header = stackalloc byte[HeaderLength];
        while (count <= ImportLimits.Entries && TryRead(file, at, header)
            && BinaryPrimitives.ReadUInt32LittleEndian(header) == DirectoryHeader)
        {
            count++;
            at += HeaderLength + BinaryPrimitives.ReadUInt16LittleEndian(header[28..])
                + BinaryPrimitives.ReadUInt16LittleEndian(header[30..])
                + BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
        }
        return count;
    }

    static bool TryRead(FileStream file, long at, Span<byte> into)
    {
        if (at < 0 || at > file.Length - into.Length)
            return false;
        file.Position = at;
        file.ReadExactly(into);
        return true;
    }

    [GeneratedRegex(@"^conversations([-_. ]?\d+)?\.json$", RegexOptions.IgnoreCase)]
    private static partial Regex Conversations();

    sealed class EntryStream(Stream entry, long length) : AsyncStream
    {
        long _left = length;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await entry.ReadAsync(buffer, cancellationToken);
            _left -= read;
            return _left >= 0 ? read : throw new InvalidDataException("An entry is longer than it says");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                entry.Dispose();
            base.Dispose(disposing);
        }
    }
}
