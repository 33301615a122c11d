using Cote.Media;

namespace Cote.Dialects.UIStream;

/// <summary>The files of a message that a browser sends: uploads of the user's, or <c>data:</c> URLs.</summary>
sealed class UIFiles(MediaIngest ingest, MediaStore uploads)
{
    const int LongestUrl = 2_048;
    const int LongestName = 1_000;
    const string Scheme = "data:";
    const string Base64 = ";base64";

    /// <summary>Reads a part; null where it is wrong, which is an error of the request. Nothing is fetched.</summary>
    public static UIFile? Read(RequestReader part)
    {
        var url = part.Text("url", 1, int.MaxValue);
        var name = part.OptionalText("filename", 0, LongestName);
        if (url.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            if (Decode(url) is { } bytes)
                return new(url, name, null, bytes);
            part.AddError("url", "the data: URL is broken");
        }
        else if (url.Length <= LongestUrl && MediaLinks.IdOf(url) is { } id)
            return new(url, name, id, null);
        else if (url.Length > 0)
            part.AddError("url", "a file is a data: URL or an upload of this server: no other address is fetched");
        return null;
    }

    /// <summary>The paths of the files, which are uploads then; or why one was refused.</summary>
    public async Task<(Problem? Problem, IReadOnlyList<string> Paths)> KeepAsync(
        UIChatRequest request, IReadOnlyList<UIFile> files, CancellationToken ct)
    {
        var userId = request.UserId;
        var paths = new List<string>();
        // A message that is refused makes no chat, and nothing is taken in for it.
        List<string> named = [.. files.Select(x => x.MediaId).OfType<string>().Distinct()];
        if (named.Count > 0 && (await uploads.ListAsync(userId, named, ct)).Count < named.Count)
            return (request.NoSuchUpload(), []);
        var made = new List<(string UserId, string Id)>();
        foreach (var file in files)
        {
            if (file.MediaId is not null)
            {
                paths.Add(MediaLinks.PathOf(file.MediaId));
                continue;
            }
            using var bytes = new MemoryStream(file.Bytes!);
            var kept = await ingest.ReceiveAsync(
                userId, bytes, file.Name, () => Task.FromResult<Problem?>(null), ct);
            if (kept.Problem is { } refused)
            {
                await uploads.DeleteUnreferencedAsync(made);
                return (refused, []);
            }
            made.Add((userId, kept.File!.Id));
            paths.Add(kept.File.Path);
        }
        return (null, paths);
    }

    // RFC 2397; what the URL says of the type does not count: the bytes tell it.
    static byte[]? Decode(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0)
            return null;
        var data = Uri.UnescapeDataString(url[(comma + 1)..]);
        if (!url.AsSpan(0, comma).EndsWith(Base64, StringComparison.OrdinalIgnoreCase))
            return System.Text.Encoding.UTF8.GetBytes(data);
        var bytes = new byte[data.Length / 4 * 3 + 3];
        return Convert.TryFromBase64String(data, bytes, out var length) ? bytes[..length] : null;
    }
}
