using System.Globalization;

namespace Cote.Client;

/// <summary>A position in the event log of a user: <c>&lt;epoch&gt;-&lt;number&gt;</c>.</summary>
readonly record struct Cursor(string Epoch, long Number)
{
    /// <summary>The cursor of this text, or null where it is none.</summary>
    public static Cursor? Read(string? text) =>
        text?.LastIndexOf('-') is > 0 and var dash
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(text[..dash], number) : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Number}");
}
