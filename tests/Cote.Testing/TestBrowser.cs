using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Cote.Testing;

/// <summary>What of a browser takes pushes: its keys, and the subscription that it makes of them.</summary>
public sealed class TestBrowser : IDisposable
{
    readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    readonly byte[] _auth = RandomNumberGenerator.GetBytes(16);

    /// <summary>What its push service calls it.</summary>
    public string Id { get; } = Guid.CreateVersion7().ToString("N");

    public string P256dh => Base64Url.EncodeToString(Point);

    public string Auth => Base64Url.EncodeToString(_auth);

    /// <summary>Its private key, as the library of npm takes it.</summary>
    public string Private => Base64Url.EncodeToString(_key.ExportParameters(true).D);

    byte[] Point => [4, .. _key.ExportParameters(false).Q.X!, .. _key.ExportParameters(false).Q.Y!];

    /// <summary>The body of <c>POST /devices/</c>, as the page sends it.</summary>
    public object Device(string service, string preview = "off") => new
    {
        kind = "webpush",
        preview,
        subscription = new
        {
            endpoint = $"{service}/push/{Id}",
            expirationTime = (double?)null,
            keys = new { p256dh = P256dh, auth = Auth },
        },
    };

    /// <summary>Decrypts a push: RFC 8291, read once more from the text of it.</summary>
    public JsonElement Read(TestPush push)
    {
        if (push.Headers["Content-Encoding"] != "aes128gcm")
            throw new InvalidOperationException($"It is encoded as {push.Headers["Content-Encoding"]}.");
        var (salt, theirs, record) = (push.Body[..16], push.Body[21..86], push.Body[86..]);
        using var sender = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = theirs[1..33], Y = theirs[33..] },
        });
        var keyed = HKDF.DeriveKey(HashAlgorithmName.SHA256, _key.DeriveRawSecretAgreement(sender.PublicKey), 32, _auth,
            [.. Encoding.ASCII.GetBytes("WebPush: info\0"), .. Point, .. theirs]);
        byte[] Derive(string what, int length) => HKDF.DeriveKey(
            HashAlgorithmName.SHA256, keyed, length, salt, Encoding.ASCII.GetBytes($"Content-Encoding: {what}\0"));
        var plain = new byte[record.Length - 16];
        using var cipher = new AesGcm(Derive("aes128gcm", 16), 16);
        cipher.Decrypt(Derive("nonce", 12), record.AsSpan(0, plain.Length), record.AsSpan(plain.Length), plain);
        if (plain[^1] != 2)
            throw new InvalidOperationException("It is not the last record.");
        return JsonElement.Parse(plain.AsSpan(0, plain.Length - 1));
    }

    public void Dispose() => _key.Dispose();
}
