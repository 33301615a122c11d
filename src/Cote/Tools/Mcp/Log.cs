using Microsoft.Extensions.Logging;

namespace Cote.Tools;

/// <summary>The log lines of MCP servers: event ids 2400 to 2449.</summary>
static partial class McpLog
{
    [LoggerMessage(2400, LogLevel.Warning,
        "MCP server {Server} does not answer ({Error}) and is asked again in {Wait}.")]
    public static partial void McpServerAway(this ILogger log, string server, string error, TimeSpan wait);

    [LoggerMessage(2401, LogLevel.Information, "MCP server {Server} answers again.")]
    public static partial void McpServerBack(this ILogger log, string server);

    [LoggerMessage(2402, LogLevel.Warning, "MCP server {Server} lists more tools than are read: {Count} are offered.")]
    public static partial void McpListCut(this ILogger log, string server, int count);

    [LoggerMessage(2403, LogLevel.Warning,
        "MCP server {Server} lists {Count} tools that no model can be shown, and they are not offered.")]
    public static partial void McpToolsPassedOver(this ILogger log, string server, int count);

    [LoggerMessage(2404, LogLevel.Information, "A call of MCP server {Server} ended with {Code} ({Error}).")]
    public static partial void McpCallFailed(this ILogger log, string server, string code, string error);
}
