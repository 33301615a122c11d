using System.Net.Sockets;
using Cote.Primitives;
using Npgsql;

namespace Cote.Data;

/// <summary>What an error of PostgreSQL means, by its code and never by its text.</summary>
static class PostgresErrors
{
    /// <summary>True where nobody answers any more, or nobody who may write.</summary>
    public static bool IsAway(Exception error) => error switch
    {
        PostgresException said => said.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.ReadOnlySqlTransaction
            || said.SqlState.StartsWith("08", StringComparison.Ordinal) || said.SqlState.StartsWith("58", StringComparison.Ordinal),
        NpgsqlException { InnerException: IOException or SocketException } or IOException or SocketException => true,
        _ => false,
    };

    /// <summary>Serialization, deadlock, and a row that a foreign key leads to and that went, or came, in the same moment.</summary>
    public static bool WasRolledBackByOthers(PostgresException error) => error.SqlState is PostgresErrorCodes.SerializationFailure
        or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.ForeignKeyViolation;

    /// <summary>What a client is told of it.</summary>
    public static ProblemException ToProblem(Exception error) => error switch
    {
        ObjectDisposedException => new(Problems.ShuttingDown, error),
        _ when IsAway(error) => new(Problems.Unavailable, error),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new(Problems.DiskFull, error),
        PostgresException
        {
            SqlState: PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.OutOfMemory
                or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
        } => new(Problems.Busy, error),
        PostgresException => new(Problems.Internal, error),
        _ => new(Problems.Busy, error), // all connections of the pool are in use, or the answer did not come in time
    };
}
