using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Cote.Media;

/// <summary>
/// <c>X-HTTP-Method-Override</c> of tus: where a network lets no PATCH or DELETE through, a client sends them as POST.
/// It runs before routing, and for the paths of tus alone.
/// </summary>
sealed class MethodOverride : IStartupFilter
{
    const string Header = "X-HTTP-Method-Override";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, rest) =>
        {
            if (http.Request.Path.StartsWithSegments("/upload/resumable")
                && MethodOf(http.Request.Headers[Header].ToString()) is { } method)
                http.Request.Method = method;
            return rest(http);
        });
        next(app);
    };

    // Only these: any other text would become the method in logs and answers.
    static string? MethodOf(string given) => HttpMethods.GetCanonicalizedValue(given.Trim()) is var method
        && (HttpMethods.IsPatch(method) || HttpMethods.IsDelete(method) || HttpMethods.IsHead(method)
            || HttpMethods.IsPost(method) || HttpMethods.IsOptions(method)) ? method : null;
}
