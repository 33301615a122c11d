using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Http;
using Cote.Primitives;

namespace Cote;

/// <summary>Proxies, browsers of other origins, and the addresses by which clients reach the server.</summary>
public sealed class HttpOptions
{
    [Description("Addresses or networks (`10.0.0.0/8`) of the proxies in front: only their `X-Forwarded-For` and `X-Forwarded-Proto` count. A list (`…__0`) or one text with commas.")]
    public IList<string> TrustedProxies { get; } = [];

    [Description("Origins that browsers may call from, such as `https://app.example`, or `*`. In the environment Development every localhost origin is allowed besides.")]
    public IList<string> CorsOrigins { get; } = [];

    [Description("The largest request body, in bytes.")]
    [Range(1_024, 1_073_741_824)]
    public int MaxBodyBytes { get; set; } = 2 * 1_048_576;

    [Description("How long a server still takes requests after SIGTERM while `/health/ready` says 503, in seconds: time for a balancer to notice.")]
    [Range(0, 600)]
    public int DrainSeconds { get; set; }

    [Description("`console` for people, `json` for machines: one object a line.")]
    [OneOf("console", "json")]
    public string LogFormat { get; set; } = "console";
}

/// <summary>How often; each number is per minute and per node, and may all be used at once.</summary>
public sealed class RateLimitsOptions
{
    const int Most = 1_000_000_000;

    [Description("Logins and refreshes from one address (IPv6: one /64; ten times as many from one /48). As many wrong passwords for one account hold up logins from addresses it has no session from, and a third as many hold up the address they come from.")]
    [Range(1, Most)]
    public int LoginPerMinute { get; set; } = 30;

    [Description("Accounts created from one address; ten times as many requests for one, most of which were mistyped.")]
    [Range(1, Most)]
    public int RegistrationPerMinute { get; set; } = 20;

    [Description("Messages sent by one user; from one address ten times as many.")]
    [Range(1, Most)]
    public int MessagesPerMinute { get; set; } = 60;

    [Description("All requests of one user, or, without a valid token, of one address.")]
    [Range(1, Most)]
    public int RequestsPerMinute { get; set; } = 1_200;
}
