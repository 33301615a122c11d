using System.Text.Json;
using Cote.Cluster;
using Cote.Models;
using Cote.Primitives;
using Cote.Replies;
using Cote.Tools;
using Microsoft.Extensions.Logging;

namespace Cote.Admin;

/// <summary>
/// What the nodes see. This node's own report is made when it is asked for; those of the others are rows, which each
/// writes every few seconds, so that an admin at any node is told of all. The embedded database has one node, and no
/// row.
/// </summary>
sealed class NodeReports(
    Database db, Node node, ProviderRegistry providers, ToolRegistry tools, ReplyScheduler scheduler,
    RunningReplies running, Clock clock)
{
    const int MostRetries = 200;
    const long AliveMilliseconds = 15_000;
    const long KeptMilliseconds = 60_000;

    /// <summary>Whether other nodes may share the database.</summary>
    public bool AreShared => !db.Engine.IsSingleProcess;

    /// <summary>What this node sees now.</summary>
    public NodeReport Look()
    {
        var (total, taken, waiting) = scheduler.Slots;
        return new(node.Id, Node.Version, node.StartedAt, clock.Now, new(total, taken, waiting),
            [.. providers.Providers.Select(Of), .. tools.LookAtServers().Select(Of)],
            running.List().Select(x => (Key: NodeReport.KeyOf(x.UserId, x.ReplyId), x.Look().Retry))
                .Where(x => x.Retry is not null).Take(MostRetries)
                .ToDictionary(x => x.Key, x => new RetryInfo(x.Retry!.Code, x.Retry.At)));
    }

    /// <summary>The nodes that are alive, this one first.</summary>
    public async Task<IReadOnlyList<NodeReport>> ListAsync(CancellationToken ct)
    {
        if (!AreShared)
            return [Look()];
        var others = await db.ListAsync(
            $"""
            select report from nodes where id <> {node.Id} and seen_at > {db.Dialect.Now} - {AliveMilliseconds} order by id
            """, row => row.GetString(0), ct);
        return [Look(), .. others.Select(Read).OfType<NodeReport>()];
    }

    /// <summary>Writes this node's report, and removes those of nodes that are gone.</summary>
    public async Task WriteAsync()
    {
        var report = JsonSerializer.Serialize(Look(), AccountJson.Default.NodeReport);
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into nodes (id, report, seen_at) values ({node.Id}, {report}, {db.Dialect.Now})
            on conflict (id) do update set report = excluded.report, seen_at = excluded.seen_at
            """);
        batch.Execute($"delete from nodes where seen_at < {db.Dialect.Now} - {KeptMilliseconds}");
        await db.WriteAsync(batch);
    }

    /// <summary>This node goes.</summary>
    public async Task RemoveAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from nodes where id = {node.Id}");
        await db.WriteAsync(batch);
    }

    static ProviderReport Of(Provider provider)
    {
        var models = provider.LookAtModels();
        // A model that a user named and nobody offers says nothing of the provider.
        var offered = models.Where(x => provider.IsConfigured(x.Model)).ToList();
        bool? isFailing = offered.All(x => x.IsFailing is null) ? null : offered.Any(x => x.IsFailing == true);
        return new(ProviderInfo.ModelsKind, provider.Name, ModelInfo.StateOf(isFailing),
            [.. models.Select(ModelInfo.Of)], null);
    }

    static ProviderReport Of(ToolServerView server) => new(
        ProviderInfo.McpKind, server.Name,
        server.IsAvailable ? ProviderStates.Ok
            : server.LastFaultAt is null ? ProviderStates.Unused : ProviderStates.Failing,
        null,
        new(server.IsConnected, server.Tools, server.ListedAt, server.Open, server.Calls, server.Failed,
            server.LastFault, server.LastFaultAt));

    // A node of another version may write another form.
    static NodeReport? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, AccountJson.Default.NodeReport) is
            { Node: not null, Slots: not null, Providers: not null, Retries: not null } report ? report : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Writes what this node sees, where other nodes share the database.</summary>
sealed class NodeReportLoop(NodeReports reports, Clock clock, ILogger<NodeReportLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(5), clock, log)
{
    protected override bool RunsAtStart => true;

    protected override Task RunRoundAsync(CancellationToken ct) =>
        reports.AreShared ? reports.WriteAsync() : Task.CompletedTask;

    protected override Task FinishAsync() => reports.AreShared ? reports.RemoveAsync() : Task.CompletedTask;
}
