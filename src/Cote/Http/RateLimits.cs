using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Http;

/// <summary>What is counted.</summary>
enum Limit
{
    /// <summary>Logins and refreshes of an address.</summary>
    Login,

    /// <summary>Accounts that an address creates, and wrong invitation codes.</summary>
    Registration,

    /// <summary>Requests for an account, most of which may be refused for what was mistyped.</summary>
    RegistrationAttempt,

    /// <summary>Requests with a token of a share, which are counted where there is no such share.</summary>
    ShareAttempt,

    /// <summary>Messages of a user, and of an address.</summary>
    Messages,

    /// <summary>Changes of a chat's active path by a user.</summary>
    Switches,

    /// <summary>Searches of a user.</summary>
    Search,

    /// <summary>Requests of a user, or, without a token, of an address.</summary>
    Requests,
}

/// <summary>
/// Token buckets per user or address, in this node's memory. The framework's limiter forgets a bucket that is full
/// again, so memory is bounded by what can be spent in a minute.
/// </summary>
sealed class RateLimits(RateLimitsOptions options) : IDisposable
{
    const long NetworkShare = 10; // people behind one address, and addresses of one IPv6 site
    const int FillsPerMinute = 600; // the framework fills buckets ten times a second

    readonly PartitionedRateLimiter<string> _login = Buckets(options.LoginPerMinute);
    readonly PartitionedRateLimiter<string> _loginOfSite = Buckets(NetworkShare * options.LoginPerMinute);
    readonly PartitionedRateLimiter<string> _registration = Buckets(options.RegistrationPerMinute);
    readonly PartitionedRateLimiter<string> _registrationOfSite = Buckets(NetworkShare * options.RegistrationPerMinute);
    readonly PartitionedRateLimiter<string> _registrationTries = Buckets(NetworkShare * options.RegistrationPerMinute);
    readonly PartitionedRateLimiter<string> _unknownShares = Buckets(options.LoginPerMinute);
    readonly PartitionedRateLimiter<string> _unknownSharesOfSite = Buckets(NetworkShare * options.LoginPerMinute);
    readonly PartitionedRateLimiter<string> _unknownShareOnce = Buckets(1);
    readonly PartitionedRateLimiter<string> _messages = Buckets(options.MessagesPerMinute);
    readonly PartitionedRateLimiter<string> _messagesOfAddress = Buckets(NetworkShare * options.MessagesPerMinute);
    readonly PartitionedRateLimiter<string> _switches = Buckets(options.SwitchesPerMinute);
    readonly PartitionedRateLimiter<string> _searches = Buckets(options.SearchPerMinute);
    readonly PartitionedRateLimiter<string> _requests = Buckets(options.RequestsPerMinute);

    /// <summary>Takes a token for a request; the problem to answer where there is none left.</summary>
    public Problem? Acquire(Limit limit, HttpContext http)
    {
        var problem = Take(limit, http);
        if (problem is not null)
            HttpMetrics.OnRateLimited(limit);
        return problem;
    }

