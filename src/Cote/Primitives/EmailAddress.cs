using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace Cote.Primitives;

/// <summary>E-mail addresses in the form that is stored and compared.</summary>
static class EmailAddress
{
    const int MaxLabel = 63;
    const char FullWidthFirst = '！', FullWidthLast = '～';
    const int FullWidthOffset = FullWidthFirst - '!'; // a Japanese keyboard's letters are ASCII at this distance

    static readonly IdnMapping Punycode = new();

    /// <summary>
    /// The address, with a host that is not ASCII in lower case and as punycode, so that one mailbox is one text apart
    /// from its case; null where it is none. Display names, quoted names, address literals and hosts without a dot are
    /// none.
    /// </summary>
    public static string? Parse(string text)
    {
        text = Nfc.Normalize(TypedText.Trim(text));
        var at = text.LastIndexOf('@');
        // Format characters turn the order of what a list of accounts shows, or make two addresses look alike. They are
        // looked for before the host is punycode, which would hide them.
        if (at <= 0 || text.EnumerateRunes().Any(IsInvisible) || HostOf(text[(at + 1)..]) is not { } host)
            return null;
        var address = $"{text[..at]}@{host}";
        return MailAddress.TryCreate(address, out var mail) && mail.Address == address && !address.Contains('"')
            ? address
            : null;
    }

    /// <summary>
    /// The same address with its host as people read it, as accounts made before hosts were punycode are stored.
    /// </summary>
    public static string WithUnicodeHost(string address)
    {
        var at = address.LastIndexOf('@');
        try
        {
            return at < 0 ? address : address[..(at + 1)] + Punycode.GetUnicode(address[(at + 1)..]);
        }
        catch (ArgumentException)
        {
            return address;
        }
    }

    static string? HostOf(string host)
    {
        try
        {
            host = string.Concat(host.Select(Narrow));
            // Lower case first: punycode of a capital letter is another host.
            if (!Ascii.IsValid(host))
                host = Punycode.GetAscii(host.ToLowerInvariant());
        }
        catch (ArgumentException)
        {
            return null;
        }
        var labels = host.Split('.');
        return labels.Length > 1 && labels.All(IsLabel) && labels[^1].Any(char.IsAsciiLetter) ? host : null;
    }

    static bool IsInvisible(Rune rune) =>
        Rune.IsWhiteSpace(rune) || Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    static char Narrow(char unit) =>
        unit is >= FullWidthFirst and <= FullWidthLast ? (char)(unit - FullWidthOffset) : unit;

    static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
        && label.All(x => char.IsAsciiLetterOrDigit(x) || x == '-');
}
