using System.Security.Cryptography;
using System.Text;

namespace Cote;

/// <summary>Ids are UUIDs: taken in any case, kept in lower case with dashes.</summary>
public static class Ids
{
    /// <summary>The id in the form it is stored, or null where <paramref name="text"/> is no UUID.</summary>
    public static string? Parse(string? text) =>
        Guid.TryParseExact(text, "D", out var id) ? id.ToString("D") : null;

    /// <summary>The id that a user's own name for something stands for: a UUID of version 5 (RFC 9562).</summary>
    internal static string Derive(string userId, string name)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The standard says SHA-1; nothing is kept secret or proved by it.
        SHA1.HashData([.. Guid.Parse(userId).ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)], hash);
#pragma warning restore CA5350
        hash[6] = (byte)(hash[6] & 0x0F | 0x50);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }
}
