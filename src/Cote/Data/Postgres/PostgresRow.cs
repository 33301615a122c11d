using System.Data.Common;

namespace Cote.Data;

/// <summary>The row at which the driver's reader stands.</summary>
sealed class PostgresRow(DbDataReader reader) : Row
{
    public override bool IsDBNull(int column) => reader.IsDBNull(column);

    public override string GetString(int column) => reader.GetString(column);

    public override long GetInt64(int column) => reader.GetInt64(column);

    public override double GetDouble(int column) => reader.GetDouble(column);

    public override byte[] GetBytes(int column) => reader.GetFieldValue<byte[]>(column);

    public override int CopyBytes(int column, byte[] into) => (int)reader.GetBytes(column, 0, into, 0, into.Length);
}
