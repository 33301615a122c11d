using Cote.Cluster;
using Cote.Data;
using Cote.Models;
using Cote.Primitives;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

static class AssistantsModule
{
    public static void AddAssistants(this IServiceCollection services)
    {
        services.AddSingleton(x => ProviderRegistry.From(
            x.GetRequiredService<AssistantsOptions>(), x.GetRequiredService<Clock>().Provider,
            x.GetRequiredService<ILogger<ProviderRegistry>>(), x.GetServices<Provider>()));
        services.AddSingleton(x => x.GetRequiredService<ProviderRegistry>().Catalogue);
        services.AddSingleton(x => new ReplyQueue(x.GetRequiredService<Node>(), x.GetRequiredService<NodeNotifier>(),
            x.GetRequiredService<Clock>(), x.GetRequiredService<AssistantsOptions>().MaxParallelReplies));
        services.AddSingleton<Attachments>();
        services.AddSingleton<Prompt>();
        services.AddSingleton<ReplyRunContext>();
        services.AddHostedService(x => new ReplyLoop(
            x.GetRequiredService<ReplyQueue>(), x.GetRequiredService<ReplyRunContext>(),
            x.GetRequiredService<DatabaseEngine>().IsSingleProcess));
    }
}
