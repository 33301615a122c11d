using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>The last lines of a start: where the server listens, and what to open first.</summary>
static class StartLog
{
    public const string FrameworkCategory = "Microsoft.Hosting.Lifetime";

    public static void Write(WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Cote.Lifetime");
        var addresses = app.Urls.Where(x => !x.StartsWith("http://unix:", StringComparison.Ordinal)).ToList();
        foreach (var address in addresses)
            log.Listening(address);
        if (addresses.FirstOrDefault() is { } first)
            log.OpenDocs(Browsable(first));
    }

    // Any address of the machine is none that a browser can open.
    internal static string Browsable(string address)
    {
        foreach (var any in new[] { "://[::]", "://0.0.0.0", "://*", "://+" })
            address = address.Replace(any, "://localhost", StringComparison.Ordinal);
        return address.TrimEnd('/') + "/docs";
    }
}

static partial class HttpLog
{
    [LoggerMessage(EventId = 1420, Level = LogLevel.Information, Message = "Now listening on: {Address}")]
    public static partial void Listening(this ILogger log, string address);

    [LoggerMessage(EventId = 1421, Level = LogLevel.Information, Message = "Open {Address}")]
    public static partial void OpenDocs(this ILogger log, string address);

    [LoggerMessage(EventId = 1422, Level = LogLevel.Warning,
        Message = "CORS refused a browser on origin {Origin}; Cote__Http__CorsOrigins lists the origins that may call")]
    public static partial void PreflightRefused(this ILogger log, string origin);
}
