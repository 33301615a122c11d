using System.Security.Cryptography;
using System.Text.Json;

namespace Cote.Chats;

/// <summary>What was sent under an id, after defaults, in a form short enough to keep.</summary>
static class Fingerprint
{
    public static string Of(Action<Utf8JsonWriter> fields) =>
        Convert.ToHexStringLower(SHA256.HashData(ApiResults.Write(json =>
    {
        json.WriteStartObject();
        fields(json);
        json.WriteEndObject();
    })).AsSpan(0, 16));
}
