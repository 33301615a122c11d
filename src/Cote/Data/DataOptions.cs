using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote.Data;

/// <summary>Where things are kept.</summary>
public sealed class DataOptions
{
    [Description("The folder of the embedded database, the signing key and the media; made if it is not there. Relative to the working directory. With PostgreSQL each node has one of its own, for uploads under way.")]
    [Required]
    public string Directory { get; set; } = "data";

    [Description("Keeps everything in PostgreSQL, for any number of nodes: `postgres://user:password@host:5432/database`, or keywords (`Host=…;Username=…;Password=…;Database=…`). `DATABASE_URL` is understood as it stands. Unset: the embedded database.")]
    public Secret? Postgres { get; set; }

    [Description("The same database for `LISTEN`, where `Postgres` leads to a pooler of transactions, through which no notification comes. Unset: the same.")]
    public Secret? PostgresListen { get; set; }

    [Description("How many connections to PostgreSQL this node uses at most, beside two for signals. All nodes together must stay below the server's `max_connections`.")]
    [Range(2, 10_000)]
    public int Connections { get; set; } = 24;

    [Description("How many readers of the embedded database work at the same time.")]
    [Range(1, 256)]
    public int Readers { get; set; } = 8;

    [Description("How many writes may wait for the database; beyond it a write is answered 503 `busy`.")]
    [Range(1, 1_000_000)]
    public int WriteQueue { get; set; } = 4_096;

    internal string DatabaseFile => Path.Combine(Directory, "cote.db");
}
