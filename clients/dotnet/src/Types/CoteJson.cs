using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Cote.Client;

/// <summary>Reads and writes the server's JSON without reflection, so that trimming and AOT work.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimestampConverter)])]
[JsonSerializable(typeof(Chat))]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(Frame))]
[JsonSerializable(typeof(SyncAnswer))]
[JsonSerializable(typeof(PollAnswer))]
[JsonSerializable(typeof(Snapshot))]
[JsonSerializable(typeof(Delta))]
[JsonSerializable(typeof(PartChange))]
[JsonSerializable(typeof(Change))]
[JsonSerializable(typeof(Ready))]
[JsonSerializable(typeof(Tokens))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(StoredState))]
[JsonSerializable(typeof(IReadOnlyList<Message>))]
[JsonSerializable(typeof(IReadOnlyList<Chat>))]
[JsonSerializable(typeof(IReadOnlyList<Errand>))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
sealed partial class CoteJson : JsonSerializerContext;

/// <summary>Times as the server writes them: UTC with milliseconds and <c>Z</c>.</summary>
sealed class TimestampConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(
            value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
