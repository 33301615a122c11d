using Cote.Http;
using Microsoft.AspNetCore.Builder;

namespace Cote;

/// <summary>What an API key may do. A key has one or several of these.</summary>
public static class KeyScopes
{
    /// <summary>Every GET of what is the user's, live delivery included.</summary>
    public const string Read = "read";

    /// <summary>What changes chats, messages and uploads. It includes no <see cref="Read"/>.</summary>
    public const string Write = "write";

    /// <summary>Allows or denies calls of tools.</summary>
    public const string Approve = "approve";

    /// <summary>Every route of <c>/v1</c>.</summary>
    public const string V1 = "v1";

    /// <summary>The server's metrics; of an admin's key.</summary>
    public const string Metrics = "metrics";

    internal static readonly string[] All = [Read, Write, Approve, V1, Metrics];
}

/// <summary>Opens routes to API keys.</summary>
public static class KeyRoutes
{
    /// <summary>
    /// Lets API keys use the route, each that has all of these scopes; a key with others is answered 403
    /// <c>insufficient_scope</c>. Without this a route that requires authorization refuses every key, and an open
    /// one sees no user.
    /// </summary>
    /// <param name="route">A route, or a group of them; a route's own call takes the place of its group's.</param>
    /// <param name="scopes">Of <see cref="KeyScopes"/>; none: any key will do.</param>
    public static TBuilder AllowsKeys<TBuilder>(this TBuilder route, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new KeyAccess([.. scopes]));

    /// <summary>
    /// The same for a route whose handler refuses a key by itself: one of several scopes is needed, by what the
    /// request says.
    /// </summary>
    internal static TBuilder ChecksKeys<TBuilder>(this TBuilder route, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new KeyAccess([.. scopes]) { HandlerChecks = true });
}
