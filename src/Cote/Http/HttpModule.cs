using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

static class HttpModule
{
    public static void AddHttp(this IServiceCollection services, HttpOptions options, IHostEnvironment environment)
    {
        services.AddSingleton<RateLimits>();
        services.AddSingleton<ListCache>();
        services.AddSingleton(x => new OpenApi(services, x.GetRequiredService<EndpointDataSource>()));
        services.AddSingleton(new ApiPart(HttpApi.Describe));
        // Its lines about addresses name the control socket's too, which nobody can open: StartLog writes the others.
        services.AddLogging(x => x.AddFilter(StartLog.FrameworkCategory, LogLevel.Warning));
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .SetIsOriginAllowed(origin => options.CorsOrigins.Contains("*")
                || options.CorsOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
                || (environment.IsDevelopment() && Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                    && uri.IsLoopback))
            .AllowAnyHeader().AllowAnyMethod()
            .WithExposedHeaders(
                "Cote-Search-Complete", "Link", "Retry-After", "Idempotent-Replayed", "X-Request-Id", "x-should-retry",
                "Location",
                "Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Metadata", "Upload-Media-Url",
                "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size")
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        // Whoever has a share's token may read it, from wherever: the page that shows it has an opaque origin.
        services.AddCors(cors => cors.AddPolicy(SharedPaths.Policy, policy => policy
            .AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod()
            .WithExposedHeaders(
                "Retry-After", "Idempotent-Replayed", "X-Request-Id", "Content-Disposition", "Content-Range",
                "Accept-Ranges")
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
    }

    public static void UseHttp(this WebApplication app, HttpOptions options)
    {
        app.Lifetime.ApplicationStarted.Register(() => StartLog.Write(app, options));
        app.UseMiddleware<ErrorHandler>();
        if (options.TrustedProxies.Count > 0)
            app.UseForwardedHeaders(Forwarded(options));
        app.UseMiddleware<RefusedPreflights>();
        // It takes a service as a parameter of its method, for which the framework loads the expression compiler.
        app.UseWhenAsked(SharedPaths.IsApi, x => x.UseCors(SharedPaths.Policy));
        if (options.CorsOrigins.Count > 0 || app.Environment.IsDevelopment())
            app.UseWhen(x => !SharedPaths.IsApi(x), x => x.UseCors());
        app.UseSharedPaths();
        app.UseDocs();
        app.UseMeteredSockets();
        app.UseRouting();
        app.UseHeadAsGet();
    }

    public static void MapHttp(this IEndpointRouteBuilder routes, HttpOptions options)
    {
        // A literal path: a parameter here would answer every POST to a path of one segment with a 405.
        routes.MapGet("/openapi.json", OpenApi.Handle).ExcludeFromDescription();
        routes.MapPages(options);
        routes.MapGet("/health/live", Health.Live).WithName("GetLiveness")
            .WithTags("Health").WithSummary("Is the process alive?");
        routes.MapGet("/health/ready", Health.Ready).WithName("GetReadiness")
            .WithTags("Health").WithSummary("Does it take work?");
    }

    static ForwardedHeadersOptions Forwarded(HttpOptions options)
    {
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // as many as are trusted: the first that is not is the client
        };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
                forwarded.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(proxy, out var network))
                forwarded.KnownIPNetworks.Add(network);
            else
                throw new StartupException(
                    $"Cote__Http__TrustedProxies holds `{proxy}`, which is neither an address nor a network "
                    + "such as 10.0.0.0/8.");
        }
        return forwarded;
    }
}
