using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>
/// RFC 9110 says of <c>Range</c> more than ASP.NET Core holds to: it counts for GET alone, a unit that is not known is
/// ignored, and so is a range whose <c>If-Range</c> does not match exactly or cannot be read.
/// </summary>
static class RangeRequest
{
    /// <summary>Removes a <c>Range</c> that must be ignored, so that the whole is sent with 200.</summary>
    /// <param name="request">The request.</param>
    /// <param name="tag">What is sent as <c>ETag</c>; null where none is, so that no <c>If-Range</c> matches.</param>
    /// <param name="lastModified">What is sent as <c>Last-Modified</c>, likewise.</param>
    public static void DropIgnored(
        HttpRequest request, EntityTagHeaderValue? tag = null, DateTimeOffset? lastModified = null)
    {
        var headers = request.Headers;
        if (headers.Range.Count == 0)
            return;
        var isBytes = RangeHeaderValue.TryParse(headers.Range.ToString(), out var range)
            && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase);
        if (!HttpMethods.IsGet(request.Method) || !isBytes || !Matches(headers.IfRange.ToString(), tag, lastModified))
            headers.Remove(HeaderNames.Range);
    }

    static bool Matches(string ifRange, EntityTagHeaderValue? tag, DateTimeOffset? lastModified) =>
        ifRange.Length == 0
        || (RangeConditionHeaderValue.TryParse(ifRange, out var condition)
            && (condition.EntityTag is { } wanted ? tag is not null && wanted.Compare(tag, useStrongComparison: true)
                : lastModified is { } time && condition.LastModified?.ToUnixTimeSeconds() == time.ToUnixTimeSeconds()));
}
