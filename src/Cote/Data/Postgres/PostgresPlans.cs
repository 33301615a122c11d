using Npgsql;

namespace Cote.Data;

/// <summary>
/// How PostgreSQL plans the statements of a connection: as the embedded engine does, once for all values, each table by
/// an index and one row after the other. See docs/decisions/0056-postgres-plans.md.
/// </summary>
static class PostgresPlans
{
    // A plan by indexes alone is as good on an empty table, on which it is made, as on a full one. What has no index is
    // read all the same, at a price for which the server would compile the statement.
    const string Settings = """
        set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off;
        set enable_mergejoin = off; set enable_material = off; set jit = off
        """;

    /// <summary>Statements that leave the planning of a transaction that reads whole tables to the server.</summary>
    public const string UsualHere = """
        set local plan_cache_mode to default; set local enable_seqscan to default; set local enable_hashjoin to default;
        set local enable_mergejoin to default; set local enable_material to default; set local jit to default
        """;

    public static void Set(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(Settings, connection);
        try
        {
            command.ExecuteNonQuery();
        }
        catch (PostgresException error) when (IsUnknown(error))
        {
            // It plans as it is used to.
        }
    }

    public static async Task SetAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Settings, connection);
        try
        {
            await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException error) when (IsUnknown(error))
        {
            // It plans as it is used to.
        }
    }

    /// <summary>Whether a database speaks the protocol of PostgreSQL, and does not have what was asked of it.</summary>
    public static bool IsUnknown(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.FeatureNotSupported
            or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedTable;
}
