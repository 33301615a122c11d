using System.Runtime.CompilerServices;
using System.Text;

namespace Cote.Chats;

/// <summary>One value of a file; its bytes are valid until the next one is read.</summary>
/// <param name="Json">The bytes; empty where there are too many, or where the file ends inside.</param>
/// <param name="Depth">How many arrays and objects lay inside each other.</param>
readonly record struct JsonItem(ReadOnlyMemory<byte> Json, int Depth)
{
    /// <summary>A value that cannot be read.</summary>
    public static readonly JsonItem Lost = new(default, 0);
}

/// <summary>
/// Reads the items of a JSON file of any size one at a time: those of an array, those of <c>chats</c> in an object,
/// else the object itself; and so of each value, where several follow each other. Memory is that of the longest item.
/// </summary>
sealed class JsonItemReader(Stream stream, int longest)
{
    const int End = -1;
    const string Chats = "chats";

    byte[] _buffer = new byte[64 * 1_024];
    int _filled;
    long _base;  // the place in the stream of the first byte in the buffer
    long _at;    // the next byte to look at
    long _floor; // the first byte that is still wanted; long.MaxValue where none is
    bool _hasEnded;
    bool _isCutOff; // the file ends inside a value, which was said

    /// <summary>What the file said of its own before its chats.</summary>
    public ExportHeader Header { get; } = new();

    /// <summary>The items. A file that is no JSON throws a <see cref="ProblemException"/>.</summary>
    public async IAsyncEnumerable<JsonItem> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await SkipByteOrderMarkAsync(ct);
        for (var isFirst = true; ; isFirst = false)
        {
            var first = await PeekAsync(ct);
            if (isFirst && first is not ('[' or '{'))
                throw new ProblemException(ImportProblems.NotJson);
            if (first == End)
                yield break;
            if (first is not ('[' or '{'))
            {
                yield return JsonItem.Lost;
                yield break;
            }
            await foreach (var item in first == '[' ? ReadArrayAsync(ct) : ReadObjectAsync(ct))
                yield return item;
        }
    }

    async IAsyncEnumerable<JsonItem> ReadArrayAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (_at++; ;)
        {
            _floor = _at;
            switch (await PeekAsync(ct))
            {
                case ']':
                    _at++;
                    yield break;
                case ',':
                    _at++;
                    break;
                case End:
                    if (!_isCutOff)
                        yield return JsonItem.Lost; // the file was cut off
                    _isCutOff = true;
                    yield break;
                default:
                    _floor = _at;
                    var begin = _at;
                    var scan = await ScanAsync(ct);
                    yield return ItemFrom(begin, scan);
                    break;
            }
        }
    }

    async IAsyncEnumerable<JsonItem> ReadObjectAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var (begin, depth, hasChats) = (_at, 0, false);
        for (_floor = _at++; ;)
        {
            var next = await PeekAsync(ct);
            if (next is ',' or '}')
                _at++;
            if (next == '}')
                break;
            if (next == ',')
                continue;
            if (_floor > begin)
                _floor = _at; // of an object that is too long, a member at a time is kept
            var name = next == '"' ? await ReadNameAsync(ct) : null;
            if (name is null)
            {
                if (!_isCutOff)
                    yield return JsonItem.Lost; // the file was cut off, or is no JSON
                _at = long.MaxValue;
                yield break;
            }
            if (name == Chats && await PeekAsync(ct) == '[')
            {
                hasChats = true;
                await foreach (var item in ReadArrayAsync(ct))
                    yield return item;
                _floor = long.MaxValue;
            }
            else
                depth = Math.Max(depth, await ReadMemberAsync(name, ct));
        }
        if (!hasChats)
            yield return _floor <= begin ? ItemOf(begin, depth + 1) : JsonItem.Lost;
    }

    // Up to the value; null where there is no name.
    async ValueTask<string?> ReadNameAsync(CancellationToken ct)
    {
        var begin = _at;
        _floor = Math.Min(_floor, begin);
        var scan = await ScanAsync(ct);
        var name = scan.IsWhole && _floor <= begin ? Encoding.UTF8.GetString(Bytes(begin).Span)[1..^1] : "";
        if (!scan.IsWhole || await PeekAsync(ct) != ':')
            return null;
        _at++;
        return name;
    }

    async ValueTask<int> ReadMemberAsync(string name, CancellationToken ct)
    {
        await PeekAsync(ct);
        var begin = _at;
        _floor = Math.Min(_floor, begin);
        var scan = await ScanAsync(ct);
        if (_floor <= begin)
            Header.Take(name, Bytes(begin));
        return scan.Depth;
    }

    async ValueTask<JsonValueScan> ScanAsync(CancellationToken ct)
    {
        var scan = new JsonValueScan();
        while (!scan.IsWhole)
        {
            if (_at == _base + _filled && !await FillAsync(ct))
                break;
            _at += scan.Read(_buffer.AsSpan((int)(_at - _base), (int)(_base + _filled - _at)));
        }
        return scan;
    }

    JsonItem ItemFrom(long begin, JsonValueScan scan)
    {
        _isCutOff = !scan.IsWhole;
        return _floor <= begin && (scan.IsWhole || scan.EndsWithFile) ? ItemOf(begin, scan.Depth) : JsonItem.Lost;
    }

    JsonItem ItemOf(long begin, int depth) => new(Bytes(begin), depth);

    ReadOnlyMemory<byte> Bytes(long begin) => _buffer.AsMemory((int)(begin - _base), (int)(_at - begin));

    async ValueTask SkipByteOrderMarkAsync(CancellationToken ct)
    {
        while (_filled < 3 && await FillAsync(ct))
        {
        }
        if (_buffer.AsSpan(0, _filled).StartsWith(Encoding.UTF8.Preamble))
            _at = 3;
    }

    // The next byte that is no white space.
    async ValueTask<int> PeekAsync(CancellationToken ct)
    {
        while (true)
        {
            if (_at >= _base + _filled && !await FillAsync(ct))
                return End;
            var next = _buffer[_at - _base];
            if (next is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                return next;
            _at++;
        }
    }

    async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        if (_hasEnded || _at > _base + _filled)
            return false;
        Drop((int)(Math.Min(_floor, _at) - _base));
        if (_filled == _buffer.Length && _filled >= longest)
        {
            _floor = long.MaxValue; // too long to be kept: the rest of it is only passed over
            Drop(_filled);
        }
        else if (_filled == _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Min(longest, _buffer.Length * 2L));
        var read = await stream.ReadAsync(_buffer.AsMemory(_filled), ct);
        _filled += read;
        _hasEnded = read == 0;
        return read > 0;
    }

    void Drop(int bytes)
    {
        Buffer.BlockCopy(_buffer, bytes, _buffer, 0, _filled - bytes);
        _base += bytes;
        _filled -= bytes;
    }
}