    /// <summary>Counts a request of whatever kind, but for questions after the server's health.</summary>
    public Problem? RefuseRequest(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/health") ? null : Acquire(Limit.Requests, http);

    Problem? Take(Limit limit, HttpContext http)
    {
        var user = CurrentUser.Of(http)?.Id;
        return limit switch
        {
            Limit.Login => Acquire(_login, AddressOf(http)) ?? Acquire(_loginOfSite, SiteOf(http)),
            Limit.Registration => Acquire(_registration, AddressOf(http)) ?? Acquire(_registrationOfSite, SiteOf(http)),
            // The other bucket is looked at only: what is mistyped takes nothing of it, but where it is empty nothing
            // is read.
            Limit.RegistrationAttempt =>
                Acquire(_registrationTries, AddressOf(http)) ?? Peek(_registration, AddressOf(http)),
            // Where the bucket is empty nothing is looked up: who guesses must not learn that a guess was right.
            Limit.ShareAttempt =>
                Peek(_unknownShares, AddressOf(http)) ?? Peek(_unknownSharesOfSite, SiteOf(http)),
            Limit.Messages =>
                Acquire(_messages, user ?? AddressOf(http)) ?? Acquire(_messagesOfAddress, AddressOf(http)),
            Limit.Switches => Acquire(_switches, user ?? AddressOf(http)),
            Limit.Search => Acquire(_searches, user ?? AddressOf(http)),
            _ => Acquire(_requests, user ?? AddressOf(http)),
        };
    }

    /// <summary>
    /// Counts a token that belongs to no share against its address: the same one once a minute, since many who stand
    /// behind one address may have the link that has ended.
    /// </summary>
    public void CountUnknownShare(HttpContext http, string hash)
    {
        var address = AddressOf(http);
        if (Acquire(_unknownShareOnce, $"{address} {hash}") is null && Acquire(_unknownShares, address) is null)
            Acquire(_unknownSharesOfSite, SiteOf(http));
    }

    /// <summary>The address that counts: an IPv6 host has a whole /64 to itself.</summary>
    internal static string AddressOf(HttpContext http) => NetworkOf(http, 64);

    /// <summary>
    /// The site that an address belongs to: an IPv6 site has a /48, and 65,536 /64s in it to attack from.
    /// </summary>
    internal static string SiteOf(HttpContext http) => NetworkOf(http, 48);

    public void Dispose()
    {
        foreach (var limiter in new[]
        {
            _login, _loginOfSite, _registration, _registrationOfSite, _registrationTries, _unknownShares,
            _unknownSharesOfSite, _unknownShareOnce, _messages, _messagesOfAddress, _switches, _searches, _requests,
        })
            limiter.Dispose();
    }

    /// <summary>
    /// A bucket that holds one minute's tokens and fills evenly. The framework adds tokens in whole periods, so the
    /// period is chosen such that the rate is exact.
    /// </summary>
    internal static TokenBucketRateLimiterOptions Bucket(long perMinute)
    {
        var perPeriod = Math.Max(1, (perMinute + FillsPerMinute - 1) / FillsPerMinute);
        return new()
        {
            TokenLimit = (int)Math.Min(perMinute, int.MaxValue),
            TokensPerPeriod = (int)Math.Min(perPeriod, int.MaxValue),
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) * ((double)perPeriod / perMinute),
            AutoReplenishment = false, // the partitioned limiter fills all its buckets from one timer
        };
    }

    static string NetworkOf(HttpContext http, int bits)
    {
        var address = http.Connection.RemoteIpAddress;
        if (address is null)
            return "unknown";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(bits / 8).Clear();
        return $"{new IPAddress(bytes)}/{bits}";
    }

    // To take no token is allowed while a part of one is there, so the whole ones are counted. Where there is none,
    // taking one fails and tells how long to wait.
    static Problem? Peek(PartitionedRateLimiter<string> limiter, string key) =>
        limiter.GetStatistics(key) is { CurrentAvailablePermits: > 0 } ? null : Acquire(limiter, key);

    static Problem? Acquire(PartitionedRateLimiter<string> limiter, string key)
    {
        using var lease = limiter.AttemptAcquire(key);
        if (lease.IsAcquired)
            return null;
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(1);
        return Problems.TooManyRequests with { RetryAfter = wait };
    }

    static PartitionedRateLimiter<string> Buckets(long perMinute)
    {
        var options = Bucket(perMinute);
        return PartitionedRateLimiter.Create<string, string>(
            key => RateLimitPartition.GetTokenBucketLimiter(key, _ => options));
    }
}

static class RateLimitConventions
{
    /// <summary>Counts the calls of a route against a limit of their own; beyond it the answer is a 429.</summary>
    public static RouteHandlerBuilder RequireRateLimit(this RouteHandlerBuilder route, Limit limit) =>
        route.AddEndpointFilter(async (context, next) =>
        {
            var limits = context.HttpContext.RequestServices.GetRequiredService<RateLimits>();
            return limits.Acquire(limit, context.HttpContext) is { } problem
                ? ApiResults.Of(problem)
                : await next(context);
        });
}
