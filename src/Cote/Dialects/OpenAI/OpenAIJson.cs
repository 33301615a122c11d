using System.Text.Json.Serialization;

namespace Cote.Dialects.OpenAI;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OpenAIModels))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(long))]
sealed partial class OpenAIJson : JsonSerializerContext;
