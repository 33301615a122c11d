using System.Text.Json;
using Cote.Primitives;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// The keys of one issuer as this node knows them. They are fetched when one is missing, at most once a minute whoever
/// asks, and every hour, so that a key that its issuer has taken back is forgotten; while the issuer is away they are
/// good for a day.
/// </summary>
sealed class IssuerKeys(string name, string authority, IssuerHttp http, Clock clock, ILogger log) : IDisposable
{
    static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    static readonly TimeSpan Good = TimeSpan.FromDays(1);

    readonly SemaphoreSlim _fetching = new(1);
    volatile Known _known = new(null, 0, null, HasFailed: false);

    /// <summary>
    /// The keys with this id, or the problem: 401 where there is none, 503 where that cannot be said.
    /// </summary>
    public async ValueTask<(IReadOnlyList<IssuerKey> Keys, Problem? Problem)> FindAsync(
        string id, CancellationToken ct)
    {
        var known = await ReadAsync(x => x.Keys.Any(k => k.Id == id), ct);
        var keys = Usable(known)?.Keys.Where(x => x.Id == id).ToList() ?? [];
        return keys.Count > 0 ? (keys, null) : ([], known.HasFailed ? Away(known) : Problems.InvalidToken);
    }

    /// <summary>What the issuer says of itself; null while it is away.</summary>
    public async ValueTask<IssuerDocument?> DocumentAsync(CancellationToken ct) =>
        Usable(await ReadAsync(_ => true, ct));

    public void Dispose() => _fetching.Dispose();

    async ValueTask<Known> ReadAsync(Func<IssuerDocument, bool> suffices, CancellationToken ct)
    {
        var known = _known;
        var isKnown = Usable(known) is { } document && suffices(document);
        if ((isKnown && clock.Since(known.FetchedAt) < Fresh) || !MayFetch(known))
            return known;
        // One goes to look; whoever has what it needs does not wait for that one.
        if (isKnown && !await _fetching.WaitAsync(0, ct))
            return known;
        if (!isKnown)
            await _fetching.WaitAsync(ct);
        try
        {
            if (MayFetch(_known))
                _known = await FetchAsync(_known);
            return _known;
        }
        finally
        {
            _fetching.Release();
        }
    }

    // Not cancelled by the one who asks: others wait for it.
    async Task<Known> FetchAsync(Known before)
    {
        using var limit = new CancellationTokenSource(IssuerHttp.Longest, clock.Provider);
        try
        {
            var read = await OpenIdConnectConfigurationRetriever.GetAsync(
                authority.TrimEnd('/') + "/.well-known/openid-configuration", http.DocumentsOf(authority), limit.Token);
            // A document of another issuer would vouch for tokens that are not its own: OpenID Connect Discovery 4.3.
            if (read.Issuer != authority)
                throw new SecurityTokenInvalidIssuerException("The document names another issuer.");
            var now = clock.Ticks;
            return new(IssuerDocument.Of(read), now, now, HasFailed: false);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException
            or JsonException or ArgumentException or InvalidOperationException or FormatException
            or SecurityTokenException)
        {
            log.IssuerAway(name, error.GetType().Name, error.Message);
            return before with { TriedAt = clock.Ticks, HasFailed = true };
        }
    }

    bool MayFetch(Known known) => known.TriedAt is not { } tried || clock.Since(tried) >= Between;

    IssuerDocument? Usable(Known known) => clock.Since(known.FetchedAt) < Good ? known.Document : null;

    Problem Away(Known known) => Problems.Unavailable with
    {
        Detail = "The issuer of this token cannot be reached; try again shortly",
        RetryAfter = Between - clock.Since(known.TriedAt!.Value),
    };

    sealed record Known(IssuerDocument? Document, long FetchedAt, long? TriedAt, bool HasFailed);
}
