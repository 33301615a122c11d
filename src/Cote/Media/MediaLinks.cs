using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// The URLs of uploads. The database stores the path; an answer or event carries it signed, so that an image widget
/// needs no headers. The expiry is rounded up to a full day: within a day the URL is the same, and caches keep
/// working.
/// </summary>
sealed class MediaLinks(DerivedKeys keys, Clock clock)
{
    /// <summary>What stands before the id of an upload in its path.</summary>
    public const string Prefix = "/media/";

    const long Day = 86_400;

    readonly Lazy<IReadOnlyList<byte[]>> _keys = new(() => keys.For("media urls"));

    public static string PathOf(string id) => Prefix + id;

    /// <summary>
    /// The id of the upload that a URL in a request names, or null. Only the path counts: the host is never contacted.
    /// </summary>
    public static string? IdOf(string url)
    {
        var path = url.AsSpan();
        if (path.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || path.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            path = path[(path.IndexOf("//", StringComparison.Ordinal) + 2)..];
            var slash = path.IndexOfAny('/', '?', '#');
            path = slash < 0 ? [] : path[slash..];
        }
        if (path.IndexOfAny('?', '#') is >= 0 and var end)
            path = path[..end];
        return path.StartsWith(Prefix, StringComparison.Ordinal) ? Ids.Parse(path[Prefix.Length..].ToString()) : null;
    }

    /// <summary>A stored path as a signed URL, valid for one to two days.</summary>
    public string Sign(string path)
    {
        var expires = (clock.Now.Milliseconds / 1_000 + Day + Day - 1) / Day * Day;
        return string.Create(CultureInfo.InvariantCulture,
            $"{path}?expires={expires}&signature={Base64Url.EncodeToString(Mac(_keys.Value[0], path, expires))}");
    }

    public IReadOnlyList<string> Sign(IReadOnlyList<string> paths) =>
        paths.Count == 0 ? paths : [.. paths.Select(Sign)];

    /// <summary>How long a signature is still valid, or null where it is not.</summary>
    public TimeSpan? Check(string id, string? expires, string? signature)
    {
        if (!long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var until)
            || signature is not { Length: 43 } || !Base64Url.IsValid(signature))
            return null;
        var given = Base64Url.DecodeFromChars(signature);
        var isValid = false;
        foreach (var key in _keys.Value)
            isValid |= CryptographicOperations.FixedTimeEquals(given, Mac(key, PathOf(id), until));
        var left = until - clock.Now.Milliseconds / 1_000;
        return isValid && left > 0 ? TimeSpan.FromSeconds(left) : null;
    }

    static byte[] Mac(byte[] key, string path, long expires) => HMACSHA256.HashData(
        key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{path}\n{expires}")));
}
