using Cote.Data;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote;

/// <summary>The database and the data directory.</summary>
public sealed class DataOptions
{
    [Description("The folder of the embedded database, the signing key and the media; created if missing. Relative to "
        + "the working directory. With PostgreSQL each node needs one of its own: for its lock, `control.sock` and "
        + "uploads while they arrive.")]
    [Required]
    public string Directory { get; set; } = "data";

    [Description("Keeps everything in PostgreSQL, for any number of nodes: "
        + "`postgres://user:password@host:5432/database`, or keywords (`Host=…;Username=…;Password=…;Database=…`). "
        + "`DATABASE_URL` is read too. Unset: the embedded database.")]
    public Secret? Postgres { get; set; }

    [Description("The same database without a pooler, for `LISTEN`, `NOTIFY` and the lock of migrations. Needed where "
        + "`Postgres` leads to a pooler in transaction mode. Unset: the same.")]
    public Secret? PostgresListen { get; set; }

    [Description("The maximum of connections to PostgreSQL of this node, beside two for signals (a `Maximum Pool Size` "
        + "in the connection string wins). All nodes together must stay below the server's `max_connections`.")]
    [Range(2, 10_000)]
    public int Connections { get; set; } = 24;

    [Description("How many reads of the embedded database run at the same time.")]
    [Range(1, 256)]
    public int Readers { get; set; } = 8;

    [Description("How many writes may wait for the database; above it a write is answered 503 `busy`.")]
    [Range(1, 1_000_000)]
    public int WriteQueue { get; set; } = 4_096;

    internal string DatabaseFile => Path.Combine(Directory, "cote.db");
}
