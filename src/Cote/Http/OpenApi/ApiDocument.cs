using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Http;

/// <summary>
/// What a room says of its routes and shapes beyond their types: limits, choices, examples, refusals. Added as a
/// service, run when the OpenAPI document is first asked for.
/// </summary>
sealed record ApiPart(Action<ApiDocument> Describe);

/// <summary>The OpenAPI document while it is completed, as JSON.</summary>
sealed class ApiDocument(JsonObject root, Findings found, IServiceProvider services)
{
    const string SchemaPrefix = "#/components/schemas/";

    public JsonObject Root => root;

    public Findings Found => found;

    public JsonObject Schemas => root.Part("components").Part("schemas");

    /// <summary>Every operation with its path and method.</summary>
    public IEnumerable<ApiOperation> Operations =>
        from path in root.Part("paths").ToList()
        from operation in path.Value!.AsObject().ToList()
        select new ApiOperation(this, path.Key, operation.Key, operation.Value!.AsObject());

    /// <summary>An option or another service, for limits that are configured.</summary>
    public T Get<T>() where T : notnull => services.GetRequiredService<T>();

    /// <summary>The operation of a verb: <c>Operation(nameof(SendMessage))</c>.</summary>
    public ApiOperation Operation(string id) => Operations.FirstOrDefault(x => x.Id == id)
        ?? throw new InvalidOperationException($"The OpenAPI document has no operation {id}.");

    /// <summary>The schema of a type that a route takes or answers.</summary>
    public ApiSchema Schema<T>() => Schema(typeof(T).Name);

    /// <summary>A schema by its name; made where it is new.</summary>
    public ApiSchema Schema(string name) => new(Schemas.Part(name));

    public static JsonObject Ref(string schema) => new() { ["$ref"] = SchemaPrefix + schema };

    public static JsonObject Ref<T>() => Ref(typeof(T).Name);

    /// <summary>Puts a schema in the place of every reference to it, and takes it away.</summary>
    public void Inline(string name)
    {
        if (Schemas[name] is not JsonObject schema)
            return;
        Schemas.Remove(name);
        Walk(root);

        void Walk(JsonNode? node)
        {
            if (node is JsonObject known && (string?)known["$ref"] == SchemaPrefix + name)
            {
                known.Remove("$ref");
                foreach (var (key, value) in schema)
                    known[key] = value?.DeepClone();
            }
            foreach (var child in node switch
            {
                JsonObject x => x.Select(y => y.Value).ToList(),
                JsonArray x => [.. x],
                _ => [],
            })
                Walk(child);
        }
    }
}

/// <summary>A schema while it is completed. Every method answers the schema itself.</summary>
sealed class ApiSchema(JsonObject schema)
{
    public JsonObject Json => schema;

    public ApiSchema Note(string description) => Set(schema, "description", description);

    /// <summary>Says what a property means.</summary>
    public ApiSchema Note(string name, string description) => Set(Property(name), "description", description);

    /// <summary>Bounds the length of a text, in UTF-16 units, as the checks count them.</summary>
    public ApiSchema Length(string name, int min, int max)
    {
        if (min > 0)
            Set(Property(name), "minLength", min);
        return Set(Property(name), "maxLength", max);
    }

    /// <summary>Bounds a number.</summary>
    public ApiSchema Range(string name, double min, double max)
    {
        Set(Property(name), "minimum", Number(min));
        return Set(Property(name), "maximum", Number(max));
    }

    /// <summary>Bounds the length of an array and of its texts.</summary>
    public ApiSchema Items(string name, int most, int longest)
    {
        Set(Property(name), "maxItems", most);
        return Set(Property(name).Part("items"), "maxLength", longest);
    }

    /// <summary>Lists all values of a text.</summary>
    public ApiSchema OneOf(string name, params ReadOnlySpan<string> values)
    {
        var property = Property(name);
        var list = new JsonArray([.. values.ToArray().Select(x => (JsonNode)x)]);
        if (property["type"] is JsonArray)
            list.Add(null);
        return Set(property, "enum", list);
    }

    public ApiSchema Pattern(string name, string pattern) => Set(Property(name), "pattern", pattern);

    /// <summary>Sets the format of a text; null takes away one that its name suggested.</summary>
    public ApiSchema Format(string name, string? format)
    {
        if (format is not null)
            return Set(Property(name), "format", format);
        Property(name).Remove("format");
        return this;
    }

    public ApiSchema Required(params string[] names) =>
        Set(schema, "required", new JsonArray([.. names.Select(x => (JsonNode)x)]));

    /// <summary>A whole example, as JSON. Of a request: one that is accepted as it stands.</summary>
    public ApiSchema Example(string json) => Set(schema, "examples", new JsonArray(JsonNode.Parse(json)));

    public ApiSchema Property(string name, JsonObject property)
    {
        schema.Part("properties")[name] = property;
        return this;
    }

    JsonObject Property(string name) => schema["properties"]?[name]?.AsObject()
        ?? throw new InvalidOperationException($"The schema has no property {name}: {schema.ToJsonString()}");

    static JsonNode Number(double value) => double.IsInteger(value) ? (long)value : value;

    ApiSchema Set(JsonObject place, string name, JsonNode value)
    {
        place[name] = value;
        return this;
    }
}

static class JsonParts
{
    /// <summary>The object of that name; made where there is none.</summary>
    public static JsonObject Part(this JsonObject json, string name)
    {
        if (json[name] is JsonObject there)
            return there;
        var made = new JsonObject();
        json[name] = made;
        return made;
    }
}
