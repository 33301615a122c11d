using System.Text.Json.Nodes;

namespace Cote.Http;

/// <summary>An operation while it is completed. Every method that changes it answers the operation itself.</summary>
sealed class ApiOperation(ApiDocument document, string path, string method, JsonObject operation)
{
    public string Id => (string)operation["operationId"]!;

    public string Path => path;

    public JsonObject Json => operation;

    public bool Writes => method is "post" or "put" or "patch" or "delete";

    public bool IsHead => method == "head";

    public IList<object> Metadata => document.Found.Routes[Id];

    public JsonObject Responses => operation.Part("responses");

    public JsonObject? RequestContent => operation["requestBody"]?["content"]?.AsObject();

    public IEnumerable<JsonObject> Parameters => operation["parameters"]?.AsArray().Select(x => x!.AsObject()) ?? [];

    public ApiOperation Note(string description)
    {
        operation["description"] = description;
        return this;
    }

    /// <summary>Says what a parameter of the query is; adds it where the handler reads it by itself.</summary>
    public ApiOperation Query(string name, string description, JsonObject? schema = null) =>
        Parameter("query", name, description, schema);

    /// <summary>A parameter of the query that a request must have.</summary>
    public ApiOperation NeedsQuery(string name, string description, JsonObject? schema = null)
    {
        Parameter("query", name, description, schema);
        Parameters.Single(x => (string?)x["name"] == name)["required"] = true;
        return this;
    }

    public ApiOperation Header(string name, string description, JsonObject? schema = null) =>
        Parameter("header", name, description, schema);

    /// <summary>A header that a request must have.</summary>
    public ApiOperation NeedsHeader(string name, string description, JsonObject? schema = null)
    {
        Parameter("header", name, description, schema);
        Parameters.Single(x => (string?)x["name"] == name)["required"] = true;
        return this;
    }

    /// <summary>Declares expected failures: their status, with their codes in the description.</summary>
    public ApiOperation Refuses(params ReadOnlySpan<Problem> problems)
    {
        foreach (var problem in problems)
            OperationRules.Refuse(this, problem.Status, problem.Code, problem.Detail);
        return this;
    }

    /// <summary>A response: its description, and its body where it has one.</summary>
    public ApiOperation Answers(int status, string? description = null, string? type = null, JsonObject? schema = null)
    {
        var response = Responses.Part(status.ToString());
        response["description"] = description ?? (string?)response["description"] ?? "";
        if (schema is not null)
            response.Part("content")[type ?? "application/json"] = new JsonObject { ["schema"] = schema };
        return this;
    }

    /// <summary>Names headers of a response, each described by <see cref="DocumentRules"/> once.</summary>
    public ApiOperation AnswersHeaders(int status, params string[] names)
    {
        var headers = Responses.Part(status.ToString()).Part("headers");
        foreach (var name in names)
            headers[name] = new JsonObject { ["$ref"] = "#/components/headers/" + name };
        return this;
    }

    /// <summary>The route takes a token and answers without one too.</summary>
    public ApiOperation TokenIsOptional()
    {
        operation["security"] = new JsonArray(OperationRules.Token(), new JsonObject());
        return this;
    }

    /// <summary>The request's body, where the handler reads it by itself.</summary>
    public ApiOperation Takes(string type, JsonObject schema)
    {
        operation["requestBody"] = new JsonObject
        {
            ["required"] = true,
            ["content"] = new JsonObject { [type] = new JsonObject { ["schema"] = schema } },
        };
        return this;
    }

    ApiOperation Parameter(string place, string name, string description, JsonObject? schema)
    {
        var parameter = Parameters.FirstOrDefault(x => (string?)x["in"] == place && (string?)x["name"] == name);
        if (parameter is null)
        {
            parameter = new JsonObject
            {
                ["name"] = name,
                ["in"] = place,
                ["schema"] = new JsonObject { ["type"] = "string" }
            };
            if (operation["parameters"] is not JsonArray)
                operation["parameters"] = new JsonArray();
            operation["parameters"]!.AsArray().Add(parameter);
        }
        parameter["description"] = description;
        if (schema is not null)
            parameter["schema"] = schema;
        return this;
    }
}
