using System.Data.Common;

namespace Cote.Data;

/// <summary>One row of an answer, read by the places of its columns from 0. It is good only until the next one.</summary>
public abstract class Row
{
    /// <summary>Is there nothing?</summary>
    public abstract bool IsDBNull(int column);

    /// <summary>A <c>text</c>.</summary>
    public abstract string GetString(int column);

    /// <summary>A <c>bigint</c>.</summary>
    public abstract long GetInt64(int column);

    /// <summary>A <c>double precision</c>.</summary>
    public abstract double GetDouble(int column);

    /// <summary>A <c>blob</c> or <c>bytea</c>.</summary>
    public abstract byte[] GetBytes(int column);

    /// <summary>The same into a buffer, as much as fits; how much came.</summary>
    public abstract int CopyBytes(int column, byte[] into);

    /// <summary>A <c>text</c>, or null.</summary>
    public string? GetText(int column) => IsDBNull(column) ? null : GetString(column);
}

/// <summary>The row that a reader of the driver stands at.</summary>
sealed class DataReaderRow(DbDataReader reader) : Row
{
    public override bool IsDBNull(int column) => reader.IsDBNull(column);

    public override string GetString(int column) => reader.GetString(column);

    public override long GetInt64(int column) => reader.GetInt64(column);

    public override double GetDouble(int column) => reader.GetDouble(column);

    public override byte[] GetBytes(int column) => reader.GetFieldValue<byte[]>(column);

    public override int CopyBytes(int column, byte[] into) => (int)reader.GetBytes(column, 0, into, 0, into.Length);
}
