using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Http;

/// <summary>What a client asks to be answered with, by RFC 9110 12.4.2 and 12.5.1.</summary>
static class AcceptHeader
{
    const string EventStream = "text/event-stream";
    const string Json = "application/json";

    /// <summary>
    /// Whether the answer is a stream of server-sent events: the client names the type, not only a wildcard that
    /// covers it, gives it a quality above zero, and does not prefer JSON.
    /// </summary>
    public static bool AcceptsEventStream(this HttpRequest request)
    {
        var ranges = request.GetTypedHeaders().Accept;
        var isNamed = ranges.Any(x => x.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase));
        return isNamed && QualityOf(EventStream, ranges) is > 0 and var quality && quality >= QualityOf(Json, ranges);
    }

    // The most specific range that covers the type counts, whatever its place in the list.
    static double QualityOf(string type, IList<MediaTypeHeaderValue> ranges)
    {
        var (best, quality) = (0, 0.0);
        foreach (var range in ranges)
        {
            var specificity = range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) ? 3
                : range.MatchesAllTypes ? 1
                : range.MatchesAllSubTypes && type.StartsWith(range.Type + "/", StringComparison.OrdinalIgnoreCase) ? 2
                : 0;
            if (specificity > best || (specificity == best && specificity > 0 && (range.Quality ?? 1) > quality))
                (best, quality) = (specificity, range.Quality ?? 1);
        }
        return quality;
    }
}
