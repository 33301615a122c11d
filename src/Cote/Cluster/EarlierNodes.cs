using System.Text;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;

namespace Cote.Cluster;

/// <summary>
/// The ids under which earlier processes of this data directory owned replies. The directory is locked by one process
/// at a time, so its earlier ones have ended, however they ended: their leases need not run out. Where there is one
/// process for a database, every lease found at the start is such a one, and no ids are kept.
/// </summary>
sealed class EarlierNodes(Node node, DataOptions data) : IHostedService
{
    const int Most = 100;

    readonly string _file = Path.Combine(data.Directory, "nodes");

    /// <summary>The ids whose leases may still stand.</summary>
    public IReadOnlyList<string> Ids { get; private set; } = [];

    /// <summary>Adds this process to the file, before it can own a reply.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (data.Postgres is null)
            return Task.CompletedTask;
        Ids = File.Exists(_file) ? [.. File.ReadLines(_file).Where(x => Guid.TryParse(x, out _)).TakeLast(Most)] : [];
        Write([.. Ids, node.Id]);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Forgets them: their leases are void.</summary>
    public void Forget()
    {
        Ids = [];
        Write([node.Id]);
    }

    void Write(IEnumerable<string> ids) => AtomicFile.Write(_file, Encoding.ASCII.GetBytes(string.Join('\n', ids)));
}
