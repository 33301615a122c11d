using System.Buffers.Binary;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Graphics;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;
using UglyToad.PdfPig.XObjects;

namespace Cote.Media.Reading;

/// <summary>
/// The pictures of a PDF as files. One that is packed as a file would be is taken as it stands, and is not unpacked.
/// </summary>
static class PdfPictures
{
    const long MostPixels = 20_000_000;

    /// <summary>Null where it cannot be had.</summary>
    public static byte[]? Read(
        object? picture, IPdfTokenScanner scanner, ILookupFilterProvider filters, IResourceStore resources)
    {
        try
        {
            return picture switch
            {
                XObjectContentRecord record => Packed(record.Stream, scanner, filters)
                    ?? Png(XObjectFactory.ReadImage(record, scanner, filters, resources)),
                InlineImage image => Png(image),
                _ => null,
            };
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return null;
        }
    }

    static byte[]? Png(IPdfImage image) =>
        image.WidthInSamples > 0 && image.HeightInSamples > 0
        && image.WidthInSamples * (long)image.HeightInSamples <= MostPixels
        && image.TryGetPng(out var png) ? png : null;

    // The filters are undone up to the one that makes a picture.
    static byte[]? Packed(StreamToken stream, IPdfTokenScanner scanner, ILookupFilterProvider filters)
    {
        var names = PdfTokens.Filters(stream.StreamDictionary, scanner);
        var undo = filters.GetFilters(stream.StreamDictionary, scanner);
        var bytes = stream.Data;
        for (var i = 0; i < names.Count && i < undo.Count; i++)
        {
            var isLast = i == names.Count - 1;
            switch (names[i])
            {
                case "DCTDecode" or "DCT" or "JPXDecode" when isLast:
                    return bytes.ToArray();
                case "CCITTFaxDecode" or "CCF" when isLast:
                    return Fax(bytes.Span, stream.StreamDictionary, scanner);
                case "DCTDecode" or "DCT" or "JPXDecode" or "CCITTFaxDecode" or "CCF" or "JBIG2Decode":
                    return null;
            }
            if (names.Count == 1)
                return null;
            bytes = undo[i].Decode(bytes, stream.StreamDictionary, filters, i);
        }
        return null;
    }

    // A fax as TIFF has the same bits in one strip, whose ends of lines need not stand at bytes.
    static byte[]? Fax(ReadOnlySpan<byte> bits, DictionaryToken dictionary, IPdfTokenScanner scanner)
    {
        var parameters = PdfTokens.Parameters(dictionary, scanner);
        var kind = PdfTokens.Int(parameters, NameToken.K, scanner) ?? 0;
        var width = PdfTokens.Int(parameters, NameToken.Columns, scanner) ?? 1_728;
        var height = PdfTokens.Int(dictionary, NameToken.Height, scanner)
            ?? PdfTokens.Int(parameters, NameToken.Rows, scanner) ?? 0;
        if (width is < 1 or > 100_000 || height is < 1 or > 100_000
            || PdfTokens.IsTrue(parameters, NameToken.EncodedByteAlign, scanner))
            return null;
        // White is 0 in a fax; a Decode array or the parameters may turn it round.
        var isTurned = PdfTokens.IsTrue(parameters, NameToken.BlackIs1, scanner)
            ^ (PdfTokens.Get<ArrayToken>(dictionary, NameToken.Decode, scanner)?.Data is
                [NumericToken { Double: 1 }, ..]);
        return Tiff([
            (256, (uint)width), (257, (uint)height), (258, 1), (259, kind < 0 ? 4u : 3u), (262, isTurned ? 1u : 0u),
            (273, 0), (277, 1), (278, (uint)height), (279, (uint)bits.Length), (292, kind > 0 ? 1u : 0u)], bits);
    }

    static byte[] Tiff((ushort Tag, uint Value)[] tags, ReadOnlySpan<byte> strip)
    {
        const int Header = 8, Entry = 12, StripOffsets = 273, Long = 4;
        var start = Header + 2 + tags.Length * Entry + 4;
        var file = new byte[start + strip.Length];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), Header);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(Header), (ushort)tags.Length);
        for (var i = 0; i < tags.Length; i++)
        {
            var entry = file.AsSpan(Header + 2 + i * Entry);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, tags[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], Long);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(
                entry[8..], tags[i].Tag == StripOffsets ? (uint)start : tags[i].Value);
        }
        strip.CopyTo(file.AsSpan(start));
        return file;
    }
}
