using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cote.Chats;

/// <summary>
/// The elements in which Open WebUI writes reasoning, tools and programs into the text of a reply: those of the name
/// <c>details</c> that begin with a type. One ends at the first end tag, or with the text.
/// </summary>
static partial class OpenWebUIDetails
{
    const string Details = "<details";
    const string DetailsEnd = "</details>";
    const string Summary = "<summary>";
    const string SummaryEnd = "</summary>";
    const string Fence = "```";

    /// <summary>The text without the elements, which become parts between its ranges.</summary>
    public static string Take(string text, ImportedParts parts)
    {
        var kept = new StringBuilder();
        var pieces = new List<(int Start, int End, string Element)>();
        var (at, start) = (0, 0);
        while (text.IndexOf(Details, at, StringComparison.Ordinal) is >= 0 and var begin)
        {
            if (!text.AsSpan(begin + Details.Length).StartsWith(" type=\"", StringComparison.Ordinal))
            {
                kept.Append(text, at, begin + Details.Length - at);
                at = begin + Details.Length;
                continue;
            }
            var end = text.IndexOf(DetailsEnd, begin, StringComparison.Ordinal);
            kept.Append(text, at, begin - at);
            at = end < 0 ? text.Length : end + DetailsEnd.Length;
            pieces.Add((start, kept.Length, text[begin..(end < 0 ? text.Length : end)]));
            start = kept.Length;
        }
        var whole = at == 0 ? text : kept.Append(text, at, text.Length - at).ToString();
        var taken = at == 0 ? text : whole.Trim();
        var shift = at == 0 ? 0 : whole.Length - whole.TrimStart().Length;
        foreach (var piece in pieces)
        {
            parts.AddText(taken, piece.Start - shift, piece.End - shift);
            Add(parts, piece.Element);
        }
        parts.AddText(taken, start - shift, taken.Length);
        return taken;
    }

    static void Add(ImportedParts parts, string element)
    {
        var attributes = new Dictionary<string, string>();
        var at = Details.Length;
        for (var match = Attribute().Match(element, at); match.Success; match = Attribute().Match(element, at))
        {
            attributes.TryAdd(match.Groups[1].Value, WebUtility.HtmlDecode(match.Groups[2].Value));
            at += match.Length;
        }
        var body = BodyOf(element, at);
        switch (attributes.GetValueOrDefault("type"))
        {
            case "reasoning":
                parts.AddThought(Unquoted(WebUtility.HtmlDecode(body)), double.TryParse(
                    attributes.GetValueOrDefault("duration"), CultureInfo.InvariantCulture, out var seconds)
                    ? seconds : null);
                break;
            case "tool_calls":
                parts.AddCall(attributes.GetValueOrDefault("id"), attributes.GetValueOrDefault("name"),
                    PartBounds.InputOf(Inner(attributes.GetValueOrDefault("arguments"))),
                    // The newest write what came of it as the body.
                    PartBounds.JsonOf(attributes.GetValueOrDefault("result") ?? WebUtility.HtmlDecode(body)));
                break;
            case "code_interpreter":
                parts.AddCall(null, "code_interpreter", PartBounds.Named("code", CodeIn(body)),
                    PartBounds.JsonOf(attributes.GetValueOrDefault("output")));
                break;
        }
    }

    // What stands behind the opening tag and the summary.
    static string BodyOf(string element, int at)
    {
        var end = element.IndexOf('>', at);
        var body = end < 0 ? "" : element[(end + 1)..].Trim();
        if (!body.StartsWith(Summary, StringComparison.Ordinal))
            return body;
        end = body.IndexOf(SummaryEnd, StringComparison.Ordinal);
        return end < 0 ? "" : body[(end + SummaryEnd.Length)..].Trim();
    }

    // Thoughts stand there as quoted lines.
    static string Unquoted(string text) => string.Join('\n', text.Split('\n')
        .Select(x => x.StartsWith("> ", StringComparison.Ordinal) ? x[2..] : x.StartsWith('>') ? x[1..] : x));

    // Arguments are a JSON text inside a JSON string.
    static string? Inner(string? json) =>
        json is { Length: > 0 } && PartBounds.JsonOf(json) is { ValueKind: JsonValueKind.String } text
            ? text.GetString() : json;

    static string CodeIn(string body)
    {
        if (!body.StartsWith(Fence, StringComparison.Ordinal))
            return body;
        var code = body[(body.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        return (code.EndsWith(Fence, StringComparison.Ordinal) ? code[..^Fence.Length] : code).Trim();
    }

    [GeneratedRegex("""\G\s+([A-Za-z_]+)="([^"]*)"(?=[\s>])""")]
    private static partial Regex Attribute();
}
