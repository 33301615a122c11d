using System.Text.Json;

namespace Cote.Scale;

/// <summary>What was measured at one scale.</summary>
/// <param name="Url">Its database, which is gone unless it was to be kept.</param>
sealed record ScaleResult(
    double Scale, long Users, string Url, MonthTimes Times, IReadOnlyList<TableSize> Tables,
    IReadOnlyList<IndexSize> Indexes, IReadOnlyList<TableWear> Wear, IReadOnlyList<LoopCost> Loops)
{
    public NodeCost? Idle { get; init; }
}

/// <summary>The whole run: templates, a month at each scale, and what is measured of it.</summary>
sealed class ScaleRun(ScaleOptions options, Action<string> say)
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly UseModel _model = UseModel.Default with { Days = options.Days };

    public async Task RunAsync(CancellationToken ct)
    {
        await using var cluster = await Cluster.StartAsync(options.Postgres, options.Keeps);
        var template = await PlayTemplatesAsync(cluster, ct);
        var results = new List<ScaleResult>();
        Partitions? partitions = null;
        foreach (var scale in options.Scales)
        {
            var isLast = scale == options.Scales[^1];
            var url = await cluster.CreateDatabaseAsync(template);
            results.Add(await PlayAsync(cluster, url, scale, [], ct));
            if (isLast && options.Parts.Contains("loops"))
                results[^1] = results[^1] with { Idle = await IdleAsync(cluster, url, ct) };
            if (isLast && options.Parts.Contains("partitions"))
            {
                say("Partitions: the same rows in tables that are split by user");
                await using var db = await cluster.ConnectAsync(url);
                partitions = await Partitions.MeasureAsync(db, _model, say, ct);
            }
            await EndAsync(cluster, url);
        }
        ScaleResult? tuned = null;
        if (options.Parts.Contains("tuned"))
        {
            say("The smallest scale again, with settings of the tables that change most");
            var url = await cluster.CreateDatabaseAsync(template);
            tuned = await PlayAsync(cluster, url, options.Scales[0], Tuning.Statements, ct);
            await EndAsync(cluster, url);
        }
        var report = new Report(options, _model, results, tuned, partitions);
        say(report.Text());
        if (options.Json is { } file)
            await File.WriteAllTextAsync(
                file, JsonSerializer.Serialize(new { results, tuned, partitions }, Indented), ct);
        if (!options.Keeps || !cluster.IsOwn)
            return;
        say("The databases are kept until this program is stopped.");
        await Task.Delay(Timeout.Infinite, ct);
    }

    async Task<string> PlayTemplatesAsync(Cluster cluster, CancellationToken ct)
    {
        var url = await cluster.CreateDatabaseAsync();
        await using var server = await ScaleServer.ServeAsync(url, _model);
        await using var db = await cluster.ConnectAsync(url);
        var recorder = new Recorder(db, _model);
        await recorder.BeginAsync();
        var month = new TemplateMonth(server, recorder, _model);
        say($"Templates: {_model.Templates} people live {_model.Days} days through the product");
        await month.PlayAsync(ct);
        say($"  {month.Turns} turns");
        return url;
    }

    async Task<ScaleResult> PlayAsync(
        Cluster cluster, string url, double scale, IReadOnlyList<string> settings, CancellationToken ct)
    {
        var users = options.UsersAt(scale);
        if (users <= _model.Templates)
            throw new FormatException($"--scale is too small: {users} people, and {_model.Templates} are templates.");
        say($"A month of {users:n0} people ({scale:0.#####} of {options.Users:n0})");
        await using var server = await ScaleServer.OpenAsync(url, _model);
        await using var db = await cluster.ConnectAsync(url);
        foreach (var setting in settings)
            await db.ExecuteAsync(setting);
        var times = await new Month(db, server, _model, users).PlayAsync(say, ct);
        await Growth.SettleAsync(db, ct);
        var (tables, indexes, wear) =
            (await Growth.TablesAsync(db), await Growth.IndexesAsync(db), await Growth.WearAsync(db));
        var loops = options.Parts.Contains("loops") && settings.Count == 0
            ? await new LoopCosts(db, server).MeasureAsync(ct) : [];
        return new(scale, users, url, times, tables, indexes, wear, loops);
    }

    async Task<NodeCost> IdleAsync(Cluster cluster, string url, CancellationToken ct)
    {
        say("A node that nobody uses");
        await using var db = await cluster.ConnectAsync(url);
        return await IdleNode.MeasureAsync(db, url, _model, ct);
    }

    Task EndAsync(Cluster cluster, string url)
    {
        if (!options.Keeps)
            return cluster.DropDatabaseAsync(url);
        say($"Kept: {url}");
        return Task.CompletedTask;
    }
}
