using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Cote.Data;

/// <summary>
/// The texts of statements. The program has some hundred, and each is made once: what a statement is made of, mostly
/// constants, leads to its text without writing it anew, and an engine knows a statement again by the string itself.
/// </summary>
static class SqlTexts
{
    // Statements that are composed without end would show here as memory.
    const int Most = 4_096;

    static readonly ConcurrentDictionary<string?[], string> Known = new(new SamePieces());
    static readonly ConcurrentDictionary<string?[], string>.AlternateLookup<ReadOnlySpan<string?>> ByPieces =
        Known.GetAlternateLookup<ReadOnlySpan<string?>>();

    /// <summary>Those that were made, and not forgotten.</summary>
    public static ICollection<string> All => Known.Values;

    /// <summary>The text of pieces, where null stands for the next parameter.</summary>
    public static string Of(ReadOnlySpan<string?> pieces)
    {
        if (ByPieces.TryGetValue(pieces, out var known))
            return known;
        if (Known.Count >= Most)
            Known.Clear();
        return Known.GetOrAdd(pieces.ToArray(), Write(pieces));
    }

    static string Write(ReadOnlySpan<string?> pieces)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, null, stackalloc char[1_024]);
        var parameter = 0;
        foreach (var piece in pieces)
            if (piece is not null)
                text.AppendLiteral(piece);
            else
            {
                text.AppendLiteral("$");
                text.AppendFormatted(++parameter);
            }
        return text.ToStringAndClear();
    }

    // Pieces are mostly the same objects: to compare them costs no look at their letters, and to hash them one at each.
    sealed class SamePieces
        : IEqualityComparer<string?[]>, IAlternateEqualityComparer<ReadOnlySpan<string?>, string?[]>
    {
        public bool Equals(string?[]? x, string?[]? y) => Equals(x.AsSpan(), y!);

        public int GetHashCode(string?[] obj) => GetHashCode(obj.AsSpan());

        public string?[] Create(ReadOnlySpan<string?> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<string?> alternate, string?[] other)
        {
            if (alternate.Length != other.Length)
                return false;
            for (var i = 0; i < other.Length; i++)
                if (!ReferenceEquals(alternate[i], other[i]) && !string.Equals(alternate[i], other[i]))
                    return false;
            return true;
        }

        public int GetHashCode(ReadOnlySpan<string?> alternate)
        {
            var hash = 17u;
            foreach (var piece in alternate)
                hash = hash * 31 + (piece is null ? 1u
                    : piece.Length == 0 ? 2u : (uint)piece.Length * 131 + piece[piece.Length / 2]);
            return (int)hash;
        }
    }
}
