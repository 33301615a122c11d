using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cote.Testing;

/// <summary>
/// RSA keys, and certificates with them. To make a key takes a core for a tenth of a second and more: one that is given
/// back is given to the next, and a name has one certificate.
/// </summary>
public static class RsaKeys
{
    static readonly ConcurrentDictionary<int, ConcurrentBag<RSA>> Spare = [];
    static readonly ConcurrentDictionary<string, Lazy<byte[]>> Certificates = [];

    /// <summary>A key that nobody else has at this time.</summary>
    public static RSA Take(int bits = 2_048) =>
        Spare.TryGetValue(bits, out var keys) && keys.TryTake(out var key) ? key : RSA.Create(bits);

    /// <summary>Its taker signs nothing more with it.</summary>
    public static void GiveBack(RSA key) => Spare.GetOrAdd(key.KeySize, _ => []).Add(key);

    /// <summary>A certificate for a name, which nobody else has signed; the caller disposes of it.</summary>
    public static X509Certificate2 CertificateFor(string host) =>
        X509CertificateLoader.LoadPkcs12(Certificates.GetOrAdd(host, x => new(() => Make(x))).Value, null);

    static byte[] Make(string host)
    {
        using var key = RSA.Create(2_048);
        var request = new CertificateRequest("CN=" + host, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return made.Export(X509ContentType.Pkcs12);
    }
}
