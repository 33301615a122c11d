using System.IO.Compression;
using System.Runtime.InteropServices;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Tokens;

namespace Cote.Media.Reading;

/// <summary>
/// The filters of PDF streams within bounds: the library unpacks a stream to whatever it grows to. One that may grow
/// past its bound is measured before anything of it is kept.
/// </summary>
sealed class PdfFilters : BaseFilterProvider
{
    const long OfPage = 256 * 1_048_576;
    const long OfPicture = 128 * 1_048_576;
    const long OfFont = 48 * 1_048_576;
    const long OfContent = 16 * 1_048_576;
    const int HighestRatio = 1_400;

    static readonly NameToken[] Names =
    [
        NameToken.Ascii85Decode, NameToken.Ascii85DecodeAbbreviation, NameToken.AsciiHexDecode,
        NameToken.AsciiHexDecodeAbbreviation, NameToken.CcittfaxDecode, NameToken.CcittfaxDecodeAbbreviation,
        NameToken.DctDecode, NameToken.DctDecodeAbbreviation, NameToken.FlateDecode, NameToken.FlateDecodeAbbreviation,
        NameToken.Jbig2Decode, NameToken.JpxDecode, NameToken.RunLengthDecode, NameToken.RunLengthDecodeAbbreviation,
        NameToken.LzwDecode, NameToken.LzwDecodeAbbreviation,
    ];

    readonly Budget _budget;

    public PdfFilters() : this(new Budget())
    {
    }

    PdfFilters(Budget budget) : base(Names.DistinctBy(x => x.Data).ToDictionary(x => x.Data,
        x => (IFilter)new BoundedFilter(DefaultFilterProvider.Instance.GetNamedFilters([x])[0], budget),
        StringComparer.Ordinal)) => _budget = budget;

    /// <summary>Begins to count what the streams of a page unpack to.</summary>
    public void StartPage() => _budget.Left = OfPage;

    sealed class Budget
    {
        public long Left { get; set; } = OfPage;
    }

    sealed class BoundedFilter(IFilter inner, Budget budget) : IFilter
    {
        public bool IsSupported => inner.IsSupported;

        public Memory<byte> Decode(
            Memory<byte> input, DictionaryToken streamDictionary, IFilterProvider filterProvider, int filterIndex)
        {
            var most = Math.Min(MostOf(streamDictionary), budget.Left);
            var measured = input.Length * (long)HighestRatio > most || inner is CcittFaxDecodeFilter
                ? Measure(input, streamDictionary, most) : 0;
            if (Math.Max(input.Length, measured) > most)
                throw new UnreadableException(UnreadableException.TooLarge);
            var output = inner.Decode(input, streamDictionary, filterProvider, filterIndex);
            budget.Left -= output.Length;
            return output;
        }

        // A content stream says nothing of itself but its length, and each of its bytes may become an object.
        static long MostOf(DictionaryToken stream) =>
            stream.ContainsKey(NameToken.Width) || stream.ContainsKey(NameToken.W) ? OfPicture
            : stream.ContainsKey(NameToken.Type) || stream.ContainsKey(NameToken.Length1) ? OfFont
            : OfContent;

        long Measure(Memory<byte> input, DictionaryToken dictionary, long most) => inner switch
        {
            FlateFilter => MeasureFlate(input, most),
            LzwFilter => MeasureLzw(input.Span),
            RunLengthFilter => input.Length * 64L,
            CcittFaxDecodeFilter => MeasureFax(dictionary),
            _ => input.Length,
        };

        static long MeasureFlate(Memory<byte> input, long most)
        {
            if (input.Length < 2 || !MemoryMarshal.TryGetArray<byte>(input, out var bytes))
                return 0;
            using var packed = new MemoryStream(bytes.Array!, bytes.Offset + 2, bytes.Count - 2, writable: false);
            using var unpacked = new DeflateStream(packed, CompressionMode.Decompress);
            var buffer = new byte[64 * 1_024];
            long length = 0;
            try
            {
                while (length <= most && unpacked.Read(buffer) is > 0 and var read)
                    length += read;
            }
            catch (InvalidDataException)
            {
                // The library takes what comes before the damage, too.
            }
            return length;
        }

        // A code stands for a text of the table, which gets with each code a text that is longer by one.
        static long MeasureLzw(ReadOnlySpan<byte> input)
        {
            const int Clear = 256, End = 257, Most = 4_096;
            Span<int> lengths = stackalloc int[Most + 1];
            int count = End + 1, width = 9, previous = 0, bits = 0, held = 0;
            long length = 0;
            foreach (var part in input)
            {
                (held, bits) = (((held << 8) | part) & 0xFF_FFFF, bits + 8);
                if (bits < width)
                    continue;
                var code = (held >> (bits -= width)) & ((1 << width) - 1);
                if (code == End)
                    break;
                if (code == Clear)
                {
                    (count, width, previous) = (End + 1, 9, 0);
                    continue;
                }
                var text = code < Clear ? 1 : code < count ? lengths[code] : previous + 1;
                if (previous > 0 && count < Most)
                    lengths[count++] = previous + 1;
                length += previous = text;
                width = count >= 2_047 ? 12 : count >= 1_023 ? 11 : count >= 511 ? 10 : 9;
            }
            return length;
        }

        static long MeasureFax(DictionaryToken dictionary)
        {
            var parameters = PdfTokens.Parameters(dictionary);
            var columns = PdfTokens.Int(parameters, NameToken.Columns) ?? 1_728;
            var rows = Math.Max(PdfTokens.Int(parameters, NameToken.Rows) ?? 0,
                PdfTokens.Int(dictionary, NameToken.Height) ?? PdfTokens.Int(dictionary, NameToken.H) ?? 0);
            return columns is < 0 or > int.MaxValue || rows is < 0 or > int.MaxValue ? long.MaxValue
                : (columns + 7) / 8 * rows;
        }
    }
}
