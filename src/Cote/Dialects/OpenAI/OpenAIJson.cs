using System.Text.Json.Serialization;

namespace Cote.Dialects.OpenAI;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OpenAIModels))]
sealed partial class OpenAIJson : JsonSerializerContext;
