using System.Globalization;

namespace Cote.Events;

/// <summary>
/// A place in a user's event log: the epoch of the database, and the number of the last event that was seen.
/// </summary>
readonly record struct Cursor(string Epoch, long Seq)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Seq}");

    /// <summary>Reads <c>[0-9a-z]{1,32}-[0-9]{1,19}</c>; anything else is malformed.</summary>
    public static Cursor? Parse(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash is < 1 or > 32 || text.Length - dash - 1 is < 1 or > 19)
            return null;
        if (text.AsSpan(0, dash).ContainsAnyExcept(Letters) || text.AsSpan(dash + 1).ContainsAnyExceptInRange('0', '9'))
            return null;
        return long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? new(text[..dash], seq) : null;
    }

    static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz");
}
