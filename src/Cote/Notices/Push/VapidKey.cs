using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Cote.Data;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>
/// The key by which browsers' push services know this server (VAPID, RFC 8292): given by configuration, or made once in
/// the data directory. Beside PostgreSQL it must be given.
/// </summary>
sealed class VapidKey
{
    const string FileName = "vapid.key";
    const int MostTokens = 1_000;
    static readonly TimeSpan Life = TimeSpan.FromHours(12); // at most a day
    static readonly TimeSpan UsedFor = TimeSpan.FromHours(6);

    readonly ConcurrentDictionary<string, (string Header, long Made)> _headers = [];
    readonly PushOptions _options;
    readonly Clock _clock;
    readonly Lazy<ECDsa?> _key;
    readonly Lazy<string?> _publicKey;

    public VapidKey(PushOptions options, DataOptions data, Clock clock, ILogger<VapidKey> log)
    {
        (_options, _clock) = (options, clock);
        var given = options.VapidKey is { } secret
            ? P256Keys.Read(secret.Reveal(), $"Cote__Push__{nameof(PushOptions.VapidKey)} is") : null;
        IsConfigured = given is not null || data.Postgres is null;
        // Not before it is asked for: few servers push, and the first start must hold the database's lock.
        _key = new(() => given ?? (data.Postgres is null ? Load(Path.Combine(data.Directory, FileName), log) : null));
        _publicKey = new(() => _key.Value is { } key
            ? Base64Url.EncodeToString(WebPushCipher.PointOf(key.ExportParameters(false))) : null);
    }

    /// <summary>Whether there is to be a key.</summary>
    public bool IsConfigured { get; }

    /// <summary>What a browser subscribes with; null where there is no key.</summary>
    public string? PublicKey => IsConfigured ? _publicKey.Value : null;

    /// <summary>The value of <c>Authorization</c> for an endpoint: the same for all of its service.</summary>
    public string AuthorizationFor(Uri endpoint)
    {
        var audience = endpoint.GetLeftPart(UriPartial.Authority);
        if (_headers.TryGetValue(audience, out var known) && _clock.Since(known.Made) < UsedFor)
            return known.Header;
        var token = PushTokens.Sign(_key.Value!, null, new()
        {
            ["aud"] = audience,
            ["exp"] = PushTokens.Seconds(_clock.Now + Life),
            ["sub"] = _options.VapidContact,
        });
        var header = $"vapid t={token}, k={PublicKey}";
        if (_headers.Count >= MostTokens)
            _headers.Clear();
        _headers[audience] = (header, _clock.Ticks);
        return header;
    }

    static ECDsa? Load(string file, ILogger log)
    {
        try
        {
            return P256Keys.ReadOrMake(file, "key of Web Push");
        }
        catch (StartupException error)
        {
            log.NoVapidKey(error.Message);
            return null;
        }
    }
}
