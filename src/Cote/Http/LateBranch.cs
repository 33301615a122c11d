using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cote.Http;

/// <summary>
/// A branch of the pipeline that is built at the first request for it: most servers get none, and need not load what
/// it is made of.
/// </summary>
static class LateBranch
{
    /// <summary>
    /// Sends requests for which the condition is true through the branch, and on from its end as all others.
    /// </summary>
    public static void UseWhenAsked(
        this IApplicationBuilder app, Func<HttpContext, bool> condition, Action<IApplicationBuilder> build) =>
        app.Use(next =>
        {
            var branch = new Lazy<RequestDelegate>(() =>
            {
                var later = app.New();
                build(later);
                later.Run(next);
                return later.Build();
            });
            return http => condition(http) ? branch.Value(http) : next(http);
        });
}
