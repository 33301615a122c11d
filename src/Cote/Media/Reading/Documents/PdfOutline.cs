using UglyToad.PdfPig;
using UglyToad.PdfPig.Tokens;

namespace Cote.Media.Reading;

/// <summary>
/// The bookmarks of a PDF. The library's own reader follows a bookmark that is its own child without an end.
/// </summary>
static class PdfOutline
{
    const int MostBookmarks = 5_000;
    const int Deepest = 32;

    static readonly NameToken First = NameToken.Create("First");
    static readonly NameToken Next = NameToken.Create("Next");
    static readonly NameToken Title = NameToken.Create("Title");

    public static void Write(PdfDocument pdf, DocumentDraft document)
    {
        var scanner = pdf.Structure.TokenScanner;
        if (PdfTokens.Get<DictionaryToken>(
            pdf.Structure.Catalog.CatalogDictionary, NameToken.Outlines, scanner) is not { } root)
            return;
        var waiting = new Stack<(IToken At, int Level)>();
        if (root.TryGet(First, out var first))
            waiting.Push((first, 0));
        for (var i = 0; i < MostBookmarks && waiting.TryPop(out var place); i++)
        {
            var token = place.At is IndirectReferenceToken reference ? scanner.Get(reference.Data)?.Data : place.At;
            if (token is not DictionaryToken bookmark)
                continue;
            var title = bookmark.TryGet(Title, out var text) && text is IndirectReferenceToken elsewhere
                ? scanner.Get(elsewhere.Data)?.Data : text;
            document.AddToOutline(place.Level, (title switch
            {
                StringToken letters => letters.Data,
                HexToken letters => letters.Data,
                _ => "",
            }).Trim());
            if (bookmark.TryGet(Next, out var next))
                waiting.Push((next, place.Level));
            if (place.Level < Deepest && bookmark.TryGet(First, out var child))
                waiting.Push((child, place.Level + 1));
        }
    }
}
