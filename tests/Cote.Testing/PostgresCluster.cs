using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace Cote.Testing;

/// <summary>
/// A PostgreSQL of the tests' own, on a port that it keeps over restarts, or the one that <c>COTE_TEST_POSTGRES</c>
/// names.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    const string Debian = "/usr/lib/postgresql";

    readonly Daemon? _daemon;
    readonly NpgsqlConnectionStringBuilder _place;
    readonly string[] _command = [];
    readonly bool _copiesFiles;
    readonly ConcurrentDictionary<string, bool> _databases = [];

    PostgresCluster(string given) => _place = Read(given);

    PostgresCluster(Daemon daemon, int port, string postgres, bool fsync)
    {
        (_daemon, _copiesFiles) = (daemon, !fsync);
        _place = Read($"postgres://cote@127.0.0.1:{port}/postgres");
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"port={port}", $"unix_socket_directories={daemon.Folder}",
            "max_connections=500",
            "shared_buffers=64MB", "log_line_prefix=%m [%p] %a ", "recovery_init_sync_method=syncfs",
            .. fsync ? [] : new[] { "fsync=off", "full_page_writes=off" },
        ];
        _command = [postgres, "-D", DataIn(daemon), .. settings.SelectMany(x => new[] { "-c", x })];
    }

    /// <summary>What the server wrote, for a test that failed.</summary>
    public string Output => _daemon?.Output ?? "";

    Daemon Own => _daemon ?? throw Needs.Missing(
        "The server that COTE_TEST_POSTGRES names is not ours to stop or freeze: a PostgreSQL of our own is needed.");

    /// <summary>
    /// Starts one. Without <paramref name="fsync"/> it is fast, and loses data only where the machine itself goes down.
    /// </summary>
    public static async Task<PostgresCluster> StartAsync(bool fsync = false)
    {
        if (Environment.GetEnvironmentVariable("COTE_TEST_POSTGRES") is { Length: > 0 } given)
            return new(given);
        var folders = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian)
                .OrderByDescending(x => int.Parse(Path.GetFileName(x), CultureInfo.InvariantCulture))
                .Select(x => x + "/bin")
            : [];
        var postgres = Needs.Program("postgres", folders);
        var initdb = Needs.Program("initdb", Path.GetDirectoryName(postgres)!);
        // It refuses to run as root; Debian's package makes this user. SIGQUIT lets it take its shared memory along.
        var daemon = new Daemon("postgres", Signal.Quit, Environment.IsPrivilegedProcess ? "postgres" : null);
        var cluster = new PostgresCluster(daemon, Ports.Free(), postgres, fsync);
        try
        {
            await daemon.GiveFolderAsync();
            await daemon.StartAsync(
                [initdb, "-D", DataIn(daemon), "-U", "cote", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                "--no-sync"]);
            await cluster.StartAgainAsync();
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
        return cluster;
    }

    /// <summary>A new database, empty or a copy of another one to which nobody is connected; its URL.</summary>
    public async Task<string> CreateDatabaseAsync(string? template = null)
    {
        var name = $"cote_{Guid.CreateVersion7():N}";
        await using (var db = await ConnectAsync())
        {
            // Without fsync to copy its files is faster than to write them to the log, as versions from 15 on do.
            var strategy = _copiesFiles && db.PostgreSqlVersion.Major >= 15 ? " strategy file_copy" : "";
            await using var create = new NpgsqlCommand(
                $"create database {name} template {(template is null ? "template0" : NameIn(template))}{strategy}", db);
            await create.ExecuteNonQueryAsync();
        }
        var url = new UriBuilder("postgres", _place.Host!, _place.Port, name)
        {
            UserName = Uri.EscapeDataString(_place.Username!),
            Password = Uri.EscapeDataString(_place.Password ?? ""),
        }.ToString();
        _databases[url] = true;
        return url;
    }

    /// <summary>Removes a database, whoever is connected to it.</summary>
    public Task DropDatabaseAsync(string url)
    {
        _databases.TryRemove(url, out _);
        return QueryAsync($"drop database if exists {NameIn(url)} with (force)");
    }

    /// <summary>
    /// The rows that a statement answers, in a database of this cluster (by default the one that all have).
    /// </summary>
    public async Task<IReadOnlyList<object?[]>> QueryAsync(string sql, string? url = null)
    {
        await using var db = await ConnectAsync(url);
        await using var command = new NpgsqlCommand(sql, db);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add([.. row.Select(x => x is DBNull ? null : x)]);
        }
        return rows;
    }

    /// <summary>A connection of one's own, outside of every pool.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string? url = null)
    {
        var db = new NpgsqlConnection(url is null ? _place.ConnectionString : Read(url).ConnectionString);
        await db.OpenAsync();
        return db;
    }

    /// <summary>The processes that serve connections of this application name: <c>cote listen</c>.</summary>
    public async Task<int[]> BackendsAsync(string application, string? url = null)
    {
        var name = application.Replace("'", "''", StringComparison.Ordinal);
        var rows = await QueryAsync(
            $"select pid from pg_stat_activity where application_name = '{name}' and "
            + $"({(url is null ? "true" : $"datname = '{NameIn(url)}'")})");
        return [.. rows.Select(x => (int)x[0]!)];
    }

    /// <summary>
    /// Stops a backend in its tracks: its connection stays open and silent. It has stopped before this answers.
    /// </summary>
    public async Task FreezeAsync(int backend)
    {
        Tell(backend, Signal.Stop);
        await Own.UntilAsync(
            () => Task.FromResult(
            File.ReadAllText($"/proc/{backend}/stat").Split(')')[^1].StartsWith(" T", StringComparison.Ordinal)));
    }

    /// <summary>Lets it go on.</summary>
    public Task ThawAsync(int backend)
    {
        Tell(backend, Signal.Cont);
        return Task.CompletedTask;
    }

    /// <summary>Stops it: connections are ended and all is written out, or at once, as a crash does.</summary>
    public Task StopAsync(bool immediate = false) => Own.EndAsync(immediate ? Signal.Quit : Signal.Int);

    /// <summary>Starts it after <see cref="StopAsync"/>: same port, same data.</summary>
    public Task StartAgainAsync() => Own.StartAsync(_command, ready: async () =>
    {
        try
        {
            await using var db = await ConnectAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    });

    /// <summary>
    /// Ends it, and with it all its data; of a server that was named, the databases that were made here.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        else
            foreach (var url in _databases.Keys)
                await DropDatabaseAsync(url);
    }

    static string DataIn(Daemon daemon) => Path.Combine(daemon.Folder, "data");

    static string NameIn(string url) => new Uri(url).AbsolutePath.Trim('/');

    void Tell(int backend, Signal signal)
    {
        _ = Own;
        if (!signal.Send(backend))
            throw new InvalidOperationException($"There is no backend {backend}.");
    }

    static NpgsqlConnectionStringBuilder Read(string url)
    {
        var uri = new Uri(url);
        var who = uri.UserInfo.Split(':', 2);
        return new()
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Username = Uri.UnescapeDataString(who[0]),
            Password = who.Length > 1 ? Uri.UnescapeDataString(who[1]) : null,
            Database = uri.AbsolutePath.Trim('/') is { Length: > 0 } name ? name : "postgres",
            Pooling = false,
            ["Server Compatibility Mode"] = "NoTypeLoading", // what the tests ask for are numbers and texts
            Timeout = (int)Patience.Deadline.TotalSeconds,
            CommandTimeout = 2 * (int)Patience.Deadline.TotalSeconds,
        };
    }
}
