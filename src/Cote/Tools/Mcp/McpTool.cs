using Cote.Models;
using ModelContextProtocol.Protocol;

namespace Cote.Tools;

/// <summary>A tool of an MCP server.</summary>
/// <param name="server">Its server.</param>
/// <param name="definition">What a model is shown, and the server's own name of it.</param>
sealed class McpTool(McpServer server, ToolDefinition definition) : ServerTool
{
    public override ToolDefinition Definition => definition;

    public override Task<ToolOutput> RunAsync(ToolExecution execution, CancellationToken ct) =>
        server.CallAsync(this, execution, ct);

    public override async Task<ServerTool?> FindAnewAsync(CancellationToken ct) =>
        await server.FindAnewAsync(definition.Name, ct);

    /// <summary>The tools that a server offers, of those that it lists.</summary>
    public static IReadOnlyList<McpTool> Of(
        McpServer server, McpServerOptions options, IReadOnlyList<Tool> listed)
    {
        // All are named, not only those that are offered: a name stays when others are allowed.
        var names = ToolNames.Of(server.Name, listed.Select(x => x.Name));
        return [.. listed.Zip(names)
            .Where(x => options.Allow.Count == 0 || Names(options.Allow, x.First.Name))
            .Select(x => new McpTool(server, Define(server.Name, x.Second, x.First, options)))];
    }

    static ToolDefinition Define(string server, string name, Tool tool, McpServerOptions options)
    {
        var hints = options.TrustHints ? tool.Annotations : null;
        var isReadOnly = hints?.ReadOnlyHint == true;
        return new(
            name, Cut(tool.Title ?? tool.Annotations?.Title, McpLimits.Name), ToolSources.Mcp + server,
            Cut(tool.Description, McpLimits.Description) ?? "", tool.InputSchema, tool.Name)
        {
            Asks = options.Approval != "never" && !isReadOnly,
            IsReadOnly = isReadOnly,
            IsRepeatable = isReadOnly || hints?.IdempotentHint == true,
            IsTrusted = Names(options.Trusted, tool.Name),
        };
    }

    static bool Names(IEnumerable<string> list, string tool) => list
        .SelectMany(x => x.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Any(x => x is "*" or "true" || x == tool);

    /// <summary>A text of others, well-formed and not longer than this; null stays null.</summary>
    public static string? Cut(string? text, int length) =>
        text is null ? null : WellFormedText.Of(text[..Math.Min(text.Length, length)]);
}
