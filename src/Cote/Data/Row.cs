namespace Cote;

/// <summary>One row of a result, read by column number from 0. It is valid only until the next row is read.</summary>
public abstract class Row
{
    /// <summary>Whether the column is null.</summary>
    public abstract bool IsDBNull(int column);

    /// <summary>A <c>text</c>.</summary>
    public abstract string GetString(int column);

    /// <summary>A <c>bigint</c>.</summary>
    public abstract long GetInt64(int column);

    /// <summary>A <c>double precision</c>.</summary>
    public abstract double GetDouble(int column);

    /// <summary>A <c>blob</c> or <c>bytea</c>.</summary>
    public abstract byte[] GetBytes(int column);

    /// <summary>
    /// Copies a <c>blob</c> or <c>bytea</c> into a buffer, as much as fits; the number of bytes copied.
    /// </summary>
    public abstract int CopyBytes(int column, byte[] into);

    /// <summary>A <c>text</c>, or null.</summary>
    public string? GetStringOrNull(int column) => IsDBNull(column) ? null : GetString(column);

    /// <summary>A <c>bigint</c>, or null.</summary>
    public long? GetInt64OrNull(int column) => IsDBNull(column) ? null : GetInt64(column);

    /// <summary>A <c>double precision</c>, or null.</summary>
    public double? GetDoubleOrNull(int column) => IsDBNull(column) ? null : GetDouble(column);
}
