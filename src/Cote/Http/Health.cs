using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Cote.Http;

/// <summary>Health for supervisors and balancers: alive while it answers, ready while it takes work.</summary>
static class Health
{
    public static IResult Live() => ApiResults.Json("""{"status":"ok"}"""u8.ToArray());

    public static async Task<IResult> Ready(
        Database db, IHostApplicationLifetime lifetime, GracefulShutdown shutdown, CancellationToken ct) =>
        shutdown.HasBegun || lifetime.ApplicationStopping.IsCancellationRequested ? ApiResults.Of(Problems.ShuttingDown)
        : db.Engine.IsHealthy && await CanReadAsync(db, ct) ? Live()
        : ApiResults.Of(Problems.Unavailable);

    static async Task<bool> CanReadAsync(Database db, CancellationToken ct)
    {
        try
        {
            return await db.FirstAsync($"select 1 from meta where key = 'epoch'", _ => true, ct);
        }
        catch (ProblemException)
        {
            return false;
        }
    }
}
