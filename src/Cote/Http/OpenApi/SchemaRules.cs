using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Http;

/// <summary>What holds for every schema by the types and names of its properties.</summary>
static class SchemaRules
{
    public static void Apply(ApiDocument document)
    {
        if (document.Schemas["Timestamp"] is JsonObject timestamp)
        {
            timestamp.Clear();
            (timestamp["type"], timestamp["format"]) = ("string", "date-time");
        }
        // Generators make an empty class of a component that is a text.
        document.Inline("Timestamp");
        document.Inline("IFormFile");
        foreach (var (name, schema) in document.Schemas)
        {
            OmitNulls(schema!.AsObject(), document.Found.Omitted.GetValueOrDefault(name, []));
            foreach (var (field, property) in schema["properties"]?.AsObject() ?? [])
                Complete(field, property!.AsObject());
        }
    }

    /// <summary>The schema of an answer that has no type, by one example of it.</summary>
    public static JsonObject Of(JsonNode? example) => example switch
    {
        JsonObject parts => new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray([.. parts.Select(x => (JsonNode)x.Key)]),
            ["properties"] = new JsonObject(parts.Select(x => KeyValuePair.Create(x.Key, (JsonNode?)Of(x.Value)))),
        },
        JsonArray items => new JsonObject { ["type"] = "array", ["items"] = Of(items.FirstOrDefault()) },
        JsonValue value when value.TryGetValue<long>(out _) =>
            new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        JsonValue value => new JsonObject
        {
            ["type"] = value.GetValueKind() switch
            {
                JsonValueKind.String => "string",
                JsonValueKind.Number => "number",
                _ => "boolean",
            },
        },
        _ => [],
    };

    // A property that is left out where it is null is never null, and never required.
    static void OmitNulls(JsonObject schema, string[] omitted)
    {
        foreach (var name in omitted)
        {
            if (schema["required"] is JsonArray required
                && required.FirstOrDefault(x => (string?)x == name) is { } there)
                required.Remove(there);
            if (schema["properties"]?[name] is not JsonObject property)
                continue;
            if (property["type"] is JsonArray types && types.First(x => (string?)x != "null") is { } type)
                property["type"] = (string?)type;
            else if (property["oneOf"] is JsonArray choices && choices.First(x => x!["$ref"] is not null) is { } only)
                schema["properties"]![name] = only.DeepClone();
        }
    }

    static void Complete(string name, JsonObject property)
    {
        // "oneOf: [null, text]" is what is left of a nullable component that was put in its place.
        if (property["oneOf"] is JsonArray choices && choices.Count == 2 && (string?)choices[0]!["type"] == "null"
            && choices[1] is JsonObject only && only["type"] is JsonValue type)
        {
            property.Remove("oneOf");
            foreach (var (key, value) in only)
                property[key] = value?.DeepClone();
            property["type"] = new JsonArray(type.DeepClone(), "null");
        }
        // TypeScript's generators make a property with a default one that a request must have.
        property.Remove("default");
        if (IsText(property) && FormatOf(name) is { } format)
            property["format"] ??= format;
        else if (property["items"] is JsonObject items && IsText(items)
            && FormatOf(name.TrimEnd('s')) is { } itemFormat)
            items["format"] ??= itemFormat;
    }

    static bool IsText(JsonObject schema) => schema["type"] switch
    {
        JsonArray types => types.Any(x => (string?)x == "string"),
        var type => (string?)type == "string",
    };

    static string? FormatOf(string name) => name switch
    {
        "client_id" => null,
        "email" => "email",
        "password" or "current_password" or "client_secret" => "password",
        "id" => "uuid",
        "url" => "uri-reference",
        _ => name.EndsWith("_id", StringComparison.Ordinal) ? "uuid"
            : name.EndsWith("_url", StringComparison.Ordinal) ? "uri-reference"
            : null,
    };
}
