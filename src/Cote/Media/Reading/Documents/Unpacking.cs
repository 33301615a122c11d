using System.IO.Compression;

namespace Cote.Media.Reading;

/// <summary>
/// The entries of a zip. What they unpack to is counted as it comes, whatever the zip says about itself, for all of
/// them together: a bomb ends there, as <c>too large</c>.
/// </summary>
sealed class Unpacking : IDisposable
{
    const int MostEntries = 10_000;
    const long MostUnpacked = 128 * 1_048_576;
    const int LongestToken = 4 * 1_048_576;
    const int LongestRelations = 8 * 1_048_576;

    readonly ZipArchive _zip;
    readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    long _unpacked;

    public Unpacking(byte[] file)
    {
        // A zip's directory says itself how long it is; its entries are counted before any object is made of them.
        var mark = "PK\u0001\u0002"u8;
        var count = 0;
        for (var rest = file.AsSpan(); rest.IndexOf(mark) is >= 0 and var at; rest = rest[(at + mark.Length)..])
            if (++count > MostEntries)
                throw new UnreadableException(UnreadableException.TooLarge);
        _zip = new ZipArchive(new MemoryStream(file, writable: false));
        foreach (var entry in _zip.Entries)
            _entries.TryAdd(entry.FullName, entry);
    }

    /// <summary>An entry's content, or null where there is none of the name.</summary>
    public Stream? Open(string name) => _entries.TryGetValue(name, out var entry) ? Count(entry.Open()) : null;

    /// <summary>A stream whose bytes are counted with those of all others.</summary>
    public Stream Count(Stream unpacked) => new Counted(this, unpacked);

    /// <summary>
    /// Reads the lists of parts and of relations, which the library for packages reads whole and into memory.
    /// </summary>
    public void CheckRelations()
    {
        var buffer = new byte[16 * 1_024];
        long length = 0;
        foreach (var (name, entry) in _entries)
        {
            if (!name.EndsWith(".rels", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("[Content_Types].xml", StringComparison.OrdinalIgnoreCase))
                continue;
            using var stream = Count(entry.Open());
            while (stream.Read(buffer) is > 0 and var read)
                if ((length += read) > LongestRelations)
                    throw new UnreadableException(UnreadableException.TooLarge);
        }
    }

    public void Dispose() => _zip.Dispose();

    /// <summary>
    /// Counts bytes, and those since the last markup: a tag or a text that is as long as a whole book is held in
    /// memory at once.
    /// </summary>
    sealed class Counted(Unpacking all, Stream inner) : Stream
    {
        int _sinceMarkup;

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            var markup = buffer[..read].LastIndexOf((byte)'<');
            _sinceMarkup = markup < 0 ? _sinceMarkup + read : read - markup;
            all._unpacked += read;
            if (all._unpacked > MostUnpacked || _sinceMarkup > LongestToken)
                throw new UnreadableException(UnreadableException.TooLarge);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
