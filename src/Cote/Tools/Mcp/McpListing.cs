using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Cote.Tools;

/// <summary>What a server lists, page by page, as far as it is read.</summary>
sealed class McpListing
{
    readonly List<Tool> _tools = [];
    readonly HashSet<string> _names = new(StringComparer.Ordinal);
    int _length;
    int _pages;

    public IReadOnlyList<Tool> Tools => _tools;

    /// <summary>How many tools cannot be shown to a model: they have no name, or no schema of an object.</summary>
    public int PassedOver { get; private set; }

    /// <summary>Whether there were more tools than are read.</summary>
    public bool IsCut { get; private set; }

    /// <summary>How long it is good; null where the server does not say.</summary>
    public TimeSpan? GoodFor { get; private set; }

    /// <summary>Takes a page; the cursor of the next one, null after the last that is read.</summary>
    /// <exception cref="JsonException">It is no page.</exception>
    public string? Add(JsonNode? page)
    {
        if (page?["tools"] is not JsonArray tools)
            throw new JsonException("It lists no tools.");
        GoodFor ??= Ttl(page["ttlMs"]);
        foreach (var node in tools)
        {
            if (_tools.Count == McpLimits.Tools || _length > McpLimits.ListLength)
            {
                IsCut = true;
                return null;
            }
            if (Read(node) is not { } tool || !_names.Add(tool.Name))
            {
                PassedOver++;
                continue;
            }
            _length += tool.InputSchema.GetRawText().Length + (tool.Description?.Length ?? 0);
            _tools.Add(tool);
        }
        var cursor = page["nextCursor"] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        IsCut = cursor is not null && ++_pages == McpLimits.Pages;
        return IsCut ? null : cursor;
    }

    /// <summary>Leaves out a tool that the SDK refuses to call.</summary>
    public void PassOver(Tool tool)
    {
        _tools.Remove(tool);
        PassedOver++;
    }

    // One tool that is no tool must not take the others along.
    static Tool? Read(JsonNode? node)
    {
        try
        {
            if (node?.Deserialize<Tool>(McpJsonUtilities.DefaultOptions) is not { Name.Length: > 0 } tool)
                return null;
            // Written anew, as the request of a model will be: half a surrogate pair would fail there.
            tool.InputSchema = JsonSerializer.SerializeToElement(tool.InputSchema);
            return tool;
        }
        catch (Exception error) when (
            error is JsonException or ArgumentException or InvalidOperationException or NotSupportedException
                or FormatException)
        {
            return null;
        }
    }

    static TimeSpan? Ttl(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out double ms) && ms >= 0
            ? TimeSpan.FromMilliseconds(Math.Clamp(
                ms, McpLimits.LeastFresh.TotalMilliseconds, McpLimits.MostFresh.TotalMilliseconds))
            : null;
}
