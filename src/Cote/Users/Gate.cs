using Cote.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Users;

/// <summary>
/// Lets a request into a route of Cote: reads whose it is, counts it, and refuses keys where they may not be and
/// strangers where a user is asked for. A host's own routes go on to the framework's authentication and authorization,
/// which have claims, policies, and services made for each request; no route of Cote asks for any of these, and they
/// cost a short request as much as everything else.
/// See docs/decisions/0059-short-requests.md.
/// </summary>
sealed class Gate(RequestDelegate next, AccessTokens tokens, RateLimits limits, IServiceProvider services)
{
    readonly SharedServices _services = new(services);

    public Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint() is not { RequestDelegate: not null } endpoint || !endpoint.IsOwn())
            return next(http);
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
        var handle = endpoint.RequestDelegate!;
        if (read.User is null)
            return endpoint.Metadata.GetMetadata<IAuthorizeData>() is null ? handle(http)
                : RequestToken.Refuse(http, read.Problem).ExecuteAsync(http);
        return read.User.Key is null ? handle(http) : KeyGate.CheckAsync(http, handle);
    }

    /// <summary>The services of the server as those of each request: the rooms have no others.</summary>
    sealed class SharedServices(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices
        {
            get => services;
            set => throw new NotSupportedException("A route of Cote has the services of the server.");
        }
    }
}
