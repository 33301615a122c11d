using System.Globalization;

namespace Cote.Primitives;

/// <summary>Counts what goes into one page of a list: at most so many items, and at most 8 MB.</summary>
sealed class Page(long most)
{
    public const int MostItems = 1_000;

    public const int MostBytes = 8_000_000;
    const int FrameBytes = 1_000; // of an item, beside its texts

    long _items;
    long _bytes;
    long? _fits;

    /// <summary>
    /// Counts an item with these texts; true when the page has all it can hold, this one perhaps too many.
    /// </summary>
    public bool IsFull(params IEnumerable<string?> texts)
    {
        _items++;
        _bytes += texts.Sum(BytesOf) + FrameBytes;
        if (_fits is null && (_items > most || (_bytes > MostBytes && _items > 1)))
            _fits = _items - 1;
        return _fits is not null;
    }

    /// <summary>How many of those read are to be kept, or null where they are all and the last.</summary>
    public int? Cut(int read) => _fits is { } fits && fits < read ? (int)fits : null;

    // At most so many as JSON in UTF-8: what is written as an escape takes six.
    static long BytesOf(string? text)
    {
        long bytes = 0;
        foreach (var unit in text ?? "")
            bytes += unit switch
            {
                '"' or '\\' => 2,
                >= ' ' and < '\x7f' => 1,
                _ when char.GetUnicodeCategory(unit) is < UnicodeCategory.SpaceSeparator
                    or (> UnicodeCategory.PrivateUse and < UnicodeCategory.OtherNotAssigned) => 3,
                _ => 6,
            };
        return bytes;
    }

    /// <summary>The header that leads to the next page; the path is relative to the host.</summary>
    public static string Next(string path) => $"<{path}>; rel=\"next\"";
}
