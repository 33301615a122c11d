using System.Security.Cryptography;
using System.Text;

namespace Cote.Chats;

/// <summary>
/// Ids that are made of names (UUIDv5, RFC 9562): the same names are the same id, whenever they come.
/// </summary>
static class NamedIds
{
    const int HashBytes = 20;

    /// <summary>
    /// The id of something of a product, for one user: two users import the same file into ids of their own.
    /// </summary>
    /// <param name="userId">The user's id, the name space.</param>
    /// <param name="names">The product, and the ids there, from the outermost on.</param>
    public static string Of(string userId, params ReadOnlySpan<string> names)
    {
        // With its length before each name: no two lists of names make one text.
        var text = new StringBuilder();
        foreach (var name in names)
            text.Append(name.Length).Append(':').Append(name);
        return OfText(userId, text.ToString());
    }

    /// <summary>UUIDv5 of a user's id as the name space and a text as the name, as anybody computes it.</summary>
    public static string OfText(string userId, string text)
    {
        var space = Guid.Parse(userId).ToByteArray(bigEndian: true);
        Span<byte> hash = stackalloc byte[HashBytes];
#pragma warning disable CA5350 // UUIDv5 is defined with SHA-1; nothing is kept secret or proved by it.
        SHA1.HashData([.. space, .. Encoding.UTF8.GetBytes(text)], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }

    /// <summary>A name for something that has none.</summary>
    public static string OfContent(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
