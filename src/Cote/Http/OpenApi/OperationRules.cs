using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cote.Primitives;
using Microsoft.AspNetCore.Authorization;

namespace Cote.Http;

/// <summary>What holds for every route by its metadata, its method, its path and its body.</summary>
static partial class OperationRules
{
    public const string Scheme = "OAuth2PasswordBearer";
    public const string Problem = "Problem";
    public const string ValidationError = "HTTPValidationError";

    /// <summary>Every problem of the catalogue, by its code.</summary>
    public static readonly ILookup<string, Problem> Catalogue = typeof(Problems)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(x => x.GetValue(null)).OfType<Problem>().ToLookup(x => x.Code);

    public static void Apply(ApiDocument document)
    {
        SpellPaths(document);
        foreach (var operation in document.Operations)
        {
            foreach (var parameter in operation.Parameters)
                Complete(parameter);
            var wantsToken = operation.Metadata.OfType<IAuthorizeData>().Any();
            operation.Json["security"] = wantsToken ? new JsonArray(Token()) : [];
            if (wantsToken)
                operation.Refuses(Problems.NotAuthenticated, Problems.InvalidToken);
            DeclareRefusals(operation, wantsToken);
            DeclareKeys(operation, wantsToken);
        }
    }

    // A route that no key may use has no scopes to name.
    static void DeclareKeys(ApiOperation operation, bool wantsToken)
    {
        var access = operation.Metadata.OfType<KeyAccess>().LastOrDefault();
        if (wantsToken && access is not { Scopes: [], HandlerChecks: false })
            operation.Refuses(Problems.InsufficientScope);
        // Where the handler decides between several, one of them does.
        var name = access is { HandlerChecks: true, Scopes.Count: > 1 } ? "x-key-scopes-by-body" : "x-key-scopes";
        if (access is not null)
            operation.Json[name] = new JsonArray([.. access.Scopes.Select(x => (JsonNode)x)]);
    }

    /// <summary>Declares a failure, with its code in the description of its status.</summary>
    public static void Refuse(ApiOperation operation, int status, string code, string detail)
    {
        var response = operation.Responses.Part(status.ToString());
        var line = $"`{code}`: {detail}";
        var description = (string?)response["description"] ?? "";
        if (!description.Contains($"`{code}`", StringComparison.Ordinal))
            response["description"] = description.StartsWith('`') ? $"{description}\n\n{line}" : line;
        if (!operation.IsHead)
            response["content"] = new JsonObject
            {
                ["application/json"] = new JsonObject
                {
                    ["schema"] = ApiDocument.Ref(status == 422 ? ValidationError : Problem),
                },
            };
    }

    public static JsonObject Token() => new() { [Scheme] = new JsonArray() };

    // Without a slash at the end, for which generators make segments without a name; with parameters as all else on the
    // wire.
    static void SpellPaths(ApiDocument document)
    {
        var paths = document.Root.Part("paths");
        foreach (var (path, item) in paths.ToList())
        {
            paths.Remove(path);
            var spelt = Parameter()
                .Replace(path, x => "{" + JsonNamingPolicy.SnakeCaseLower.ConvertName(x.Groups[1].Value) + "}");
            paths[spelt.Length > 1 ? spelt.TrimEnd('/') : spelt] = item;
        }
    }

    static void Complete(JsonObject parameter)
    {
        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName((string)parameter["name"]!);
        parameter["name"] = name;
        // Taken as text, so that a wrong one gets FastAPI's answer; described as what they are.
        if (name == "limit")
            (parameter["schema"], parameter["description"]) = (Integer(1, Page.MostItems), "The most items of a page");
        else if (name.EndsWith("_id", StringComparison.Ordinal) && name != "webhook_id")
            parameter.Part("schema")["format"] = "uuid";
    }

    static void DeclareRefusals(ApiOperation operation, bool wantsToken)
    {
        var isHealth = operation.Path.StartsWith("/health", StringComparison.Ordinal);
        if (operation.RequestContent is not null)
        {
            Refuse(operation, 400, "bad_request", "The request could not be read");
            operation.Refuses(Problems.TooLarge);
        }
        if (operation.RequestContent is not null || operation.Parameters.Any(x => (string?)x["in"] == "query"))
            Refuse(operation, 422, "validation_error", "A field is wrong; `detail` lists each one");
        foreach (Match parameter in Parameter().Matches(operation.Path))
            if (Catalogue[parameter.Groups[1].Value.Replace("_id", "_not_found", StringComparison.Ordinal)]
                .FirstOrDefault() is { } missing)
                operation.Refuses(missing);
        if (wantsToken || operation.RequestContent is not null)
            operation.Refuses(Problems.Busy, Problems.Unavailable);
        if (operation.Writes)
            operation.Refuses(Problems.DiskFull);
        if (!isHealth)
            operation.Refuses(Problems.TooManyRequests);
    }

    /// <summary>The schema of an integer within bounds.</summary>
    public static JsonObject Integer(long min, long? max = null)
    {
        var schema = new JsonObject { ["type"] = "integer", ["format"] = "int64", ["minimum"] = min };
        if (max is not null)
            schema["maximum"] = max;
        return schema;
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();
}
