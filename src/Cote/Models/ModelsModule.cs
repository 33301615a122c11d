using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Models;

static class ModelsModule
{
    public static void AddModels(this IServiceCollection services)
    {
        services.AddSingleton(x => ProviderRegistry.From(
            x.GetRequiredService<AssistantsOptions>(), x.GetRequiredService<Clock>().Provider,
            x.GetRequiredService<ILogger<ProviderRegistry>>(), x.GetServices<Provider>()));
        services.AddSingleton(x => x.GetRequiredService<ProviderRegistry>().Catalogue);
        services.AddSingleton<TranscriptionModel>();
    }

    public static void MapModels(this IEndpointRouteBuilder routes) => routes.MapGet("/models", ListModels.Handle)
        .RequireAuthorization().AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<CatalogueModel>>().WithTags("Chats")
        .WithSummary("The models that a chat can choose");
}
