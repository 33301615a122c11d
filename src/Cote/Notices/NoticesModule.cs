using Microsoft.Extensions.DependencyInjection;

namespace Cote.Notices;

static class NoticesModule
{
    public static void AddNotices(this IServiceCollection services)
    {
        services.AddSingleton<WebhookEndpoints>().AddSingleton<Outbox>().AddSingleton<WebhookStore>();
        services.AddSingleton(Outside.Default).AddSingleton(WebhookPace.Default);
        services.AddPush();
        services.AddHostedService<WebhookLoop>().AddHostedService<WebhookSweepLoop>()
            .AddHostedService<NoticeGaugeLoop>();
    }
}
