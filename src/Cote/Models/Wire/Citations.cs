using System.Text.Json;
using Cote.Primitives;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>The citations of one answer. Servers repeat them; each is given once.</summary>
sealed class Citations(ReplyReader reply)
{
    const int MaxCitations = 1_000;
    const int MaxUrl = 2_048;
    const int MaxTitle = 1_024;
    const int MaxSnippet = 4_096;

    readonly HashSet<(string?, string?, string?, long?, long?)> _given = [];

    /// <summary>Takes the <c>annotations</c> of a delta, a message or a part.</summary>
    public void AddAnnotations(JsonElement? annotations)
    {
        if (annotations is not { ValueKind: JsonValueKind.Array } all)
            return;
        foreach (var annotation in all.EnumerateArray())
            if (annotation.Member("url_citation", JsonValueKind.Object) is { } inner)
                Add(inner, inner.Count("start_index"), inner.Count("end_index"));
            else if (annotation.String("type") == "url_citation")
                Add(annotation, annotation.Count("start_index"), annotation.Count("end_index"));
    }

    /// <summary>Takes a citation of the text between two places, in UTF-16 units of the answer.</summary>
    public void Add(JsonElement citation, long? start, long? end)
    {
        var url = UrlOf(citation.String("url") ?? citation.String("source"));
        var title = Bounded(citation.String("title") ?? citation.String("document_title"), MaxTitle);
        var snippet = Bounded(citation.String("cited_text") ?? citation.String("content"), MaxSnippet);
        if ((url, title, snippet) is (null, null, null) || _given.Count == MaxCitations
            || !_given.Add((url?.AbsoluteUri, title, snippet, start, end)))
            return;
        var annotation = new CitationAnnotation { Url = url, Title = title, Snippet = snippet };
        if (start < end && end <= int.MaxValue)
            annotation.AnnotatedRegions =
                [new TextSpanAnnotatedRegion { StartIndex = (int)start.Value, EndIndex = (int)end.Value }];
        reply.Add(new TextContent("") { Annotations = [annotation] });
    }

    // Any other scheme could run something in the app that shows it.
    static Uri? UrlOf(string? text) =>
        text is { Length: <= MaxUrl } && Uri.TryCreate(text, UriKind.Absolute, out var url)
            && (url.Scheme is "http" or "https") && url.AbsoluteUri.Length <= MaxUrl ? url : null;

    static string? Bounded(string? text, int most) =>
        string.IsNullOrWhiteSpace(text) ? null : WellFormedText.Of(Excerpt.Of(text, most));
}
