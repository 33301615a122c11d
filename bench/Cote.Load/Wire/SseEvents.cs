namespace Cote.Load.Wire;

/// <summary>The events of one response, one at a time; comments are passed over.</summary>
sealed class SseEvents(HttpConnection http)
{
    byte[] _text = new byte[8 * 1024];
    int _at;
    int _end;

    /// <summary>The data of the next event, or empty at the end; good until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync()
    {
        while (true)
        {
            int length;
            while ((length = _text.AsSpan(_at, _end - _at).IndexOf("\n\n"u8)) < 0)
            {
                var piece = await http.ReadPieceAsync();
                if (piece.IsEmpty)
                    return default;
                Keep(piece.Span);
            }
            var whole = _text.AsMemory(_at, length);
            _at += length + 2;
            var data = whole.Span.StartsWith("data: "u8) ? 0 : whole.Span.IndexOf("\ndata: "u8) is >= 0 and var found
                ? found + 1 : -1;
            if (data >= 0)
                return whole[(data + 6)..];
        }
    }

    /// <summary>Begins again, for the next response of the connection.</summary>
    public void Clear() => (_at, _end) = (0, 0);

    void Keep(ReadOnlySpan<byte> piece)
    {
        if (_at > 0)
        {
            _text.AsSpan(_at, _end - _at).CopyTo(_text);
            (_at, _end) = (0, _end - _at);
        }
        if (_end + piece.Length > _text.Length)
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _end + piece.Length));
        piece.CopyTo(_text.AsSpan(_end));
        _end += piece.Length;
    }
}
