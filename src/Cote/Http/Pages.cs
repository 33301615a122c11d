using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Cote.Http;

/// <summary>
/// What a browser sees: the landing page and the interactive documentation, all from inside the program.
/// </summary>
static class Pages
{
    // Swagger UI styles its own elements and shows its pictures as data; it runs no script but those served here.
    const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "connect-src 'self'; font-src 'self' data:; frame-ancestors 'none'";
    const string LandingPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

    static readonly ReadOnlyMemory<byte> Welcome =
        """{"message":"Cote, the backend of AI chat apps, is running","docs":"/docs"}"""u8.ToArray();

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (HttpContext http) =>
            http.Request.GetTypedHeaders().Accept.Any(
                x => x.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase))
                ? Page(http, "landing.html", MediaTypeNames.Text.Html, LandingPolicy)
                : ApiResults.Json(Welcome)).ExcludeFromDescription();
        routes.MapGet("/docs", (HttpContext http) => Page(http, "docs.html", MediaTypeNames.Text.Html, DocsPolicy))
            .ExcludeFromDescription();
        routes.MapGet("/docs.js",
            (HttpContext http) => Page(http, "docs.js", MediaTypeNames.Text.JavaScript, DocsPolicy))
            .ExcludeFromDescription();
    }

    /// <summary>
    /// Serves Swagger UI's own files below <c>/docs/</c>, loaded when one is asked for; the page itself is ours.
    /// </summary>
    public static void UseDocs(this IApplicationBuilder app) => app.Use(next =>
    {
        var docs = new Lazy<RequestDelegate>(() =>
        {
            var branch = app.New();
            branch.UseSwaggerUI(ui => ui.RoutePrefix = "docs");
            branch.Run(next);
            return branch.Build();
        });
        return http => http.Request.Path.StartsWithSegments("/docs", out var rest)
            && rest.Value is { Length: > 1 } ? docs.Value(http) : next(http);
    });

    static IResult Page(HttpContext http, string name, string type, string policy)
    {
        http.Response.Headers.ContentSecurityPolicy = policy;
        return Results.Stream(typeof(Pages).Assembly.GetManifestResourceStream(name)!, type + "; charset=utf-8");
    }
}
