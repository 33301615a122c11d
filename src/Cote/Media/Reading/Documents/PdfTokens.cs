using UglyToad.PdfPig;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Cote.Media.Reading;

/// <summary>Values in the dictionaries of a PDF.</summary>
static class PdfTokens
{
    static readonly DictionaryToken None = new(new Dictionary<NameToken, IToken>());

    /// <summary>A number as it stands, or null.</summary>
    public static long? Int(DictionaryToken dictionary, NameToken name, IPdfTokenScanner? scanner = null) =>
        Get<NumericToken>(dictionary, name, scanner) is { } number && double.IsFinite(number.Double)
        && Math.Abs(number.Double) < long.MaxValue / 2d ? (long)number.Double : null;

    public static bool IsTrue(DictionaryToken dictionary, NameToken name, IPdfTokenScanner? scanner = null) =>
        Get<BooleanToken>(dictionary, name, scanner)?.Data == true;

    /// <summary>The names of a stream's filters, the outermost first.</summary>
    public static List<string> Filters(DictionaryToken stream, IPdfTokenScanner? scanner = null) =>
        Get<NameToken>(stream, NameToken.Filter, scanner) is { } name ? [name.Data]
        : Get<ArrayToken>(stream, NameToken.Filter, scanner) is { } names
            ? [.. names.Data.OfType<NameToken>().Select(x => x.Data)]
        : [];

    /// <summary>What the last filter of a stream is told, which is the one that makes a picture.</summary>
    public static DictionaryToken Parameters(DictionaryToken stream, IPdfTokenScanner? scanner = null)
    {
        foreach (var name in new[] { NameToken.DecodeParms, NameToken.Dp })
        {
            if (Get<DictionaryToken>(stream, name, scanner) is { } one)
                return one;
            if (Get<ArrayToken>(stream, name, scanner)?.Data is [.., var last])
                return Resolve<DictionaryToken>(last, scanner) ?? None;
        }
        return None;
    }

    public static T? Get<T>(DictionaryToken dictionary, NameToken name, IPdfTokenScanner? scanner)
        where T : class, IToken =>
        dictionary.TryGet(name, out var token) ? Resolve<T>(token, scanner) : null;

    static T? Resolve<T>(IToken token, IPdfTokenScanner? scanner)
        where T : class, IToken
    {
        if (token is IndirectReferenceToken reference && scanner is not null)
            token = scanner.Get(reference.Data)?.Data ?? token;
        return token as T;
    }
}
