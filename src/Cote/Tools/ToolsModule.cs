using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Tools;

static class ToolsModule
{
    public static void AddTools(this IServiceCollection services, ToolsOptions options)
    {
        services.AddSingleton(new ApiPart(Describe));
        services.AddSingleton<ToolRegistry>();
        foreach (var (name, server) in options.Mcp)
            services.AddSingleton<IToolServer>(x => new McpServer(
                name, server, x.GetRequiredService<Clock>(), x.GetRequiredService<ILogger<McpServer>>()));
    }

    public static void MapTools(this IEndpointRouteBuilder routes) => routes.MapGet("/tools", ListTools.Handle)
        .RequireAuthorization().AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<ToolInfo>>().WithTags("Chats")
        .WithSummary("The tools that models can call");

    static void Describe(ApiDocument api) => api.Schema<ToolInfo>()
        .Property("parameters", new() { ["type"] = "object" }).Note("parameters", "The JSON schema of its arguments")
        .Note("available", "False while its server is away: its tools stay in the list, and no model is offered them");
}
