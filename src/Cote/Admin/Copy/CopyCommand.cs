using System.Data.Common;
using System.Net.Sockets;
using Cote.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Admin;

/// <summary><c>Cote.Server copy</c>: opens both databases, copies, and turns every failure into one sentence.</summary>
/// <param name="from">The file of the embedded database, or its folder.</param>
/// <param name="to">The PostgreSQL database.</param>
/// <param name="skipLostMedia">Goes on without the bytes of blobs that are lost in the source.</param>
sealed class CopyCommand(string from, string to, bool skipLostMedia)
{
    /// <summary>
    /// Runs the copy; the exit code. <paramref name="createHost"/> makes the services of a node from settings and from
    /// additions to its services: they are those of the new nodes, so that media go where these look for them.
    /// </summary>
    public async Task<int> RunAsync(
        Func<string[], Action<IServiceCollection>, WebApplication> createHost, TextWriter output, TextWriter error,
        CancellationToken ct)
    {
        // Not below the source, which is only read.
        var folder = Directory.CreateTempSubdirectory("cote-copy-").FullName;
        try
        {
            _ = PostgresUrl.Parse(new Secret(to), "--to");
            string[] settings = [$"--Cote:Data:Postgres={to}", $"--Cote:Data:Directory={folder}"];
            await using var host = createHost(settings, services => AddTarget(services, new(to)));
            await RunAsync(host.Services, folder, output, error, ct);
            return 0;
        }
        catch (StartupException refusal)
        {
            error.WriteLine(refusal.Message);
        }
        catch (Exception failure) when (
            failure is ProblemException or DbException or IOException or SocketException or TimeoutException)
        {
            var reason = failure is ProblemException { Problem: var problem } ? problem.Detail : failure.Message;
            error.WriteLine($"The copy was cut off: {reason} Run it again: it goes on where it stopped.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 1;
    }

    async Task RunAsync(
        IServiceProvider services, string folder, TextWriter output, TextWriter error, CancellationToken ct)
    {
        var file = Path.GetFullPath(Directory.Exists(from) ? Path.Combine(from, "cote.db") : from);
        var hosts = services.GetServices<HostTables>().ToList();
        await using var source = new SqliteArchive(file, hosts);
        var copy = new CopyDatabase(
            source, services.GetRequiredService<PostgresEngine>(), services.GetRequiredService<BlobStorage>(),
            hosts, services.GetRequiredService<Clock>(), output, error);
        await copy.RunAsync(folder, skipLostMedia, ct);
    }

    /// <summary>Adds the engine of a database that is filled.</summary>
    public static void AddTarget(IServiceCollection services, Secret to)
    {
        services.AddSingleton(x =>
        {
            var node = x.GetRequiredService<DataOptions>();
            var target = new DataOptions
            {
                Directory = node.Directory,
                Postgres = to, // a Cote__Data__Postgres_File of the environment does not override --to
                PostgresListen = node.PostgresListen,
                Connections = node.Connections,
                WriteQueue = node.WriteQueue,
            };
            return new PostgresEngine(
                target, x.GetRequiredService<DataFolder>(), x.GetRequiredService<Clock>(),
                x.GetRequiredService<ILogger<Database>>(), x.GetServices<HostTables>(), isCopyTarget: true);
        });
        services.AddSingleton<DatabaseEngine>(x => x.GetRequiredService<PostgresEngine>());
    }
}
