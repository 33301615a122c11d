using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>A trusted issuer: its name in the configuration, and its keys.</summary>
sealed record Issuer(string Name, IssuerOptions Options, IssuerKeys Keys)
{
    public string Authority => Options.Authority!;

    /// <summary>Whether one token may be both an access token and an id token.</summary>
    public bool HasOneAudience => Options.Audience == Options.ClientId;
}

/// <summary>The trusted issuers.</summary>
sealed class Issuers : IDisposable
{
    readonly IssuerHttp _http;
    readonly List<Issuer> _all;

    public Issuers(AuthOptions options, Clock clock, ILogger<Issuers> log)
    {
        _http = new(clock);
        _all = [.. options.Issuers.Select(x => new Issuer(
            x.Key, x.Value, new IssuerKeys(x.Key, x.Value.Authority!, _http, clock, log)))];
    }

    public bool Any => _all.Count > 0;

    public IssuerHttp Http => _http;

    /// <summary>The one that tokens with this <c>iss</c> are of.</summary>
    public Issuer? OfAuthority(string issuer) => _all.Find(x => x.Authority == issuer);

    /// <summary>The one with this name.</summary>
    public Issuer? Named(string name) =>
        _all.Find(x => x.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The one with this name that a browser can log in at.</summary>
    public Issuer? ForBrowsers(string name) => Named(name) is { Options.ClientId: not null } issuer ? issuer : null;

    public void Dispose()
    {
        foreach (var issuer in _all)
            issuer.Keys.Dispose();
        _http.Dispose();
    }
}
