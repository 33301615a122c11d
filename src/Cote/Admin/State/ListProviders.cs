using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>A provider or an MCP server, as one node sees it.</summary>
/// <param name="Kind"><c>models</c> or <c>mcp</c>.</param>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Node">The id of the node.</param>
/// <param name="Current">Whether that is the node that answers.</param>
/// <param name="At">When it saw this: now, or up to a few seconds ago where it is another node.</param>
/// <param name="State"><c>unused</c>, <c>ok</c> or <c>failing</c>.</param>
sealed record ProviderInfo(
    string Kind, string Name, string Node, bool Current, Timestamp At, string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ModelInfo>? Models,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] McpInfo? Mcp)
{
    public const string ModelsKind = "models";
    public const string McpKind = "mcp";
}

/// <summary>
/// <c>GET /admin/providers</c>: the providers of models and the MCP servers, a row for each and each node. It asks none
/// of them: it says what came of the calls that replies have made.
/// </summary>
static class ListProviders
{
    public static async Task<IResult> Handle(NodeReports reports, CancellationToken ct)
    {
        var nodes = await reports.ListAsync(ct);
        var rows =
            from node in nodes
            from provider in node.Providers
            select new ProviderInfo(provider.Kind, provider.Name, node.Node, node == nodes[0], node.At, provider.State,
                provider.Models, provider.Mcp);
        return ApiResults.Json<IReadOnlyList<ProviderInfo>>(
            [
                .. rows.OrderByDescending(x => x.Kind, StringComparer.Ordinal)
                    .ThenBy(x => x.Name, StringComparer.Ordinal),
            ],
            AccountJson.Default.IReadOnlyListProviderInfo);
    }
}
