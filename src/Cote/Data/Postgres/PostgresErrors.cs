using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Cote.Data;

/// <summary>The meaning of an error of PostgreSQL, by its code and never by its text.</summary>
static class PostgresErrors
{
    /// <summary>True where the server does not answer, or is one that cannot write.</summary>
    public static bool IsAway(Exception error) => error switch
    {
        PostgresException refusal => refusal.SqlState is PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.ReadOnlySqlTransaction
            || refusal.SqlState.StartsWith("08", StringComparison.Ordinal)
            || refusal.SqlState.StartsWith("58", StringComparison.Ordinal),
        NpgsqlException { InnerException: IOException or SocketException } or IOException or SocketException => true,
        _ => false,
    };

    /// <summary>
    /// Serialization, deadlock, and a row of a foreign key that was deleted or inserted in the same moment.
    /// </summary>
    public static bool WasRolledBackByOthers(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.ForeignKeyViolation;

    /// <summary>True for what the driver throws; anything else is a bug.</summary>
    public static bool IsOfDatabase(Exception error) =>
        error is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException;

    /// <summary>The problem that a client gets.</summary>
    public static ProblemException ToProblem(Exception error) => error switch
    {
        ObjectDisposedException => new(Problems.ShuttingDown, error),
        _ when IsAway(error) => new(Problems.Unavailable, error),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new(Problems.DiskFull, error),
        PostgresException
        {
            SqlState: PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.QueryCanceled
                or PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
        } => new(Problems.Busy, error),
        PostgresException => new(Problems.Internal, error),
        _ => new(Problems.Busy, error), // every connection of the pool is in use, or the answer took too long
    };
}
