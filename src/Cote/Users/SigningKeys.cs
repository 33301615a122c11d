using System.Security.Cryptography;
using System.Text;
using Cote.Primitives;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// The key of the access tokens, given by configuration or made once in the data directory; the one before it, while
/// it is being replaced; and the keys for other purposes that are derived from it.
/// </summary>
sealed class SigningKeys
{
    const int Shortest = 32;
    const string InBase64 = "base64:";

    readonly Lazy<(SymmetricSecurityKey Current, SymmetricSecurityKey? Previous, Timestamp PreviousUntil)> _keys;

    // Not before they are asked for: the first start makes a key, and must hold the database's lock by then.
    public SigningKeys(AuthOptions auth, DataOptions data)
    {
        _keys = new(() => Load(auth, data));
        Derived = new(() => _keys.Value.Previous is { } previous
            ? [_keys.Value.Current.Key, previous.Key]
            : [_keys.Value.Current.Key]);
    }

    /// <summary>The key that signs new tokens.</summary>
    public SymmetricSecurityKey Current => _keys.Value.Current;

    /// <summary>The keys for other purposes.</summary>
    public DerivedKeys Derived { get; }

    /// <summary>The keys whose signatures are good at this time.</summary>
    public IEnumerable<SecurityKey> ValidAt(Timestamp now) =>
        _keys.Value is { Previous: { } previous } keys && keys.PreviousUntil > now ? [Current, previous] : [Current];

    static (SymmetricSecurityKey, SymmetricSecurityKey?, Timestamp) Load(AuthOptions auth, DataOptions data)
    {
        var current = auth.SigningKey is { } given ? Read(given, "SigningKey")
            : data.Postgres is null ? Load(Path.Combine(data.Directory, "signing.key"))
            : throw new StartupException("With PostgreSQL, Cote__Auth__SigningKey must be set, "
                + "to the same on every node (for example: openssl rand -base64 48).");
        if (auth.PreviousSigningKey is not { } before)
            return (new(current), null, default);
        var until = auth.PreviousSigningKeyUntil
            ?? throw new StartupException("Cote__Auth__PreviousSigningKey needs Cote__Auth__PreviousSigningKeyUntil: "
                + "the date after which access tokens of the old key are refused.");
        return (new(current), new(Read(before, "PreviousSigningKey")), Timestamp.From(until));
    }

    static byte[] Read(Secret given, string name)
    {
        var bytes = BytesOf(given.Reveal())
            ?? throw new StartupException(
                $"Cote__Auth__{name} begins with {InBase64}, but what follows is not base64.");
        return bytes.Length >= Shortest ? bytes
            : throw new StartupException($"Cote__Auth__{name} has {bytes.Length} bytes; it needs at least {Shortest} "
                + "(for example: openssl rand -base64 48).");
    }

    // The key that a data directory had is random bytes, which no text has: this form can say them.
    static byte[]? BytesOf(string text)
    {
        if (!text.StartsWith(InBase64, StringComparison.Ordinal))
            return Encoding.UTF8.GetBytes(text);
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[InBase64.Length..], bytes, out var length) ? bytes[..length] : null;
    }

    static byte[] Load(string file)
    {
        string text;
        try
        {
            if (!File.Exists(file))
                Make(file);
            text = File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The signing key in {file} cannot be read or made: {error.Message}", error);
        }
        var kept = new byte[text.Length];
        return Convert.TryFromBase64String(text, kept, out var length) && length >= Shortest ? kept[..length]
            : throw new StartupException($"The signing key in {file} is broken. "
                + "Remove the file to have a new one made; everyone then logs in again.");
    }

    static void Make(string file)
    {
        OwnerOnly.CreateFolder(Path.GetDirectoryName(file)!);
        AtomicFile.Write(
            file, Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)) + "\n"));
    }
}
