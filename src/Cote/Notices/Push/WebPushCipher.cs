using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Cote.Notices;

/// <summary>Encrypts a push for one browser: RFC 8291, with the content coding <c>aes128gcm</c> of RFC 8188.</summary>
static class WebPushCipher
{
    /// <summary>The longest message: push services take 4,096 bytes, head, delimiter and tag included.</summary>
    public const int Longest = RecordSize - HeadBytes - 1 - TagBytes;

    const int RecordSize = 4_096;
    const int PointBytes = 65;
    const int SaltBytes = 16;
    const int TagBytes = 16;
    const int HeadBytes = SaltBytes + sizeof(int) + 1 + PointBytes;

    /// <summary>A browser's public key: an uncompressed point in base64url. Null where it is none.</summary>
    public static ECDiffieHellmanPublicKey? ReadKey(string p256dh)
    {
        try
        {
            if (Decode(p256dh, PointBytes) is not [4, ..] point)
                return null;
            using var key = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new() { X = point[1..33], Y = point[33..] },
            });
            return key.PublicKey;
        }
        catch (CryptographicException) // not on the curve
        {
            return null;
        }
    }

    /// <summary>A browser's secret: 16 bytes in base64url. Null where it is none.</summary>
    public static byte[]? ReadSecret(string auth) => Decode(auth, 16);

    /// <summary>Encrypts a message, of at most <see cref="Longest"/> bytes, in one record.</summary>
    public static byte[] Encrypt(ReadOnlySpan<byte> message, string p256dh, string auth)
    {
        using var browser = ReadKey(p256dh)!;
        using var own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var (theirs, ours) = (Decode(p256dh, PointBytes)!, PointOf(own.ExportParameters(false)));
        var shared = own.DeriveRawSecretAgreement(browser);
        var keyed = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, ReadSecret(auth),
            [.. "WebPush: info\0"u8, .. theirs, .. ours]);

        var record = new byte[HeadBytes + message.Length + 1 + TagBytes];
        var salt = record.AsSpan(0, SaltBytes);
        RandomNumberGenerator.Fill(salt);
        BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(SaltBytes), RecordSize);
        record[SaltBytes + sizeof(int)] = PointBytes;
        ours.CopyTo(record, HeadBytes - PointBytes);
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, keyed, 16, salt.ToArray(),
            Encoding.ASCII.GetBytes("Content-Encoding: aes128gcm\0"));
        var nonce = HKDF.DeriveKey(HashAlgorithmName.SHA256, keyed, 12, salt.ToArray(),
            Encoding.ASCII.GetBytes("Content-Encoding: nonce\0"));

        byte[] plain = [.. message, 2]; // The delimiter of the last record.
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, plain, record.AsSpan(HeadBytes, plain.Length), record.AsSpan(HeadBytes + plain.Length));
        return record;
    }

    /// <summary>A public key as an uncompressed point.</summary>
    public static byte[] PointOf(ECParameters key) => [4, .. key.Q.X!, .. key.Q.Y!];

    // Some clients pad it, which base64url does not.
    static byte[]? Decode(string text, int length)
    {
        var bytes = new byte[length + 3];
        return Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out var written)
            && written == length ? bytes[..length] : null;
    }
}
