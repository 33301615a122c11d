using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Cote.Http;

/// <summary>
/// What a browser sees: the chat, the page of admins, the viewer of a shared chat and the interactive documentation,
/// all from inside the program.
/// </summary>
static class Pages
{
    // Swagger UI styles its own elements and shows its pictures as data; it runs no script but those served here.
    const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "connect-src 'self'; font-src 'self' data:; frame-ancestors 'none'";
    const string LandingPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    const string ChatPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        + "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    const string AdminPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    // A shared chat shows what a stranger and a model wrote: its page has no origin, so no storage and no cookies.
    const string SharedPolicy =
        "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'self'; style-src 'self'; "
        + "img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'";

    static readonly ReadOnlyMemory<byte> Welcome =
        """{"message":"Cote, the backend of AI chat apps, is running","docs":"/docs"}"""u8.ToArray();

    public static void MapPages(this IEndpointRouteBuilder routes, HttpOptions options)
    {
        var files = new Lazy<PageFiles>(() => new()); // Most servers of programs alone are never asked.
        routes.MapGet("/", (HttpContext http) => Front(http, files, options)).ExcludeFromDescription();
        routes.MapGet("/admin", (HttpContext http) => Admins(http, files, options)).ExcludeFromDescription();
        routes.MapGet("/app/{file}", (HttpContext http, string file) => files.Value.Find(file) is { } found
            ? found.Answer(http) : ApiResults.Of(Problems.NotFound)).ExcludeFromDescription();
        routes.MapGet("/s/{token}", (HttpContext http) => Shared(http, files)).ExcludeFromDescription();
        routes.MapGet("/docs", (HttpContext http) => Page(http, "docs.html", MediaTypeNames.Text.Html, DocsPolicy))
            .ExcludeFromDescription();
        routes.MapGet("/docs.js",
            (HttpContext http) => Page(http, "docs.js", MediaTypeNames.Text.JavaScript, DocsPolicy))
            .ExcludeFromDescription();
    }

    /// <summary>
    /// Serves Swagger UI's own files below <c>/docs/</c>, loaded when one is asked for; the page itself is ours.
    /// </summary>
    public static void UseDocs(this IApplicationBuilder app) => app.UseWhenAsked(
        http => http.Request.Path.StartsWithSegments("/docs", out var rest) && rest.Value is { Length: > 1 },
        x => x.UseSwaggerUI(ui => ui.RoutePrefix = "docs"));

    static IResult Front(HttpContext http, Lazy<PageFiles> files, HttpOptions options)
    {
        http.Response.Headers.Append("Vary", "Accept");
        if (!WantsHtml(http.Request))
            return ApiResults.Json(Welcome);
        return options.Page ? Own(http, files, "index.html", ChatPolicy, "camera=(self), microphone=(self)")
            : Page(http, "landing.html", MediaTypeNames.Text.Html, LandingPolicy);
    }

    static IResult Admins(HttpContext http, Lazy<PageFiles> files, HttpOptions options)
    {
        http.Response.Headers.Append("Vary", "Accept");
        return options.Page && WantsHtml(http.Request)
            ? Own(http, files, "admin.html", AdminPolicy, "camera=(), microphone=()")
            : ApiResults.Of(Problems.NotFound);
    }

    static bool WantsHtml(HttpRequest request) => request.GetTypedHeaders().Accept.Any(
        x => x.MediaType.Equals(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase));

    static IResult Own(HttpContext http, Lazy<PageFiles> files, string name, string policy, string permissions)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers["Referrer-Policy"] = "same-origin";
        headers["Permissions-Policy"] = permissions + ", geolocation=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return files.Value.Find(name)!.Answer(http);
    }

    static IResult Shared(HttpContext http, Lazy<PageFiles> files)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = SharedPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Robots-Tag"] = "noindex";
        return files.Value.Find("share.html")!.Answer(http);
    }

    static IResult Page(HttpContext http, string name, string type, string policy)
    {
        http.Response.Headers.ContentSecurityPolicy = policy;
        return Results.Stream(typeof(Pages).Assembly.GetManifestResourceStream(name)!, type + "; charset=utf-8");
    }
}
