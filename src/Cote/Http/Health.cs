using Cote.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Cote.Http;

/// <summary>For whoever restarts or routes: alive as long as it answers, ready as long as it takes work.</summary>
static class Health
{
    public static IResult Live() => ApiResults.Json("""{"status":"ok"}"""u8.ToArray());

    public static async Task<IResult> Ready(
        Database db, IHostApplicationLifetime life, GracefulShutdown draining, HttpContext http, CancellationToken ct)
    {
        var why = draining.HasBegun || life.ApplicationStopping.IsCancellationRequested ? "shutting_down"
            : !db.Engine.IsHealthy || !await CanReadAsync(db, ct) ? "database"
            : null;
        if (why is null)
            return Live();
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return ApiResults.Of(why == "database" ? Primitives.Problems.Unavailable : Primitives.Problems.ShuttingDown);
    }

    static async Task<bool> CanReadAsync(Database db, CancellationToken ct)
    {
        try
        {
            return await db.FirstAsync($"select 1 from meta where key = 'epoch'", _ => true, ct);
        }
        catch (Primitives.ProblemException)
        {
            return false;
        }
    }
}
