using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Cote.Testing;

/// <summary>Reads the spans of an <c>ExportTraceServiceRequest</c>, as its .proto numbers the fields.</summary>
static class OtlpSpans
{
    public static IEnumerable<SpanSeen> Read(ReadOnlyMemory<byte> request) =>
        from resourceSpans in Fields(request).Where(x => x.Number == 1)
        let parts = Fields(resourceSpans.Bytes).ToList()
        let resource = parts.Where(x => x.Number == 1).Select(x => AttributesIn(x.Bytes, 1)).FirstOrDefault()
        from scopeSpans in parts.Where(x => x.Number == 2)
        let scoped = Fields(scopeSpans.Bytes).ToList()
        let scope = scoped.Where(x => x.Number == 1).SelectMany(x => Fields(x.Bytes)).FirstOrDefault(x => x.Number == 1)
        from span in scoped.Where(x => x.Number == 2)
        select SpanOf(
            span.Bytes, resource?.GetValueOrDefault("service.instance.id") ?? "", Encoding.UTF8.GetString(
                scope.Bytes.Span));

    static SpanSeen SpanOf(ReadOnlyMemory<byte> bytes, string service, string scope)
    {
        var fields = Fields(bytes).ToList();
        string hex(IEnumerable<Field> of, int number) =>
            Convert.ToHexStringLower(of.FirstOrDefault(x => x.Number == number).Bytes.Span);
        return new(
            service, scope, hex(fields, 1), hex(fields, 2), hex(fields, 4),
            Encoding.UTF8.GetString(fields.Single(x => x.Number == 5).Bytes.Span),
            (int)fields.Where(x => x.Number == 15).SelectMany(x => Fields(x.Bytes))
                .FirstOrDefault(x => x.Number == 3).Value,
            AttributesIn(bytes, 9),
            [.. fields.Where(x => x.Number == 13).Select(x => Fields(x.Bytes).ToList())
                .Select(x => (hex(x, 1), hex(x, 2)))]);
    }

    static Dictionary<string, string> AttributesIn(ReadOnlyMemory<byte> message, int number)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var attribute in Fields(message).Where(x => x.Number == number))
        {
            var (key, value) = ("", "");
            foreach (var field in Fields(attribute.Bytes))
                if (field.Number == 1)
                    key = Encoding.UTF8.GetString(field.Bytes.Span);
                else if (field.Number == 2)
                    value = ValueOf(field.Bytes);
            attributes[key] = value;
        }
        return attributes;
    }

    // An AnyValue as a text; the items of an array are joined.
    static string ValueOf(ReadOnlyMemory<byte> bytes)
    {
        foreach (var field in Fields(bytes))
            return field.Number switch
            {
                1 => Encoding.UTF8.GetString(field.Bytes.Span),
                2 => field.Value == 1 ? "true" : "false",
                4 => BitConverter.UInt64BitsToDouble(field.Value).ToString(CultureInfo.InvariantCulture),
                5 => string.Join(',', Fields(field.Bytes).Select(x => ValueOf(x.Bytes))),
                _ => ((long)field.Value).ToString(CultureInfo.InvariantCulture),
            };
        return "";
    }

    readonly record struct Field(int Number, ulong Value, ReadOnlyMemory<byte> Bytes);

    static IEnumerable<Field> Fields(ReadOnlyMemory<byte> message)
    {
        for (var rest = message; rest.Length > 0;)
        {
            var tag = Varint(ref rest);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    yield return new(number, Varint(ref rest), default);
                    break;
                case 1:
                    yield return new(number, BinaryPrimitives.ReadUInt64LittleEndian(rest.Span), default);
                    rest = rest[8..];
                    break;
                case 2:
                    var length = (int)Varint(ref rest);
                    yield return new(number, 0, rest[..length]);
                    rest = rest[length..];
                    break;
                case 5:
                    yield return new(number, BinaryPrimitives.ReadUInt32LittleEndian(rest.Span), default);
                    rest = rest[4..];
                    break;
                default:
                    throw new FormatException($"There is no wire type {tag & 7}.");
            }
        }
    }

    static ulong Varint(ref ReadOnlyMemory<byte> rest)
    {
        ulong value = 0;
        for (var (i, shift) = (0, 0); ; i++, shift += 7)
        {
            value |= (ulong)(rest.Span[i] & 0x7f) << shift;
            if (rest.Span[i] >= 0x80)
                continue;
            rest = rest[(i + 1)..];
            return value;
        }
    }
}
