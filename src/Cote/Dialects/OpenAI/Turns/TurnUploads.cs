using System.Text;
using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Keeps the files of a request as uploads of the user's. Nothing is ever fetched.</summary>
sealed class TurnUploads(MediaIngest ingest)
{
    /// <summary>The error of the first file that no upload can be made of; null where there is none.</summary>
    public static OpenAIError? Refuse(HttpContext http, IReadOnlyList<TurnFile> files)
    {
        foreach (var file in files)
            if (!IsData(file))
            {
                if (OwnPath(file.Url, http.Request.Host) is null)
                    return OpenAIError.Unsupported(file.Param,
                        "A turn takes `data:` URLs and uploads of one's own (`/media/…`); it fetches nothing.");
            }
            else if (BytesOf(file.Url) is null)
            {
                return OpenAIError.Wrong(file.Param, "This is no `data:` URL.");
            }
        return null;
    }

    static bool IsData(TurnFile file) => file.Url.StartsWith("data:", StringComparison.OrdinalIgnoreCase);

    /// <summary>The paths of the uploads; an error of the first file that cannot be kept.</summary>
    public async Task<(IReadOnlyList<string> Urls, OpenAIError? Error)> KeepAsync(
        HttpContext http, string userId, IReadOnlyList<TurnFile> files, CancellationToken ct)
    {
        var urls = new List<string>();
        foreach (var file in files)
        {
            if (!IsData(file))
            {
                urls.Add(OwnPath(file.Url, http.Request.Host)!);
                continue;
            }
            using var stream = new MemoryStream(BytesOf(file.Url)!, writable: false);
            var (kept, problem) = await ingest.ReceiveAsync(
                userId, stream, file.Name, () => Task.FromResult<Problem?>(null), ct);
            if (problem is not null)
                return ([], OpenAIError.Of(problem) with { Param = file.Param });
            urls.Add(MediaLinks.PathOf(kept!.Id));
        }
        return (urls, null);
    }

    static string? OwnPath(string url, HostString host)
    {
        if (Uri.TryCreate(url, UriKind.Absolute, out var absolute) && absolute.Scheme is "http" or "https")
            return absolute.Authority == host.Value && MediaLinks.IdOf(absolute.PathAndQuery) is not null
                ? absolute.PathAndQuery : null;
        return MediaLinks.IdOf(url) is not null ? url : null;
    }

    static byte[]? BytesOf(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0)
            return null;
        if (!url.AsSpan(0, comma).EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
            return Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url[(comma + 1)..]));
        var bytes = new byte[(url.Length - comma) * 3L / 4];
        return Convert.TryFromBase64Chars(url.AsSpan(comma + 1), bytes, out var length) ? bytes[..length] : null;
    }
}
