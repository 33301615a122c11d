using System.Security.Cryptography;
using System.Text;
using Cote.Data;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>The key of the access tokens: given by configuration, or made once in the data directory.</summary>
static class SigningKey
{
    const int Shortest = 32;

    public static byte[] Load(AuthOptions auth, DataOptions data)
    {
        if (auth.SigningKey?.Reveal() is { } given)
        {
            var bytes = Encoding.UTF8.GetBytes(given);
            return bytes.Length >= Shortest ? bytes
                : throw new StartupException($"Cote__Auth__SigningKey has {bytes.Length} bytes; it needs at least {Shortest} (for example: openssl rand -base64 48).");
        }
        var file = Path.Combine(data.Directory, "signing.key");
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
