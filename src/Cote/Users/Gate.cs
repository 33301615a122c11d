using Cote.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Users;

/// <summary>
/// Lets a request into a route of Cote: reads whose it is, counts it, and refuses keys where they may not be and
/// strangers where a user is asked for. A host's own routes go on to the framework's authentication and authorization,
/// which have claims, policies, and services made for each request; no route of Cote asks for any of these, and they
/// cost a short request as much as everything else. Both ways lead to what a host has added behind.
/// See docs/decisions/0059-short-requests.md.
/// </summary>
sealed class Gate(Gate.Ways ways, AccessTokens tokens, RateLimits limits, IServiceProvider services)
{
    readonly RootScope _services = new(services);

    /// <summary>Where a request goes on.</summary>
    /// <param name="Own">One for a route of Cote that is let in.</param>
    /// <param name="Others">All others.</param>
    public sealed record Ways(RequestDelegate Own, RequestDelegate Others);

    public Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint || !endpoint.IsOwn() || !IsPlain(endpoint.Metadata))
            return ways.Others(http);
        // Where somebody before has asked for services, the request keeps those.
        if (http.Features.Get<IServiceProvidersFeature>() is null)
            http.Features.Set<IServiceProvidersFeature>(_services);
        var reading = RequestToken.ReadAsync(http, tokens);
        return reading.IsCompletedSuccessfully ? EnterAsync(http, endpoint, reading.Result)
            : ReadAndEnterAsync(http, endpoint, reading);
    }

    async Task ReadAndEnterAsync(
        HttpContext http, Endpoint endpoint, ValueTask<(CurrentUser? User, Problem? Problem)> reading) =>
        await EnterAsync(http, endpoint, await reading);

    Task EnterAsync(HttpContext http, Endpoint endpoint, (CurrentUser? User, Problem? Problem) read)
    {
        if (read.User is { } user)
            http.Features.Set(user);
        if (limits.RefuseRequest(http) is { } tooMany)
            return ApiResults.Of(tooMany).ExecuteAsync(http);
        if (read.User is null)
            return endpoint.Metadata.GetMetadata<IAuthorizeData>() is null ? ways.Own(http)
                : RequestToken.Refuse(http, read.Problem).ExecuteAsync(http);
        return read.User.Key is null ? ways.Own(http) : KeyGate.CheckAsync(http, ways.Own);
    }

    // A host may map a method of Cote's own, by rules of its own, which only the framework knows.
    static bool IsPlain(EndpointMetadataCollection marks)
    {
        var asked = marks.GetOrderedMetadata<IAuthorizeData>();
        for (var i = 0; i < asked.Count; i++)
            if ((asked[i].Policy ?? asked[i].Roles ?? asked[i].AuthenticationSchemes) is not null)
                return false;
        return marks.GetMetadata<AuthorizationPolicy>() is null && marks.GetMetadata<IAllowAnonymous>() is null
            && marks.GetMetadata<IAuthorizationRequirementData>() is null;
    }

    /// <summary>The services of the server as those of each request: the rooms have no others.</summary>
    sealed class RootScope(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices
        {
            get => services;
            set => throw new NotSupportedException("A route of Cote has the services of the server.");
        }
    }
}
