using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cote.Http;

/// <summary>What is counted.</summary>
enum Limit
{
    Login,
    Registration,
    Messages,
    Requests,
}

/// <summary>Token buckets per user, account or address, in this node's memory.</summary>
sealed class RateLimits(RateLimitsOptions options) : IDisposable
{
    const int AddressesShare = 10; // a house or an office behind one address

    readonly PartitionedRateLimiter<string> _login = Buckets(options.LoginPerMinute);
    readonly PartitionedRateLimiter<string> _registration = Buckets(options.RegistrationPerMinute);
    readonly PartitionedRateLimiter<string> _messages = Buckets(options.MessagesPerMinute);
    readonly PartitionedRateLimiter<string> _messagesOfAddress = Buckets((long)options.MessagesPerMinute * AddressesShare);
    readonly PartitionedRateLimiter<string> _requests = Buckets(options.RequestsPerMinute);

    /// <summary>Takes one for a request; the problem to answer where there is none left.</summary>
    public Problem? Acquire(Limit limit, HttpContext http)
    {
        var user = CurrentUser.Of(http)?.Id;
        return limit switch
        {
            Limit.Login => Acquire(_login, AddressOf(http)),
            Limit.Registration => Acquire(_registration, AddressOf(http)),
            Limit.Messages => Acquire(_messages, user ?? AddressOf(http)) ?? Acquire(_messagesOfAddress, AddressOf(http)),
            _ => Acquire(_requests, user ?? AddressOf(http)),
        };
    }

    /// <summary>Takes one for a login to an account, whatever addresses the attempts come from.</summary>
    public Problem? AcquireLogin(string account) => Acquire(_login, "account " + account);

    /// <summary>The address that counts: an IPv6 host has a whole /64 to itself.</summary>
    internal static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        if (address is null)
            return "unknown";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPAddress([.. address.GetAddressBytes()[..8], 0, 0, 0, 0, 0, 0, 0, 0]) + "/64"
            : address.ToString();
    }

    public void Dispose()
    {
        foreach (var limiter in new[] { _login, _registration, _messages, _messagesOfAddress, _requests })
            limiter.Dispose();
    }

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
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = (int)Math.Min(perMinute, int.MaxValue),
            TokensPerPeriod = (int)Math.Min(Math.Max(1, (perMinute + 59) / 60), int.MaxValue),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 60.0 / perMinute)),
            AutoReplenishment = false, // the partitioned limiter replenishes all its buckets from one timer
        };
        return PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => options));
    }
}

static class RateLimitConventions
{
    /// <summary>Counts the calls of a route against a limit of their own.</summary>
    public static RouteHandlerBuilder RequireRateLimit(this RouteHandlerBuilder route, Limit limit) =>
        route.AddEndpointFilter(async (context, next) =>
        {
            var limits = (RateLimits)context.HttpContext.RequestServices.GetService(typeof(RateLimits))!;
            return limits.Acquire(limit, context.HttpContext) is { } problem ? ApiResults.Of(problem) : await next(context);
        });
}
