using System.Runtime.CompilerServices;
using System.Text;

namespace Cote.Data;

/// <summary>
/// One statement. It is written as an interpolated string whose holes become parameters (<c>$1</c>, <c>$2</c>…, which
/// both engines read); a hole that is itself a <see cref="Sql"/> is put in as text. There is no way in for a raw string.
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

    /// <summary>A value, with its kind: a null must still tell PostgreSQL of what type it is.</summary>
    internal readonly record struct Arg(object? Value, ArgKind Kind);

    internal enum ArgKind { Text, Integer, Real, Bytes }

    internal string Text => _built ??= _text.ToString();

    internal IReadOnlyList<Arg> Args => _args;

#pragma warning disable CS1591 // called by the compiler
    public void AppendLiteral(string text) => _text.Append(text);
    public void AppendFormatted(string? value) => Add(value, ArgKind.Text);
    public void AppendFormatted(long value) => Add(value, ArgKind.Integer);
    public void AppendFormatted(long? value) => Add(value, ArgKind.Integer);
    public void AppendFormatted(double? value) => Add(value, ArgKind.Real);
    public void AppendFormatted(byte[]? value) => Add(value, ArgKind.Bytes);
    public void AppendFormatted(bool value) => Add(value ? 1L : 0L, ArgKind.Integer);
    public void AppendFormatted(Primitives.Timestamp value) => Add(value.Milliseconds, ArgKind.Integer);
    public void AppendFormatted(Primitives.Timestamp? value) => Add(value?.Milliseconds, ArgKind.Integer);
#pragma warning restore CS1591

    /// <summary>A piece of SQL inside another.</summary>
    public void AppendFormatted(Sql part)
    {
        var text = part.Text.AsSpan();
        for (var next = 0; text.Length > 0;)
        {
            var hole = text.IndexOf('$');
            if (hole < 0)
            {
                _text.Append(text);
                break;
            }
            _text.Append(text[..hole]);
            var arg = part._args[next++];
            Add(arg.Value, arg.Kind);
            text = text[(hole + 1 + Digits(next))..];
        }
    }

    void Add(object? value, ArgKind kind)
    {
        _args.Add(new(value, kind));
        _text.Append('$').Append(_args.Count);
    }

    static int Digits(int number) => number < 10 ? 1 : number < 100 ? 2 : 3;
}
