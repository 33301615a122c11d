using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Cote.Primitives;

/// <summary>Random tokens, and what is kept of them.</summary>
static class SecureTokens
{
    /// <summary>An opaque token of 256 random bits, URL-safe.</summary>
    public static string Token() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>A token of 128 random bits, URL-safe, for a link that people pass on: 22 characters.</summary>
    public static string LinkToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <summary>
    /// What the database keeps of a token: its SHA-256. A token has 128 bits or more of its own, so no salt is needed.
    /// </summary>
    public static string Hash(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
