using Cote.Data;
using System.Runtime.CompilerServices;

namespace Cote;

/// <summary>
/// One statement, written as an interpolated string whose holes become parameters (<c>$1</c>, <c>$2</c>…, which both
/// engines read). A hole that is itself a <see cref="Sql"/> is inserted as text. A raw string cannot be inserted.
/// </summary>
[InterpolatedStringHandler]
public sealed class Sql
{
    string?[] _pieces; // Null where the next parameter stands.
    int _pieceCount;
    Arg[] _args;
    int _argCount;
    string? _text;

    /// <summary>Called by the compiler.</summary>
    public Sql(int literalLength, int formattedCount)
    {
        _ = literalLength; // Only the whole statement is ever a text.
        _pieces = new string?[formattedCount * 2 + 1];
        _args = formattedCount == 0 ? [] : new Arg[formattedCount];
    }

    /// <summary>A value with its kind: PostgreSQL needs the type of a null too.</summary>
    internal readonly record struct Arg(object? Value, ArgKind Kind);

    internal enum ArgKind { Text, Integer, Real, Bytes }

    /// <summary>The whole statement: the same string each time that it is made of the same pieces.</summary>
    internal string Text => _text ??= SqlTexts.Of(_pieces.AsSpan(0, _pieceCount));

    internal ArraySegment<Arg> Args => new(_args, 0, _argCount);

    /// <summary>Called by the compiler: the text between two holes.</summary>
    public void AppendLiteral(string text) => Next(ref _pieces, ref _pieceCount, 1)[0] = text;
    /// <summary>A <c>text</c>, or null.</summary>
    public void AppendFormatted(string? value) => Add(value, ArgKind.Text);
    /// <summary>A <c>bigint</c>.</summary>
    public void AppendFormatted(long value) => Add(value, ArgKind.Integer);
    /// <summary>A <c>bigint</c>, or null.</summary>
    public void AppendFormatted(long? value) => Add(value, ArgKind.Integer);
    /// <summary>A <c>double precision</c>, or null.</summary>
    public void AppendFormatted(double? value) => Add(value, ArgKind.Real);
    /// <summary>A <c>blob</c> or <c>bytea</c>, or null.</summary>
    public void AppendFormatted(byte[]? value) => Add(value, ArgKind.Bytes);
    /// <summary>A <c>bigint</c>, 0 or 1.</summary>
    public void AppendFormatted(bool value) => Add(value ? 1L : 0L, ArgKind.Integer);
    /// <summary>A <c>bigint</c>: Unix milliseconds.</summary>
    public void AppendFormatted(Timestamp value) => Add(value.Milliseconds, ArgKind.Integer);
    /// <summary>A <c>bigint</c>: Unix milliseconds, or null.</summary>
    public void AppendFormatted(Timestamp? value) => Add(value?.Milliseconds, ArgKind.Integer);

    /// <summary>Inserts a part of a statement, with its parameters.</summary>
    public void AppendFormatted(Sql part)
    {
        if (part._argCount == 0)
        {
            AppendLiteral(part.Text); // Most of these are constants of the program.
            return;
        }
        part._pieces.AsSpan(0, part._pieceCount).CopyTo(Next(ref _pieces, ref _pieceCount, part._pieceCount));
        part._args.AsSpan(0, part._argCount).CopyTo(Next(ref _args, ref _argCount, part._argCount));
    }

    /// <summary>Names of tables or columns, constants of the program; quoted, since one may be a keyword.</summary>
    internal static Sql Names(params IEnumerable<string> names)
    {
        var sql = new Sql(0, 0);
        sql.AppendLiteral(string.Join(", ", names.Select(x => $"\"{x}\"")));
        return sql;
    }

    void Add(object? value, ArgKind kind)
    {
        Next(ref _pieces, ref _pieceCount, 1)[0] = null;
        Next(ref _args, ref _argCount, 1)[0] = new(value, kind);
    }

    // Room for so many more at the end.
    static Span<T> Next<T>(ref T[] items, ref int count, int more)
    {
        var begin = count;
        count += more;
        if (count > items.Length)
            Array.Resize(ref items, Math.Max(count, items.Length * 2));
        return items.AsSpan(begin, more);
    }
}
