using Cote.Primitives;

namespace Cote.Tools;

/// <summary>How much is read.</summary>
/// <param name="Bytes">The most bytes of all.</param>
/// <param name="LineBytes">The longest line, in bytes.</param>
/// <param name="Lines">The most lines: each costs the work of a message.</param>
readonly record struct StreamLimits(long Bytes, long LineBytes, long Lines);

/// <summary>More was sent than is read.</summary>
sealed class AnswerTooLongException() : IOException("More was sent than is read.");

/// <summary>Fails where a sender does not stop; the reader above it would take whatever comes.</summary>
/// <param name="inner">What is read.</param>
/// <param name="limits">How much of it, since the last <see cref="Begin"/>.</param>
/// <param name="over">Is called when it ends: true where more came than is read, false where the sender ended.</param>
sealed class BoundedStream(Stream inner, StreamLimits limits, Action<bool> over) : AsyncStream
{
    long _bytes;
    long _lineBytes;
    long _lines;
    volatile bool _isTooLong;

    /// <summary>Counts from here; a line goes on.</summary>
    public void Begin()
    {
        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _lines, 0);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isTooLong)
            throw new AnswerTooLongException();
        var count = await inner.ReadAsync(buffer, cancellationToken);
        if (count == 0 && buffer.Length > 0)
            over(false);
        if (IsWithin(buffer.Span[..count]))
            return count;
        _isTooLong = true;
        over(true);
        throw new AnswerTooLongException();
    }

    bool IsWithin(ReadOnlySpan<byte> read)
    {
        Interlocked.Add(ref _lines, read.Count((byte)'\n'));
        for (var rest = read; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)'\n');
            _lineBytes += end < 0 ? rest.Length : end;
            if (_lineBytes > limits.LineBytes)
                return false;
            if (end < 0)
                break;
            _lineBytes = 0;
            rest = rest[(end + 1)..];
        }
        return Interlocked.Add(ref _bytes, read.Length) <= limits.Bytes
            && Interlocked.Read(ref _lines) <= limits.Lines;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
