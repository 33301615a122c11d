using System.Diagnostics;
using System.Globalization;

namespace Cote.Load.Runs;

/// <summary>
/// The PostgreSQL of a run: one that a URL names, or one of its own with fsync on, as it is installed, in a folder that
/// goes with it.
/// </summary>
sealed class PostgresServer : IAsyncDisposable
{
    const string Missing = "PostgreSQL is not installed";
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    readonly Uri _any;
    readonly string? _folder;
    readonly Process? _process;
    readonly List<string> _databases = [];

    PostgresServer(Uri any, string? folder, Process? process) => (_any, _folder, _process) = (any, folder, process);

    /// <summary>Its first process; null where it is on another machine, or hides it.</summary>
    public int? Postmaster { get; private set; }

    /// <summary>Starts or finds one, or answers with the sentence that says what is missing.</summary>
    public static async Task<(PostgresServer? Server, string? Missing)> StartAsync(string? url, CancellationToken ct)
    {
        if (Programs.Find("psql") is null || Programs.Find("pgbench") is null)
            return (null, Missing);
        if (url is null)
            return Programs.Find("initdb") is not { } initdb ? (null, Missing)
                : (await StartAsync(initdb, Path.Combine(Path.GetDirectoryName(initdb)!, "postgres"), ct), null);
        var server = new PostgresServer(new(url), null, null);
        var said = await server.AskAsync("select pg_read_file('postmaster.pid')", ct);
        if (new Uri(url).IsLoopback && int.TryParse(said?.Split('\n')[0], out var pid)
            && Directory.Exists($"/proc/{pid}"))
            server.Postmaster = pid;
        return (server, null);
    }

    /// <summary>A new database, empty or a copy of another one that nobody uses; its URL.</summary>
    public async Task<Uri> CreateAsync(CancellationToken ct, Uri? template = null)
    {
        var name = $"cote_bench_{Environment.ProcessId}_{_databases.Count + 1}";
        var from = template is null ? "template0" : NameIn(template);
        await Programs.SaidAsync("psql",
            [_any.ToString(), "-q", "-c", $"create database {name} template {from}"], ct);
        _databases.Add(name);
        return new UriBuilder(_any) { Path = name }.Uri;
    }

    /// <summary>Statistics of all tables of a database, which its plans are made by.</summary>
    public static Task AnalyzeAsync(Uri database, CancellationToken ct) =>
        Programs.SaidAsync("psql", [database.ToString(), "-q", "-c", "analyze"], ct);

    /// <summary>What it has taken for a database so far; null where its processes cannot be seen.</summary>
    public Func<double>? CpuOf(Uri database) =>
        Postmaster is { } pid ? () => ProcessTimes.OfPostgres(pid, NameIn(database)) : null;

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
        {
            foreach (var name in _databases)
                await AskAsync($"drop database if exists {name} with (force)", CancellationToken.None);
            return;
        }
        _process.StandardInput.Close(); // after which its shell ends it
        if (!_process.WaitForExit(Deadline))
            Bench.Say("PostgreSQL does not end");
        _process.Dispose();
        Directory.Delete(_folder!, recursive: true);
    }

    static string NameIn(Uri database) => database.AbsolutePath.Trim('/');

    static async Task<PostgresServer> StartAsync(string initdb, string postgres, CancellationToken ct)
    {
        Bench.Say("Starting a PostgreSQL");
        var folder = Directory.CreateTempSubdirectory("cote-bench-postgres-").FullName;
        var data = Path.Combine(folder, "data");
        // It refuses to run as root; Debian's package makes this user.
        string[] asUser = Environment.IsPrivilegedProcess
            ? [Programs.Find("setpriv")!, "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] : [];
        if (asUser.Length > 0)
            await Programs.SaidAsync("chown", ["postgres:", folder], ct);
        string[] make = [.. asUser, initdb, "-D", data, "-U", "cote", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"];
        await Programs.SaidAsync(make[0], make[1..], ct, folder);
        var port = Child.FreePort().ToString(CultureInfo.InvariantCulture);
        // The shell reads until this process is gone, however it goes; SIGQUIT takes the shared memory along.
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "\"$@\" >log 2>&1 & server=$!; cat >/dev/null; kill -QUIT $server; wait $server", "sh", .. asUser,
            postgres, "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", $"port={port}",
            "-c", $"unix_socket_directories={folder}", "-c", "max_connections=300",
        ])
        {
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        var server = new PostgresServer(
            new($"postgres://cote@127.0.0.1:{port}/postgres"), folder, Process.Start(start)!);
        var began = Stopwatch.GetTimestamp();
        while (await server.AskAsync("select 1", ct) is null)
        {
            if (server._process!.HasExited || Stopwatch.GetElapsedTime(began) > Deadline)
            {
                var log = await File.ReadAllTextAsync(Path.Combine(folder, "log"), ct);
                await server.DisposeAsync();
                throw new InvalidOperationException($"PostgreSQL does not start: {log}");
            }
            await Task.Delay(50, ct); // a port that is not open yet gives no event
        }
        server.Postmaster = int.Parse(
            File.ReadLines(Path.Combine(data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        return server;
    }

    async Task<string?> AskAsync(string sql, CancellationToken ct)
    {
        try
        {
            return await Programs.SaidAsync("psql", [_any.ToString(), "-Atqc", sql], ct);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
