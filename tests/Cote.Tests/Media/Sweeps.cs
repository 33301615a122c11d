using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

static class Sweeps
{
    /// <summary>
    /// Sweeps every upload that no message names, however young. A server that did so from its start might sweep what a
    /// test has just uploaded: nobody knows when its first round ends.
    /// </summary>
    public static Task SweepAllMediaAsync(this CoteApp app)
    {
        app.Services.GetRequiredService<MediaOptions>().GraceHours = 0;
        return app.Services.GetRequiredService<MediaGcLoop>().SweepAsync(default);
    }
}
