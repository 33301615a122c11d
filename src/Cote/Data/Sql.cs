using System.Runtime.CompilerServices;
using System.Text;

namespace Cote;

/// <summary>
/// One statement, written as an interpolated string whose holes become parameters (<c>$1</c>, <c>$2</c>…, which both
/// engines read). A hole that is itself a <see cref="Sql"/> is inserted as text. A raw string cannot be inserted.
/// </summary>
[InterpolatedStringHandler]
public sealed class Sql
{
    readonly StringBuilder _text;
    readonly List<Arg> _args;
    string? _built;

    /// <summary>Called by the compiler.</summary>
    public Sql(int literalLength, int formattedCount)
    {
        _text = new(literalLength + formattedCount * 3);
        _args = new(formattedCount);
    }

    /// <summary>A value with its kind: PostgreSQL needs the type of a null too.</summary>
    /// <param name="At">The place of its hole in the text; a <c>$</c> anywhere else is text.</param>
    /// <param name="Width">The length of the hole.</param>
    internal readonly record struct Arg(object? Value, ArgKind Kind, int At, int Width);

    internal enum ArgKind { Text, Integer, Real, Bytes }

    internal string Text => _built ??= _text.ToString();

    internal IReadOnlyList<Arg> Args => _args;

    /// <summary>Called by the compiler: the text between two holes.</summary>
    public void AppendLiteral(string text) => _text.Append(text);
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
        var text = part.Text.AsSpan();
        var done = 0;
        foreach (var arg in part._args)
        {
            _text.Append(text[done..arg.At]);
            Add(arg.Value, arg.Kind);
            done = arg.At + arg.Width;
        }
        _text.Append(text[done..]);
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
        var at = _text.Length;
        _text.Append('$').Append(_args.Count + 1);
        _args.Add(new(value, kind, at, _text.Length - at));
    }
}
