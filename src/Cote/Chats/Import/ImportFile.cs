using System.Runtime.CompilerServices;

namespace Cote.Chats;

/// <summary>An item of an import, with what the file said before it.</summary>
/// <param name="Place">Its place in the whole import, from 0.</param>
readonly record struct ImportItem(long Place, JsonItem Json, ExportHeader Header);

/// <summary>
/// A file to import: JSON, or an archive with it. It is read from front to back, any number of times.
/// </summary>
sealed class ImportFile : IAsyncDisposable
{
    const int BufferBytes = 128 * 1_024;

    readonly FileStream _file;
    readonly ImportArchive? _archive;

    ImportFile(FileStream file, ImportArchive? archive) => (_file, _archive) = (file, archive);

    /// <summary>How many items it has, once it was checked.</summary>
    public long Items { get; private set; }

    /// <summary>Opens a local file.</summary>
    public static async Task<ImportFile> OpenAsync(string path, CancellationToken ct)
    {
        var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.Asynchronous);
        try
        {
            var first = new byte[2];
            var isArchive = await file.ReadAtLeastAsync(first, 2, throwOnEndOfStream: false, ct) == 2
                && first.AsSpan().SequenceEqual("PK"u8);
            return new(file, isArchive ? await ImportArchive.OpenAsync(file, ct) : null);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Reads the file to its end and stores nothing: whether it is an export, and within the limits. Throws a <see
    /// cref="ProblemException"/> where it is not.
    /// </summary>
    public async Task CheckAsync(CancellationToken ct)
    {
        var (items, isKnown) = (0L, false);
        await foreach (var item in ReadAsync(ct))
        {
            if (++items > ImportLimits.Chats)
                throw new ProblemException(Problems.ImportTooLarge);
            isKnown = isKnown || ExportFormats.IsKnown(item.Json);
        }
        if (items > 0 && !isKnown)
            throw new ProblemException(ImportProblems.NoExport);
        Items = items;
    }

    /// <summary>The items in order; the bytes of each are valid until the next.</summary>
    public async IAsyncEnumerable<ImportItem> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var place = 0L;
        for (var i = 0; i < (_archive?.Chats.Count ?? 1); i++)
        {
            await using var stream = await OpenChatsAsync(i, ct);
            var reader = new JsonItemReader(stream, ImportLimits.ChatBytes);
            await using var items = reader.ReadAsync(ct).GetAsyncEnumerator(ct);
            while (await MoveAsync(items))
                yield return new(place++, items.Current, reader.Header);
        }
    }

    /// <summary>Opens the bytes of a file that the archive holds; null where it does not.</summary>
    public async Task<(Stream Stream, string Name)?> OpenMediaAsync(string id, CancellationToken ct) =>
        _archive?.Media.GetValueOrDefault(id) is { } entry
            ? (await ImportArchive.OpenAsync(entry, ct), entry.Name) : null;

    public async ValueTask DisposeAsync()
    {
        if (_archive is not null)
            await _archive.DisposeAsync();
        await _file.DisposeAsync();
    }

    async Task<Stream> OpenChatsAsync(int entry, CancellationToken ct)
    {
        if (_archive is null)
        {
            // Unpacked it is what it is; only its length is bounded, as an archive's.
            if (_file.Length > ImportLimits.UnpackedBytes)
                throw new ProblemException(Problems.ImportTooLarge);
            return new FileStream(
                _file.Name, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        }
        try
        {
            return await ImportArchive.OpenAsync(_archive.Chats[entry], ct);
        }
        catch (InvalidDataException error)
        {
            throw new ProblemException(ImportProblems.BrokenArchive, error);
        }
    }

    static async ValueTask<bool> MoveAsync(IAsyncEnumerator<JsonItem> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (InvalidDataException error) // of the archive's entry
        {
            throw new ProblemException(ImportProblems.BrokenArchive, error);
        }
    }
}
