using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote;

/// <summary>Proxies, browsers of other origins, and the addresses by which clients reach the server.</summary>
public sealed class HttpOptions
{
    /// <summary>
    /// Addresses or networks (<c>10.0.0.0/8</c>) of the proxies in front: only their <c>X-Forwarded-For</c> and
    /// <c>X-Forwarded-Proto</c> count. A list (<c>…__0</c>) or one text with commas.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>
    /// Origins that browsers may call from, such as <c>https://app.example</c>, or <c>*</c>. In the environment
    /// Development every localhost origin is allowed besides.
    /// </summary>
    public IList<string> CorsOrigins { get; } = [];

    /// <summary>
    /// Whether a browser gets the chat at <c>/</c> and the page of admins at <c>/admin</c>; without it a few links
    /// stand at <c>/</c>.
    /// </summary>
    public bool Page { get; set; } = true;

    /// <summary>The largest request body, in bytes.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxBodyBytes { get; set; } = 2 * 1_048_576;

    /// <summary>
    /// The largest body of <c>POST /api/chat</c>, <c>/v1/chat/completions</c>, <c>/v1/responses</c> and
    /// <c>/v1/embeddings</c>, in bytes: clients send the whole chat each time, with the files in it.
    /// </summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxHistoryBytes { get; set; } = 32 * 1_048_576;

    /// <summary>
    /// How long a server still takes requests after SIGTERM while <c>/health/ready</c> says 503, in seconds: time for a
    /// balancer to notice.
    /// </summary>
    [Range(0, 600)]
    public int DrainSeconds { get; set; }

    /// <summary><c>console</c> for people, <c>json</c> for machines: one object a line.</summary>
    [OneOf("console", "json")]
    public string LogFormat { get; set; } = "console";
}

/// <summary>How often; each number is per minute and per node, and may all be used at once.</summary>
public sealed class RateLimitsOptions
{
    const int Most = 1_000_000_000;

    /// <summary>
    /// Logins and refreshes from one address (IPv6: one /64; ten times as many from one /48). As many wrong passwords
    /// for one account hold up logins from addresses it has no session from, and a third as many hold up the address
    /// they come from. Unknown tokens of links to chats count for themselves.
    /// </summary>
    [Range(1, Most)]
    public int LoginPerMinute { get; set; } = 30;

    /// <summary>
    /// Accounts created from one address; ten times as many requests for one, most of which were mistyped.
    /// </summary>
    [Range(1, Most)]
    public int RegistrationPerMinute { get; set; } = 20;

    /// <summary>Messages sent by one user; from one address ten times as many.</summary>
    [Range(1, Most)]
    public int MessagesPerMinute { get; set; } = 60;

    /// <summary>
    /// How often one user may switch to another path of a chat: each switch moves up to 10,000 messages.
    /// </summary>
    [Range(1, Most)]
    public int SwitchesPerMinute { get; set; } = 120;

    /// <summary>Searches of one user.</summary>
    [Range(1, Most)]
    public int SearchPerMinute { get; set; } = 60;

    /// <summary>All requests of one user, or, without a valid token, of one address.</summary>
    [Range(1, Most)]
    public int RequestsPerMinute { get; set; } = 1_200;
}
