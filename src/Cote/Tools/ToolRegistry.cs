using Cote.Models;

namespace Cote.Tools;

/// <summary>A tool as clients are told of it.</summary>
readonly record struct ListedTool(ToolDefinition Definition, bool IsAvailable);

/// <summary>All tools of this server: compiled in, of MCP servers, and the two of the demo models.</summary>
sealed class ToolRegistry
{
    const string AllOf = "*";

    readonly IReadOnlyList<ServerTool> _compiled;
    readonly IReadOnlyList<IToolServer> _servers;

    public ToolRegistry(IEnumerable<ServerTool> compiled, IEnumerable<IToolServer> servers)
    {
        (_compiled, _servers) = ([.. compiled], [.. servers]);
        var names = _compiled.Select(x => x.Definition.Name).Concat(DemoTools.Names);
        if (names.CountBy(x => x).FirstOrDefault(x => x.Value > 1).Key is { } twice)
            throw new StartupException($"There are two tools of the name `{twice}`.");
    }

    /// <summary>
    /// The tools that a model is offered: those that the chat has chosen, null for all. Servers that are away have
    /// none.
    /// </summary>
    /// <param name="chosen">The names, or <c>server__*</c>.</param>
    /// <param name="isDemo">Whether a demo model answers, which has tools of its own.</param>
    /// <param name="ct">Cancels the wait for servers.</param>
    public async Task<IReadOnlyList<ServerTool>> OfferAsync(
        IReadOnlyList<string>? chosen, bool isDemo, CancellationToken ct)
    {
        if (chosen is { Count: 0 })
            return [];
        IEnumerable<ServerTool> own = isDemo ? [.. _compiled, .. DemoTools.All] : _compiled;
        var listed = await Task.WhenAll(_servers.Where(x => MayBeChosen(chosen, x.Name)).Select(x => x.ListAsync(ct)));
        return [.. own.Concat(listed.SelectMany(x => x)).Where(x => IsChosen(chosen, x.Definition.Name))];
    }

    /// <summary>What this node has seen of each server of tools, without asking it.</summary>
    public IReadOnlyList<ToolServerView> LookAtServers() => [.. _servers.Select(x => x.Look())];

    /// <summary>Every tool that is known, also those of servers that are away.</summary>
    public async Task<IReadOnlyList<ListedTool>> ListAsync(CancellationToken ct)
    {
        await Task.WhenAll(_servers.Select(x => x.ListAsync(ct)));
        return
        [
            .. _compiled.Concat(DemoTools.All).Select(x => new ListedTool(x.Definition, IsAvailable: true)),
            .. _servers.SelectMany(x => x.Known.Select(tool => new ListedTool(tool.Definition, x.IsAvailable))),
        ];
    }

    /// <summary>
    /// Whether a chat may name it: a tool that is known, all tools of a server, or any name of a server that is away.
    /// </summary>
    public async Task<bool> AcceptsAsync(string name, CancellationToken ct)
    {
        if (_compiled.Concat(DemoTools.All).Any(x => x.Definition.Name == name))
            return true;
        if (ServerOf(name) is not { } server)
            return false;
        if (name == server.Name + ToolNames.Separator + AllOf)
            return true;
        var tools = await server.ListAsync(ct);
        return ToolNames.IsName(name)
            && (!server.IsAvailable || tools.Concat(server.Known).Any(x => x.Definition.Name == name));
    }

    /// <summary>Whether a client's tool must not have this name: one of the server has it, or may have.</summary>
    public bool Has(string name) => _compiled.Concat(DemoTools.All).Any(x => x.Definition.Name == name)
        || ServerOf(name) is not null;

    /// <summary>
    /// A tool as it is now, its server asked anew; null where there is none any more, or its server is away.
    /// </summary>
    public async Task<ServerTool?> FindAnewAsync(string name, CancellationToken ct)
    {
        if (_compiled.Concat(DemoTools.All).FirstOrDefault(x => x.Definition.Name == name) is { } own)
            return own;
        if (ServerOf(name) is not { } server)
            return null;
        var known = (await server.ListAsync(ct)).Concat(server.Known).FirstOrDefault(x => x.Definition.Name == name);
        return known is null ? null : await known.FindAnewAsync(ct);
    }

    IToolServer? ServerOf(string name) => _servers.FirstOrDefault(
        x => name.StartsWith(x.Name + ToolNames.Separator, StringComparison.Ordinal));

    static bool MayBeChosen(IReadOnlyList<string>? chosen, string server) => chosen is null
        || chosen.Any(x => x.StartsWith(server + ToolNames.Separator, StringComparison.Ordinal));

    static bool IsChosen(IReadOnlyList<string>? chosen, string name) => chosen is null || chosen.Any(x => x == name
        || x.EndsWith(ToolNames.Separator + AllOf, StringComparison.Ordinal)
            && name.StartsWith(x[..^AllOf.Length], StringComparison.Ordinal));
}
