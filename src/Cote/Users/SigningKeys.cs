using System.Security.Cryptography;
using System.Text;
using Cote.Data;
using Cote.Primitives;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// The key of the access tokens, given by configuration or made once in the data directory; the one before it, while it
/// is being replaced; and the keys for other purposes that are derived from it.
/// </summary>
sealed class SigningKeys
{
    const int Shortest = 32;

    readonly (SymmetricSecurityKey Key, Timestamp Until)? _previous;

    public SigningKeys(AuthOptions auth, DataOptions data)
    {
        var key = auth.SigningKey is { } given ? Read(given, "SigningKey") : Load(Path.Combine(data.Directory, "signing.key"));
        Current = new(key);
        Derived = new(key);
        if (auth.PreviousSigningKey is not { } before)
            return;
        var until = auth.PreviousSigningKeyUntil
            ?? throw new StartupException("Cote__Auth__PreviousSigningKey needs Cote__Auth__PreviousSigningKeyUntil: a date, after which the old key is good no more.");
        var previous = Read(before, "PreviousSigningKey");
        _previous = (new(previous), Timestamp.From(until));
        Derived = new(key, previous);
    }

    /// <summary>What signs new tokens.</summary>
    public SymmetricSecurityKey Current { get; }

    /// <summary>The keys for other purposes.</summary>
    public DerivedKeys Derived { get; }

    /// <summary>The keys whose signatures are good at this time.</summary>
    public IEnumerable<SecurityKey> GoodAt(Timestamp now) =>
        _previous is { } previous && previous.Until > now ? [Current, previous.Key] : [Current];

    static byte[] Read(Secret given, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(given.Reveal());
        return bytes.Length >= Shortest ? bytes
            : throw new StartupException($"Cote__Auth__{name} has {bytes.Length} bytes; it needs at least {Shortest} (for example: openssl rand -base64 48).");
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
            : throw new StartupException($"The signing key in {file} is broken. Remove the file to have a new one made; everyone then logs in again.");
    }

    // Written aside and moved into place: a start that is cut off must not leave half a key behind.
    static void Make(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var aside = file + ".new";
        File.Delete(aside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(aside, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)) + "\n"));
            stream.Flush(flushToDisk: true);
        }
        File.Move(aside, file, overwrite: false);
    }
}
