using System.Runtime.CompilerServices;

namespace Cote;

/// <summary>
/// One statement, written as an interpolated string whose holes become parameters (<c>$1</c>, <c>$2</c>…, which both
/// engines read). A hole that is itself a <see cref="Sql"/> is inserted as text. A raw string cannot be inserted.
/// </summary>
[InterpolatedStringHandler]
public sealed class Sql
{
    readonly List<string?> _texts; // Null where the next parameter stands.
    readonly List<Arg> _args;
    string? _built;

    /// <summary>Called by the compiler.</summary>
    public Sql(int literalLength, int formattedCount)
    {
        _ = literalLength; // Only the whole statement is ever a text.
        _texts = new(formattedCount * 2 + 1);
        _args = new(formattedCount);
    }

    /// <summary>A value with its kind: PostgreSQL needs the type of a null too.</summary>
    internal readonly record struct Arg(object? Value, ArgKind Kind);

    internal enum ArgKind { Text, Integer, Real, Bytes }

    internal string Text => _built ??= Build();

    internal IReadOnlyList<Arg> Args => _args;

    /// <summary>Called by the compiler: the text between two holes.</summary>
    public void AppendLiteral(string text) => _texts.Add(text);
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
        if (part._args.Count == 0)
        {
            _texts.Add(part.Text); // Most of these are constants of the program, whose text is made once.
            return;
        }
        _texts.AddRange(part._texts);
        _args.AddRange(part._args);
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
        _texts.Add(null);
        _args.Add(new(value, kind));
    }

    string Build()
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, null, stackalloc char[1_024]);
        var arg = 0;
        foreach (var part in _texts)
            if (part is not null)
                text.AppendLiteral(part);
            else
            {
                text.AppendLiteral("$");
                text.AppendFormatted(++arg);
            }
        return text.ToStringAndClear();
    }
}
