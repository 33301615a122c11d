using System.Text;

namespace Cote.Models;

/// <summary>
/// Makes what a model streams fit to be shown and stored. U+0000 is an error on PostgreSQL, a lone surrogate on Npgsql,
/// and SQLite would store another string than the one streamed; both become U+FFFD. Some servers cut a surrogate pair
/// between two chunks: its first half is held back until the second arrives.
/// </summary>
sealed class WellFormedText
{
    const char Replacement = '\uFFFD';
    char _held;

    /// <summary>A whole text.</summary>
    public static string Of(string text)
    {
        var whole = new WellFormedText();
        return whole.Next(text) + whole.Finish();
    }

    public string Next(string chunk)
    {
        if (_held == 0 && IsWellFormed(chunk))
        {
            return chunk;
        }
        var text = new StringBuilder(chunk.Length + 1);
        foreach (var c in chunk)
        {
            if (_held != 0 && char.IsLowSurrogate(c))
            {
                text.Append(_held).Append(c);
                _held = '\0';
                continue;
            }
            Release(text);
            if (char.IsHighSurrogate(c))
            {
                _held = c;
            }
            else
            {
                text.Append(c is '\0' || char.IsLowSurrogate(c) ? Replacement : c);
            }
        }
        return text.ToString();
    }

    /// <summary>What is left at the end: nothing, or the stand-in of a half that never got its other.</summary>
    public string Finish()
    {
        var text = new StringBuilder(1);
        Release(text);
        return text.ToString();
    }

    void Release(StringBuilder text)
    {
        if (_held != 0)
        {
            text.Append(Replacement);
            _held = '\0';
        }
    }

    static bool IsWellFormed(string chunk)
    {
        for (var i = 0; i < chunk.Length; i++)
        {
            if (chunk[i] is '\0' || char.IsLowSurrogate(chunk[i]))
            {
                return false;
            }
            if (char.IsHighSurrogate(chunk[i]) && (++i == chunk.Length || !char.IsLowSurrogate(chunk[i])))
            {
                return false;
            }
        }
        return true;
    }
}
