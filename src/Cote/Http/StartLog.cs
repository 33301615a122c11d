using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>The last lines of a start: where the server listens, and what to open first.</summary>
static class StartLog
{
    public const string FrameworkCategory = "Microsoft.Hosting.Lifetime";

    public static void Write(WebApplication app, HttpOptions options)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Cote.Lifetime");
        var addresses = app.Urls.Where(x => !x.StartsWith("http://unix:", StringComparison.Ordinal)).ToList();
        foreach (var address in addresses)
            log.Listening(address);
        if (addresses.FirstOrDefault() is { } first)
            log.OpenPage(Browsable(first) + (options.Page ? "/" : "/docs"));
    }

    // Any address of the machine is none that a browser can open.
    internal static string Browsable(string address)
    {
        foreach (var any in new[] { "://[::]", "://0.0.0.0", "://*", "://+" })
            address = address.Replace(any, "://localhost", StringComparison.Ordinal);
        return address.TrimEnd('/');
    }
}
