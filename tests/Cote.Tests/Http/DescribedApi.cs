using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cote.Tests.Harness;

namespace Cote.Tests.Http;

/// <summary>
/// <c>openapi.json</c> as a judge: an answer must have a status, headers and a body that the document declares for its
/// route. Of JSON Schema it knows what the document uses, and refuses a keyword that it does not know.
/// </summary>
sealed class DescribedApi(JsonElement document)
{
    static readonly HashSet<string> Known =
    [
        "$ref", "type", "format", "properties", "required", "items", "enum", "const", "oneOf", "anyOf", "pattern",
            "minLength",
        "maxLength", "minimum", "maximum", "maxItems", "description", "examples", "discriminator",
        "additionalProperties", // always true, and of objects without properties
    ];

    public JsonElement Document => document;

    /// <summary>The statuses that were seen, by operation.</summary>
    public HashSet<string> Seen { get; } = [];

    public static async Task<DescribedApi> ReadAsync(CoteApp app)
    {
        using var anyone = app.Anonymous();
        return new((await anyone.GetAsync("/openapi.json")).Ok().Json);
    }

    /// <summary>Checks an answer, and answers it.</summary>
    public Reply Check(Reply reply)
    {
        var request = reply.Message.RequestMessage!;
        var (method, path) = (request.Method.Method.ToLowerInvariant(), request.RequestUri!.AbsolutePath.TrimEnd('/'));
        var operation = FindOperation(method, path);
        var name = $"{method} {path} → {reply.Status}: {reply.Text}";
        operation.GetProperty("responses")
            .TryGetProperty(reply.Status.ToString(CultureInfo.InvariantCulture), out var response)
            .ShouldBeTrue(name);
        Seen.Add($"{operation.Text("operationId")} {reply.Status}");
        foreach (var header in response.GetProperty("headers").EnumerateObject())
            if (header.Name is "X-Request-Id" or "Retry-After" or "WWW-Authenticate")
                reply.Header(header.Name).ShouldNotBeNull($"{name} has no {header.Name}");
        if (reply.Header("Retry-After") is not null)
            response.GetProperty("headers").TryGetProperty("Retry-After", out _).ShouldBeTrue(name);
        if (reply.Text.Length == 0)
            return reply;
        response.TryGetProperty("content", out var content).ShouldBeTrue($"{name}: no body is declared");
        var type = reply.Header("Content-Type")!.Split(';')[0];
        if (!content.TryGetProperty(type, out var media))
            content.TryGetProperty("application/octet-stream", out media)
                .ShouldBeTrue($"{name}: {type} is not declared");
        if (type == "application/json" && media.GetProperty("schema") is var schema && !IsBinary(schema))
            Faults(reply.Json, schema, "$").ShouldBeEmpty(name);
        return reply;
    }

    /// <summary>What is wrong with a value, by a schema of the document.</summary>
    public IEnumerable<string> Faults(JsonElement value, JsonElement schema, string at)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject())
            if (!Known.Contains(keyword.Name))
                yield return $"{at}: this check does not know {keyword.Name}";
        foreach (var fault in FaultsOfText(value, schema, at).Concat(FaultsOfNumber(value, schema, at)))
            yield return fault;
        if (schema.TryGetProperty("type", out var type) && !Types(type).Any(x => Is(value, x)))
            yield return $"{at} is {value.ValueKind}, not {type}";
        if (schema.TryGetProperty("enum", out var choices)
            && !choices.EnumerateArray().Any(x => JsonElement.DeepEquals(x, value)))
            yield return $"{at} is {value}, none of {choices}";
        if (schema.TryGetProperty("const", out var only) && !JsonElement.DeepEquals(only, value))
            yield return $"{at} is {value}, not {only}";
        foreach (var union in new[] { "oneOf", "anyOf" })
            if (schema.TryGetProperty(union, out var list)
                && list.EnumerateArray().Count(x => !Faults(value, x, at).Any()) is var fits
                    && (fits == 0 || (union == "oneOf" && fits > 1)))
                yield return $"{at} fits {fits} of {union}: {value}";
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            foreach (var (i, item) in value.EnumerateArray().Index())
                foreach (var fault in Faults(item, items, $"{at}[{i}]"))
                    yield return fault;
        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
            foreach (var fault in FaultsOfObject(value, schema, properties, at))
                yield return fault;
    }

    public JsonElement Resolve(JsonElement schema) => schema.TryGetProperty("$ref", out var reference)
        ? document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;

    IEnumerable<string> FaultsOfObject(JsonElement value, JsonElement schema, JsonElement properties, string at)
    {
        if (schema.TryGetProperty("required", out var required))
            foreach (var name in required.EnumerateArray().Select(x => x.GetString()!)
                .Where(x => !value.TryGetProperty(x, out _)))
                yield return $"{at} has no {name}";
        foreach (var field in value.EnumerateObject())
            if (!properties.TryGetProperty(field.Name, out var property))
                yield return $"{at} has {field.Name}, which is not declared";
            else
                foreach (var fault in Faults(field.Value, property, $"{at}.{field.Name}"))
                    yield return fault;
    }

    static IEnumerable<string> FaultsOfText(JsonElement value, JsonElement schema, string at)
    {
        if (value.ValueKind != JsonValueKind.String)
            yield break;
        var text = value.GetString()!;
        if (schema.TryGetProperty("minLength", out var min) && text.Length < min.GetInt64())
            yield return $"{at} is too short";
        if (schema.TryGetProperty("maxLength", out var max) && text.Length > max.GetInt64())
            yield return $"{at} is too long";
        if (schema.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(text, pattern.GetString()!))
            yield return $"{at} is {text}, not {pattern}";
        var fits = !schema.TryGetProperty("format", out var format) || format.GetString() switch
        {
            "uuid" => Regex.IsMatch(text, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
            "date" => Regex.IsMatch(text, @"^\d{4}-\d\d-\d\d$"),
            "date-time" => Regex.IsMatch(text, @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"),
            "email" => text.Contains('@'),
            "uri-reference" => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out _),
            "password" or "binary" => true,
            _ => false,
        };
        if (!fits)
            yield return $"{at} is {text}, no {format}";
    }

    static IEnumerable<string> FaultsOfNumber(JsonElement value, JsonElement schema, string at)
    {
        if (value.ValueKind != JsonValueKind.Number)
            yield break;
        if (schema.TryGetProperty("minimum", out var min) && value.GetDouble() < min.GetDouble())
            yield return $"{at} is below {min}";
        if (schema.TryGetProperty("maximum", out var max) && value.GetDouble() > max.GetDouble())
            yield return $"{at} is above {max}";
    }

    JsonElement FindOperation(string method, string path)
    {
        var found = document.GetProperty("paths").EnumerateObject()
            .Where(x => Regex.IsMatch(path, "^" + Regex.Replace(x.Name, @"\{\w+\}", "[^/]+") + "$"))
            .OrderBy(x => x.Name.Count(y => y == '{')).Select(x => x.Value).FirstOrDefault();
        (found.ValueKind == JsonValueKind.Object).ShouldBeTrue($"{path} is not described");
        found.TryGetProperty(method, out var operation).ShouldBeTrue($"{method} {path} is not described");
        return operation;
    }

    static bool IsBinary(JsonElement schema) => schema.TryGetProperty("format", out var format)
        && format.GetString() == "binary";

    static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(x => x.GetString()!) : [type.GetString()!];

    static bool Is(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => false,
    };
}
