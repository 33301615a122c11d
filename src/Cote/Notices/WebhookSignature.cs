using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cote.Notices;

/// <summary>Signs by Standard Webhooks: HMAC-SHA256 over id, time and body, once with each secret.</summary>
static class WebhookSignature
{
    const string Prefix = "whsec_";
    const int LeastBytes = 24;
    const int MostBytes = 64;

    /// <summary>The keys of a secret; null where one is not in its form.</summary>
    public static IReadOnlyList<byte[]>? KeysOf(Secret secret)
    {
        var keys = new List<byte[]>();
        foreach (var text in secret.Reveal().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var key = new byte[MostBytes + 2];
            if (!text.StartsWith(Prefix, StringComparison.Ordinal)
                || !Convert.TryFromBase64String(text[Prefix.Length..], key, out var length)
                || length is < LeastBytes or > MostBytes)
                return null;
            keys.Add(key[..length]);
        }
        return keys.Count > 0 ? keys : null;
    }

    /// <summary>The header <c>webhook-signature</c>.</summary>
    /// <param name="keys">Of the secrets.</param>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="seconds">The header <c>webhook-timestamp</c>.</param>
    /// <param name="body">As it is sent.</param>
    public static string Of(IReadOnlyList<byte[]> keys, string id, long seconds, byte[] body)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{seconds}."));
        byte[] signed = [.. head, .. body];
        return string.Join(' ', keys.Select(x => "v1," + Convert.ToBase64String(HMACSHA256.HashData(x, signed))));
    }
}
