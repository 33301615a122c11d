using System.Security.Cryptography;
using Cote.Load.Figures;
using Cote.Load.Loads;

namespace Cote.Load.Runs;

/// <summary>
/// Servers on PostgreSQL: Cote and the guide's backend are each filled once, in a database that is then copied for
/// every step. The PostgreSQL is started by the first step that needs it.
/// </summary>
sealed class PostgresStage(Stage stage, string? url) : IAsyncDisposable
{
    readonly string _signingKey = "Auth:SigningKey=" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));
    PostgresServer? _server;
    string? _missing;
    (Uri Database, string Folder, Site Site)? _cote;
    (Uri Database, Site Site)? _guide;

    /// <summary>The server, or the sentence that says what is missing.</summary>
    public async Task<(PostgresServer? Server, string? Missing)> ServerAsync()
    {
        if (_server is null && _missing is null)
            (_server, _missing) = await PostgresServer.StartAsync(url, stage.Ct);
        return (_server, _missing);
    }

    /// <summary>Cote on a database of its own.</summary>
    public async Task<(Contender Contender, Uri Database)> CoteAsync()
    {
        var (database, folder, site) = await CopyAsync();
        var child = await CoteAsync(database, folder);
        return (new(Row.Ours, child, site.At(child.Url), stage.Plan.PostgresChats, Plan.ChatsOfClient,
            _server!.CpuOf(database)), database);
    }

    /// <summary>A database that is filled for Cote, the folder that goes with it, and the people in it.</summary>
    public async Task<(Uri Database, string Folder, Site Site)> CopyAsync()
    {
        var server = await MustAsync();
        _cote ??= await FillCoteAsync(server);
        return (await server.CreateAsync(stage.Ct, _cote.Value.Database), stage.Copy(_cote.Value.Folder),
            _cote.Value.Site);
    }

    /// <summary>Cote's process on a database, with its folder.</summary>
    public Task<Child> CoteAsync(Uri database, string folder) => Servers.CoteAsync(
        stage.Program, folder, stage.Model.Url, stage.Ct, $"Data:Postgres={database}", _signingKey);

    /// <summary>The guide's backend on a database of its own, or the sentence that says what is missing.</summary>
    public async Task<(Contender? Contender, Uri? Database, string? Missing)> GuideAsync()
    {
        if (await stage.Peers.MissingAsync(Peers.Guide) is { } missing)
            return (null, null, missing);
        var server = await MustAsync();
        _guide ??= await FillGuideAsync(server);
        var database = await server.CreateAsync(stage.Ct, _guide.Value.Database);
        var child = await stage.Peers.RunAsync(Peers.Guide, stage.NewFolder(), database);
        return (new(Peers.Guide, child, _guide.Value.Site.At(child.Url), stage.Plan.ChatsOfPeer,
            Plan.ChatsOfPeersClient,
            server.CpuOf(database)), database, null);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    async Task<PostgresServer> MustAsync() =>
        await ServerAsync() is { Server: { } server } ? server : throw new InvalidOperationException(_missing);

    async Task<(Uri, string, Site)> FillCoteAsync(PostgresServer server)
    {
        Bench.Say("Filling a database of PostgreSQL for Cote");
        var (database, folder) = (await server.CreateAsync(stage.Ct), stage.NewFolder());
        using var child = await CoteAsync(database, folder);
        var site = new Site(child.Url, streams: true);
        await site.RegisterAsync(stage.Plan.Clients, stage.Ct);
        await site.ChatsAsync(stage.Plan.PostgresChats, stage.Ct);
        await child.StopAsync();
        return (database, folder, site);
    }

    async Task<(Uri, Site)> FillGuideAsync(PostgresServer server)
    {
        Bench.Say("Filling a database of PostgreSQL for the guide's backend");
        var database = await server.CreateAsync(stage.Ct);
        using var child = await stage.Peers.RunAsync(Peers.Guide, stage.NewFolder(), database);
        var site = await stage.Peers.FillAsync(child);
        await child.StopAsync();
        return (database, site);
    }
}
