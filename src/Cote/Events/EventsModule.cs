using Microsoft.Extensions.DependencyInjection;

namespace Cote.Events;

static class EventsModule
{
    public static void AddEvents(this IServiceCollection services)
    {
        services.AddSingleton<EventLog>().AddSingleton<EpochFile>();
        services.AddHostedService<EventRetentionLoop>();
    }
}
