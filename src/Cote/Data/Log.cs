using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>The log lines of Data: 1100-1199.</summary>
static partial class DataLog
{
    [LoggerMessage(1100, LogLevel.Warning,
        "Other users of this machine may read the data directory {Folder}: "
        + "its mode cannot be changed to 0700 ({Error})")]
    public static partial void DataFolderReadable(this ILogger log, string folder, string error);

    [LoggerMessage(1110, LogLevel.Information, "The database is copied to {Copy} before it is migrated")]
    public static partial void DatabaseCopied(this ILogger log, string copy);

    [LoggerMessage(1111, LogLevel.Information, "Migration {Name} is done")]
    public static partial void MigrationDone(this ILogger log, string name);

    [LoggerMessage(1120, LogLevel.Error, "The database refused {Count} writes")]
    public static partial void WritesRefused(this ILogger log, Exception error, int count);

    [LoggerMessage(1121, LogLevel.Information, "The database accepts writes again")]
    public static partial void WritesAccepted(this ILogger log);

    [LoggerMessage(1112, LogLevel.Critical,
        "Another node has migrated the database to a schema that needs migration {Least}, and this program ends at "
            + "{Newest}. This node stops.")]
    public static partial void SchemaTooNew(this ILogger log, int least, int newest);

    [LoggerMessage(1122, LogLevel.Error, "The database connection cannot be closed cleanly")]
    public static partial void CloseFailed(this ILogger log, Exception error);

    [LoggerMessage(1123, LogLevel.Warning,
        "The write-ahead log cannot be moved into the database; the next second tries again")]
    public static partial void CheckpointFailed(this ILogger log, Exception error);

    [LoggerMessage(1124, LogLevel.Information, "PostgreSQL analyzes tables whose statistics are old: {Tables}")]
    public static partial void TablesAnalyzed(this ILogger log, string tables);

    [LoggerMessage(1125, LogLevel.Warning,
        "PostgreSQL cannot analyze the table {Table} and plans by old statistics, until autovacuum analyzes it.")]
    public static partial void TableNotAnalyzed(this ILogger log, string table);

    [LoggerMessage(1130, LogLevel.Information, "Waiting for the database at {Place}")]
    public static partial void WaitingForDatabase(this ILogger log, string place);

    [LoggerMessage(1131, LogLevel.Warning, "The database is unreachable: {Error}")]
    public static partial void DatabaseUnreachable(this ILogger log, string error);

    [LoggerMessage(1132, LogLevel.Information, "The database is reachable again")]
    public static partial void DatabaseReachable(this ILogger log);
}
