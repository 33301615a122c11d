using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cote;

/// <summary>A point in time as the database stores it: whole milliseconds since the Unix epoch, UTC.</summary>
/// <remarks>On the wire it is RFC 3339 with milliseconds and <c>Z</c>: <c>2026-11-22T07:10:02.315Z</c>.</remarks>
/// <param name="Milliseconds">Since 1970-01-01T00:00:00Z.</param>
[JsonConverter(typeof(TimestampConverter))]
public readonly record struct Timestamp(long Milliseconds) : IComparable<Timestamp>
{
    /// <summary>Cuts <paramref name="time"/> to whole milliseconds.</summary>
    public static Timestamp From(DateTimeOffset time) => new(time.ToUnixTimeMilliseconds());

    /// <summary>The same point in time for .NET's own types.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    /// <inheritdoc/>
    public int CompareTo(Timestamp other) => Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>RFC 3339, UTC, milliseconds.</summary>
    public override string ToString() => ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    /// <summary>A later time; a part of a millisecond is cut off.</summary>
    public static Timestamp operator +(Timestamp time, TimeSpan span) =>
        new(time.Milliseconds + (long)span.TotalMilliseconds);
    /// <summary>An earlier time; a part of a millisecond is cut off.</summary>
    public static Timestamp operator -(Timestamp time, TimeSpan span) =>
        new(time.Milliseconds - (long)span.TotalMilliseconds);
    /// <summary>Whether the left one is earlier.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.Milliseconds < right.Milliseconds;
    /// <summary>Whether the left one is later.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.Milliseconds > right.Milliseconds;
    /// <summary>Whether the left one is earlier, or both are the same.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.Milliseconds <= right.Milliseconds;
    /// <summary>Whether the left one is later, or both are the same.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.Milliseconds >= right.Milliseconds;

    internal sealed class TimestampConverter : JsonConverter<Timestamp>
    {
        public override Timestamp Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            From(reader.GetDateTimeOffset());

        public override void Write(Utf8JsonWriter writer, Timestamp value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
