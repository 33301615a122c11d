using System.Security.Cryptography;
using System.Text;

namespace Cote.Primitives;

/// <summary>Private keys of the curve P-256, given by configuration or made once in a file.</summary>
static class P256Keys
{
    /// <summary>Reads a key as PEM, or, for a variable of one line, as the base64 of its PKCS#8.</summary>
    /// <param name="text">The key.</param>
    /// <param name="what">Begins the sentence that says what is wrong: <c>Cote__Auth__Es256Key is</c>.</param>
    public static ECDsa Read(string text, string what)
    {
        var key = ECDsa.Create();
        try
        {
            if (text.Contains("-----", StringComparison.Ordinal))
                key.ImportFromPem(text);
            else
                key.ImportPkcs8PrivateKey(Convert.FromBase64String(text.Trim()), out _);
            var parameters = key.ExportParameters(includePrivateParameters: true);
            if (parameters.Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value || parameters.D is null)
                throw new CryptographicException("Another curve, or no private key.");
        }
        catch (Exception error) when (error is CryptographicException or FormatException or ArgumentException)
        {
            key.Dispose();
            throw new StartupException($"{what} not a private key of the curve P-256 in PEM or base64.", error);
        }
        return key;
    }

    /// <summary>The key of a file, which is made where there is none, readable by its owner only.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">What the key is called in an error.</param>
    public static ECDsa ReadOrMake(string file, string name)
    {
        try
        {
            if (!File.Exists(file))
            {
                OwnerOnly.CreateFolder(Path.GetDirectoryName(file)!);
                using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                AtomicFile.Write(file, Encoding.ASCII.GetBytes(made.ExportPkcs8PrivateKeyPem() + "\n"));
            }
            return Read(File.ReadAllText(file), $"The key in {file} is");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The {name} in {file} cannot be read or made: {error.Message}", error);
        }
    }
}
