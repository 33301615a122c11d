namespace Cote.Scale;

/// <summary>
/// Settings of the tables that change most, which are tried against the ones that PostgreSQL has by itself.
/// </summary>
static class Tuning
{
    /// <summary>Room in the page for the next version of a row, and a vacuum after fewer changes.</summary>
    public static readonly IReadOnlyList<string> Statements =
    [
        "alter table messages set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02)",
        "alter table chats set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)",
        "alter table heads set (autovacuum_vacuum_scale_factor = 0.02)",
        "alter table search_marks set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)",
        "alter table sessions set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)",
        "alter table calls set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05)",
        "alter table events set (autovacuum_vacuum_scale_factor = 0.05)",
    ];
}
