using System.Globalization;

namespace Cote.Media.Reading;

/// <summary>What can be made of an upload. The names stand in the database: they may never change.</summary>
static class FormKinds
{
    /// <summary>A picture that models can see.</summary>
    public const string Picture = "picture";

    /// <summary>The text of a document or a recording.</summary>
    public const string Text = "text";

    /// <summary>The headings of a document.</summary>
    public const string Outline = "outline";

    const string Pages = "page-";
    const string Thumbnails = "thumbnail-";

    /// <summary>The picture of a scanned page, counted from 1.</summary>
    public static string Page(int number) => string.Create(CultureInfo.InvariantCulture, $"{Pages}{number}");

    /// <summary>A small picture of so many pixels of width.</summary>
    public static string Thumbnail(int width) => string.Create(CultureInfo.InvariantCulture, $"{Thumbnails}{width}");

    /// <summary>Whether a form is a small picture.</summary>
    public static bool IsThumbnail(string kind) => kind.StartsWith(Thumbnails, StringComparison.Ordinal);

    /// <summary>The number of the page that a form shows; null where it shows none.</summary>
    public static int? PageOf(string kind) => kind.StartsWith(Pages, StringComparison.Ordinal)
        && int.TryParse(kind.AsSpan(Pages.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var page)
            ? page : null;
}
