using System.Buffers;
using System.Text;

namespace Cote.Models;

/// <summary>One event of a stream.</summary>
/// <param name="Type">The <c>event:</c> field, or null.</param>
/// <param name="Data">Its data, valid until the next event is read.</param>
/// <param name="IsBare">JSON that stands in the body without <c>data:</c>: a line, or the whole body.</param>
/// <param name="IsUnfinished">The body ended before the blank line behind it.</param>
readonly record struct WireEvent(string? Type, ReadOnlyMemory<byte> Data, bool IsBare, bool IsUnfinished);

/// <summary>
/// Server-sent events as model servers write them. Beyond the framework's parser it bounds a line, gives the last event
/// of a body that ends without its blank line, and JSON that was sent without <c>data:</c>.
/// </summary>
/// <param name="body">The body, as it comes.</param>
/// <param name="maxBody">The most bytes that are read of it; tests take less.</param>
sealed class EventReader(Stream body, long maxBody = EventReader.MaxBody) : IDisposable
{
    // An attack: a line or a body without an end would fill the memory.
    internal const int MaxLine = 1024 * 1024;
    // A picture of 20 MB in base64, and what stands around it.
    internal const int MaxJson = 28 * 1024 * 1024;
    internal const long MaxBody = 128L * 1024 * 1024;
    const int MaxStray = 4_096;

    readonly ArrayBufferWriter<byte> _data = new(1024);
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    int _start;
    int _end;
    long _read;
    bool _isFirstLine = true;
    bool _endsLine;
    bool _skipsLineFeed;
    bool _hasEnded;
    bool _isUnfinished;

    string? _type;
    bool _hasData;
    JsonExtent? _bare;

    /// <summary>The event that was read last.</summary>
    public WireEvent Current { get; private set; }

    /// <summary>Why the body ended early; null where it ended in order.</summary>
    public Exception? Break { get; private set; }

    /// <summary>The first line that is neither a field nor a comment: the body may be no stream at all.</summary>
    public string? Stray { get; private set; }

    /// <summary>Reads the next event; false at the end of the body, whether in order or not.</summary>
    /// <exception cref="ModelFaultException">A line or the body exceeds its bound.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken ct)
    {
        Reset();
        while (await FindLineAsync(ct) is var length and >= 0)
        {
            var line = _buffer.AsSpan(_start, length);
            _start += length;
            if (Add(line))
                return true;
        }
        if (!_hasData && _type is null)
            return false;
        _isUnfinished = true;
        return Dispatch();
    }

    // A blank line ends an event, a comment is no part of one, and unknown fields are passed over.
    bool Add(ReadOnlySpan<byte> line)
    {
        if (_isFirstLine && line.StartsWith("\uFEFF"u8))
            line = line[3..];
        _isFirstLine = false;
        if (_bare is not null && !line.StartsWith("data:"u8))
            return AddBare(line);
        if (_bare is not null)
            Reset(); // What looked like JSON is not, and the events begin behind it.
        line = line.TrimStart(" \t"u8);
        if (line.IsEmpty)
            return (_hasData || _type is not null) && Dispatch();
        if (line[0] is (byte)'{' or (byte)'[' && !_hasData)
        {
            _bare = new JsonExtent();
            return AddBare(line);
        }
        var colon = line.IndexOf((byte)':');
        var name = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? [] : line[(colon + 1)..];
        if (value is [(byte)' ', ..])
            value = value[1..];
        if (Ascii.EqualsIgnoreCase(name, "data"u8))
            Append(value, MaxJson);
        else if (Ascii.EqualsIgnoreCase(name, "event"u8))
            _type = Encoding.UTF8.GetString(value).Trim();
        else if (!name.IsEmpty && !name.SequenceEqual("id"u8) && !name.SequenceEqual("retry"u8))
            Stray ??= Encoding.UTF8.GetString(line[..Math.Min(line.Length, MaxStray)]);
        return false;
    }

    void Reset()
    {
        (_type, _hasData, _bare) = (null, false, null);
        _data.ResetWrittenCount();
    }

