using System.Security.Cryptography;
using System.Text;

namespace Cote.Primitives;

/// <summary>
/// Keys for other purposes, made from those that sign access tokens: there is one secret to keep, and what one derived
/// key has signed says nothing about another.
/// </summary>
/// <param name="roots">Gives the signing keys, the present one first; those before it are still good for
/// checking.</param>
sealed class DerivedKeys(Func<IReadOnlyList<byte[]>> roots)
{
    const int Length = 32;

    /// <summary>One key for each root, in the same order: sign with the first, accept what any has signed.</summary>
    public IReadOnlyList<byte[]> For(string purpose) =>
        [.. roots().Select(x => HKDF.DeriveKey(
            HashAlgorithmName.SHA256, x, Length, info: Encoding.UTF8.GetBytes("cote " + purpose)))];
}
