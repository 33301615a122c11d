using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cote.Admin;

/// <summary>A column of a table, and the kind of its values on both engines.</summary>
readonly record struct Column(string Name, Sql.ArgKind Kind);

/// <summary>
/// A table that is copied from one engine to another in the order of its primary key, which is the same on both, since
/// texts are compared by their bytes.
/// </summary>
/// <param name="name">A constant of the program, as are the names of the key.</param>
/// <param name="condition">The condition on the rows that are copied, where not all are.</param>
/// <param name="isSeeded">Migrations may fill it, so that a new database has rows of it.</param>
sealed class CopyTable(string name, IReadOnlyList<string> key, Sql? condition = null, bool isSeeded = false)
{
    const long MostRows = 2_000;
    const long MostBytes = 8 << 20;

    public string Name => name;

    public IReadOnlyList<string> Key => key;

    /// <summary>Whether a new database may have rows of it. The copy replaces them.</summary>
    public bool IsSeeded => isSeeded;

    /// <summary>The condition on the rows that are copied.</summary>
    public Sql Condition { get; } = condition ?? $"true";

    /// <summary>
    /// The columns as the embedded database lists them, so that one that a migration adds is copied too.
    /// </summary>
    public Task<IReadOnlyList<Column>> ColumnsAsync(Database embedded, CancellationToken ct) =>
        embedded.ListAsync(Columns, ReadColumn, ct);

    /// <summary>Selects them.</summary>
    public Sql Columns => $"select name, lower(type) from pragma_table_info({name}) order by cid";

    /// <summary>Reads one of them.</summary>
    public static Column ReadColumn(Row row) => new(row.GetString(0), KindOf(row.GetString(1)));

    public Task<long> CountAsync(Database db, CancellationToken ct) =>
        db.FirstAsync($"select count(*) from {Sql.Names(name)} where {Condition}", row => row.GetInt64(0), ct);

    /// <summary>The page of rows after a key, bounded in rows and in bytes. Empty after the last.</summary>
    public Task<IReadOnlyList<object?[]>> PageAsync(
        Database db, IReadOnlyList<Column> columns, IReadOnlyList<object?>? after, CancellationToken ct)
    {
        Sql where = Condition;
        if (after is not null)
            where = $"({Condition}) and ({Sql.Names(key)}) > ({Values(after)})";
        var bytes = 0L;
        return db.ListAsync(
            $"""
            select {Sql.Names(columns.Select(x => x.Name))} from {Sql.Names(name)}
            where {where} order by {Sql.Names(key)} limit {MostRows}
            """,
            row => Read(row, columns), ct, row => (bytes += row.Sum(SizeOf)) > MostBytes);
    }

    /// <summary>The key of a row.</summary>
    public IReadOnlyList<object?> KeyOf(IReadOnlyList<Column> columns, object?[] row) =>
        [.. key.Select(x => row[columns.Select(y => y.Name).ToList().IndexOf(x)])];

    /// <summary>The number of rows, and a hash of all their values.</summary>
    public async Task<(long Rows, string Hash)> DigestAsync(
        Database db, IReadOnlyList<Column> columns, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new ArrayBufferWriter<byte>();
        var rows = 0L;
        IReadOnlyList<object?>? after = null;
        while (await PageAsync(db, columns, after, ct) is { Count: > 0 } page)
        {
            foreach (var row in page)
            {
                buffer.ResetWrittenCount();
                foreach (var value in row)
                    Encode(buffer, value);
                hash.AppendData(buffer.WrittenSpan);
            }
            rows += page.Count;
            after = KeyOf(columns, page[^1]);
        }
        return (rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Values as a list of parameters.</summary>
    public static Sql Values(IReadOnlyList<object?> values)
    {
        var sql = new Sql(0, values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
                sql.AppendLiteral(", ");
            switch (values[i])
            {
                case long number:
                    sql.AppendFormatted(number);
                    break;
                case double number:
                    sql.AppendFormatted((double?)number);
                    break;
                case byte[] bytes:
                    sql.AppendFormatted(bytes);
                    break;
                default:
                    sql.AppendFormatted((string?)values[i]);
                    break;
            }
        }
        return sql;
    }

    static object?[] Read(Row row, IReadOnlyList<Column> columns)
    {
        var values = new object?[columns.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = row.IsDBNull(i) ? null : columns[i].Kind switch
            {
                Sql.ArgKind.Integer => row.GetInt64(i),
                Sql.ArgKind.Real => row.GetDouble(i),
                Sql.ArgKind.Bytes => row.GetBytes(i),
                _ => row.GetString(i),
            };
        return values;
    }

    static long SizeOf(object? value) => value switch
    {
        string text => text.Length * 2,
        byte[] bytes => bytes.Length,
        _ => 8,
    };

    // Kind, length, bytes: two rows that differ have different encodings.
    static void Encode(ArrayBufferWriter<byte> to, object? value)
    {
        switch (value)
        {
            case null:
                Head(to, 0, 0);
                break;
            case string text:
                var length = Encoding.UTF8.GetByteCount(text);
                Head(to, 1, length);
                to.Advance(Encoding.UTF8.GetBytes(text, to.GetSpan(length)));
                break;
            case long number:
                Head(to, 2, sizeof(long));
                BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(sizeof(long)), number);
                to.Advance(sizeof(long));
                break;
            case double number:
                Head(to, 3, sizeof(double));
                BinaryPrimitives.WriteDoubleLittleEndian(to.GetSpan(sizeof(double)), number);
                to.Advance(sizeof(double));
                break;
            default:
                Head(to, 4, ((byte[])value).Length);
                to.Write((byte[])value);
                break;
        }
    }

    static void Head(ArrayBufferWriter<byte> to, byte kind, int length)
    {
        var span = to.GetSpan(5);
        span[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(span[1..], length);
        to.Advance(5);
    }

    public static Sql.ArgKind KindOf(string type) => type switch
    {
        "bigint" => Sql.ArgKind.Integer,
        "double precision" => Sql.ArgKind.Real,
        "blob" or "bytea" => Sql.ArgKind.Bytes,
        "text" => Sql.ArgKind.Text,
        _ => throw new NotSupportedException($"A column of the type {type} cannot be copied between the engines yet."),
    };
}
