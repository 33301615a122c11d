using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Cote.Data;

/// <summary>The meaning of an error of SQLite, by its code and never by its text.</summary>
static class SqliteErrors
{
    /// <summary>The disk is full: the connection stays usable.</summary>
    public static bool IsDiskFull(SqliteException error) => error.SqliteErrorCode == raw.SQLITE_FULL;

    /// <summary>A unique index refused a row.</summary>
    public static bool IsConflict(SqliteException error) =>
        error.SqliteExtendedErrorCode is raw.SQLITE_CONSTRAINT_UNIQUE or raw.SQLITE_CONSTRAINT_PRIMARYKEY;

    /// <summary>The problem that a client gets.</summary>
    public static ProblemException ToProblem(SqliteException error) => error.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => new(Problems.DiskFull, error),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new(Problems.Busy, error),
        raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_NOMEM or raw.SQLITE_CORRUPT
            or raw.SQLITE_NOTADB => new(Problems.Unavailable, error),
        _ => new(Problems.Internal, error),
    };
}