    bool AddBare(ReadOnlySpan<byte> line)
    {
        Append(line, MaxJson);
        return _bare!.Add(line) && Dispatch();
    }

    void Append(ReadOnlySpan<byte> value, int most)
    {
        if (_data.WrittenCount + value.Length > most)
            throw new ModelFaultException(ModelFault.Unreadable);
        if (_hasData)
            _data.Write("\n"u8);
        _data.Write(value);
        _hasData = true;
    }

    bool Dispatch()
    {
        Current = new WireEvent(_type, _data.WrittenMemory, _bare is not null, _isUnfinished);
        return true;
    }

    // The length of the next line, whose end is consumed with it: LF, CR LF or CR. -1 at the end of the body.
    async ValueTask<int> FindLineAsync(CancellationToken ct)
    {
        SkipLineEnd();
        for (var searched = 0; ;)
        {
            var found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOfAny((byte)'\n', (byte)'\r');
            if (found >= 0)
            {
                _endsLine = true;
                return searched + found;
            }
            searched = _end - _start;
            if (searched > MaxLine && searched > (IsData() ? MaxJson : MaxLine))
                throw new ModelFaultException(ModelFault.Unreadable);
            if (_hasEnded || !await FillAsync(ct))
            {
                _isUnfinished = true;
                return _end > _start ? _end - _start : -1;
            }
            if (_skipsLineFeed)
            {
                SkipLineEnd();
                searched = 0;
            }
        }
    }

    void SkipLineEnd()
    {
        if (_endsLine)
        {
            // A CR may be the end of what has come: its LF is taken when it comes, and no line waits for it.
            _skipsLineFeed = _buffer[_start] == (byte)'\r';
            _start++;
            _endsLine = false;
        }
        if (_skipsLineFeed && _start < _end)
        {
            if (_buffer[_start] == (byte)'\n')
                _start++;
            _skipsLineFeed = false;
        }
    }

    // Whether the line that has begun holds JSON, in a frame or without one.
    bool IsData()
    {
        var line = _buffer.AsSpan(_start, _end - _start).TrimStart(" \t"u8);
        return _bare is not null || line is [(byte)'{' or (byte)'[', ..]
            || line.Length > 5 && Ascii.EqualsIgnoreCase(line[..5], "data:"u8);
    }

    async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
            Grow();
        var count = 0;
        try
        {
            count = await body.ReadAsync(_buffer.AsMemory(_end), ct);
        }
        catch (Exception error) when (error is IOException or InvalidDataException or HttpRequestException)
        {
            // What came before the break is still read to its end.
            Break = error;
        }
        _end += count;
        _read += count;
        _hasEnded = count == 0;
        return _read > maxBody ? throw new ModelFaultException(ModelFault.Unreadable) : count > 0;
    }

    void Grow()
    {
        var longer = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(longer);
        Return(_buffer);
        _buffer = longer;
    }

    /// <summary>Gives its buffer back. No read may be under way.</summary>
    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        (_start, _end, _hasEnded) = (0, 0, true);
        if (buffer.Length > 0)
            Return(buffer);
    }

    // The pool would keep a long one of a single picture.
    static void Return(byte[] buffer)
    {
        if (buffer.Length <= 2 * MaxLine)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Finds the end of a JSON object or array that stands in a body without any frame.</summary>
    sealed class JsonExtent
    {
        int _depth;
        bool _isInString;
        bool _isEscaped;

        /// <summary>Whether the value ends with this line.</summary>
        public bool Add(ReadOnlySpan<byte> line)
        {
            foreach (var c in line)
            {
                if (_isEscaped)
                    _isEscaped = false;
                else if (_isInString)
                    (_isInString, _isEscaped) = (c != '"', c == '\\');
                else if (c == '"')
                    _isInString = true;
                else if (c is (byte)'{' or (byte)'[')
                    _depth++;
                else if (c is (byte)'}' or (byte)']')
                    _depth--;
            }
            return _depth <= 0;
        }
    }
}
