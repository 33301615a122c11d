using System.Text;

namespace Cote.Chats;

/// <summary>The text of replies that become one: it grows in place, since a row of replies may be very long.</summary>
sealed class JoinedText
{
    const string Between = "\n\n";

    readonly string _first;
    StringBuilder? _pieces;
    int _bytes;

    /// <summary>The text of the first one.</summary>
    public JoinedText(string text) => (_first, _bytes) = (text, Encoding.UTF8.GetByteCount(text));

    /// <summary>Whether an import takes a text of this length.</summary>
    public static bool IsShort(string text) => text.Length <= ImportLimits.TextBytes / 3
        || Encoding.UTF8.GetByteCount(text) <= ImportLimits.TextBytes;

    /// <summary>Another one, which grows by itself.</summary>
    public JoinedText Copy() => new(ToString());

    /// <summary>
    /// Appends a text after a blank line. Returns where it begins, in UTF-16 units; null where it is empty, or would
    /// make the whole longer than an import takes.
    /// </summary>
    public int? Append(string text)
    {
        var between = _bytes == 0 ? "" : Between;
        var bytes = _bytes + between.Length + Encoding.UTF8.GetByteCount(text);
        if (text.Length == 0 || bytes > ImportLimits.TextBytes)
            return null;
        _bytes = bytes;
        _pieces ??= new(_first);
        _pieces.Append(between).Append(text);
        return _pieces.Length - text.Length;
    }

    public override string ToString() => _pieces?.ToString() ?? _first;
}
