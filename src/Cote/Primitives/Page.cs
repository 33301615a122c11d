namespace Cote.Primitives;

/// <summary>Counts what goes into one page of a list: at most so many items, and at most 8 MB.</summary>
sealed class Page(long most)
{
    public const int MostItems = 1_000;

    // Counted in UTF-16 units of the texts, each of which may take three bytes of UTF-8, beside some 500 bytes of frame.
    public const int MostBytes = 8_000_000;
    const long MostUnits = MostBytes / 3;
    const int FrameUnits = 200;

    long _items;
    long _units;
    long? _fits;

    /// <summary>Counts an item of so many units of text; true when the page has all it can hold, this one perhaps too many.</summary>
    public bool IsFull(long units)
    {
        _items++;
        _units += units + FrameUnits;
        if (_fits is null && (_items > most || (_units > MostUnits && _items > 1)))
            _fits = _items - 1;
        return _fits is not null;
    }

    /// <summary>How many of those read are to be kept, or null where they are all and the last.</summary>
    public int? Cut(int read) => _fits is { } fits && fits < read ? (int)fits : null;

    /// <summary>The header that leads to the next page; the path is relative to the host.</summary>
    public static string Next(string path) => $"<{path}>; rel=\"next\"";
}
