using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>The database and the data directory.</summary>
public sealed class DataOptions
{
    /// <summary>
    /// The folder of the embedded database, the signing key and the media; created if missing. Relative to the working
    /// directory. With PostgreSQL each node needs one of its own: for its lock, <c>control.sock</c> and uploads while
    /// they arrive.
    /// </summary>
    [Required]
    public string Directory { get; set; } = "data";

    /// <summary>
    /// Keeps everything in PostgreSQL, for any number of nodes: <c>postgres://user:password@host:5432/database</c>, or
    /// keywords (<c>Host=…;Username=…;Password=…;Database=…</c>). <c>DATABASE_URL</c> is read too. Unset: the embedded
    /// database.
    /// </summary>
    public Secret? Postgres { get; set; }

    /// <summary>
    /// The same database without a pooler, for <c>LISTEN</c>, <c>NOTIFY</c> and the lock of migrations. Needed where
    /// <c>Postgres</c> leads to a pooler in transaction mode. Unset: the same.
    /// </summary>
    public Secret? PostgresListen { get; set; }

    /// <summary>
    /// The maximum of connections to PostgreSQL of this node, beside two for signals (a <c>Maximum Pool Size</c> in the
    /// connection string wins). All nodes together must stay below the server's <c>max_connections</c>.
    /// </summary>
    [Range(2, 10_000)]
    public int Connections { get; set; } = 24;

    /// <summary>How many reads of the embedded database run at the same time.</summary>
    [Range(1, 256)]
    public int Readers { get; set; } = 8;

    /// <summary>How many writes may wait for the database; above it a write is answered 503 <c>busy</c>.</summary>
    [Range(1, 1_000_000)]
    public int WriteQueue { get; set; } = 4_096;

    internal string DatabaseFile => Path.Combine(Directory, "cote.db");
}
