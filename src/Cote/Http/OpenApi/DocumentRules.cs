using System.Reflection;
using System.Text.Json.Nodes;

namespace Cote.Http;

/// <summary>What is said once for the whole document, and what follows from all that the rooms have said.</summary>
static class DocumentRules
{
    // In this order on the page; others follow, then those of the server itself.
    static readonly (string Name, string Description)[] First =
    [
        ("Chats", "Chats, and the models that they choose."),
        ("Messages", "Send a message, follow its reply, stop it."),
        ("Live", "What happens to the user, as it happens: one schema on WebSocket, server-sent events and long-poll."),
        ("Users", "Accounts and logins."),
        ("Sessions", "Where a user is logged in."),
        ("Keys", "API keys of programs: `Authorization: Bearer cote_…`."),
        ("Usage", "What calls of models have used, and what is left of budgets."),
        ("Sharing", "Links to chats: what whoever has one sees, without an account."),
        ("Media", "Uploads and downloads. Large files over bad networks: tus 1.0."),
        ("Devices", "Where a user gets pushes of replies that nobody was shown."),
    ];

    static readonly (string Name, string Description)[] Last =
    [
        ("OpenAI", "OpenAI's API, for its clients: a gateway to the models, and turns in chats."),
        ("AI SDK", "What `useChat` asks: turns as UI message streams."),
        ("Health", "The server itself: is it up, and what does it take?"),
        ("Admin", "For accounts that are admins."),
    ];

    static readonly Dictionary<string, string> Headers = new()
    {
        ["X-Request-Id"] = "The request's id: quote it in a report",
        ["Retry-After"] = "Seconds to wait before the next try",
        ["WWW-Authenticate"] = "`Bearer`",
        ["Link"] = "The next page where there is one, as a path relative to the host: `<…>; rel=\"next\"`",
        ["Cote-Search-Complete"] = "`false` while the index catches up, and something may not be found yet",
        ["Idempotent-Replayed"] = "`true` where this id was sent before and nothing happened now",
        ["Location"] = "The path of the new upload",
        ["Upload-Offset"] = "Bytes that have arrived",
        ["Upload-Length"] = "Bytes of the whole file",
        ["Upload-Metadata"] = "`filename` and the name in base64",
        ["Upload-Expires"] = "When an unfinished upload is given up",
        ["Upload-Media-Url"] = "The signed URL of the finished upload",
        ["Tus-Resumable"] = "The version of tus: `1.0.0`",
        ["Tus-Version"] = "The versions of tus that are taken",
        ["Tus-Extension"] = "The extensions of tus that are taken",
        ["Tus-Max-Size"] = "Bytes of the largest upload",
        ["Content-Disposition"] = "The file's name",
    };

    static readonly string[] Counted =
    [
        "Retry-After", "Upload-Offset", "Upload-Length", "Tus-Max-Size",
    ];

    public static void Apply(ApiDocument document)
    {
        var root = document.Root;
        root["info"] = new JsonObject
        {
            ["title"] = "Cote",
            ["version"] = Version,
            ["description"] =
                "The backend of AI chat apps: users, chats, messages, and AI replies that are never lost.\n\n"
                + "Give a new chat or message an `id` of your own (a UUID): then the request can be repeated safely. "
                + "Enums may grow: treat an error code that you do not know by its status.",
            ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
        };
        root["servers"] = new JsonArray(
            new JsonObject { ["url"] = "/", ["description"] = "The host that this was read from" });
        AddErrors(document);
        AddComponents(root.Part("components"));
        foreach (var operation in document.Operations)
            Complete(document, operation);
        OrderTags(document);
    }

    /// <summary>The version of the program, without the commit.</summary>
    static string Version => (typeof(DocumentRules).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    static void AddErrors(ApiDocument document)
    {
        JsonNode[] codes = [.. OperationRules.Catalogue.Select(x => x.Key).Append("bad_request")
            .Append("validation_error").Distinct()];
        document.Schemas["ErrorCode"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "Stable, for programs. Later versions add codes.",
            ["enum"] = new JsonArray(codes),
        };
        document.Schema(OperationRules.Problem).Note("An expected failure.").Required("detail", "code")
            .Property("detail", Text("For people"))
            .Property("code", ApiDocument.Ref("ErrorCode"))
            .Property("resets_at", new JsonObject
            {
                ["type"] = "string",
                ["format"] = "date-time",
                ["description"] = "Of `budget_exceeded`: when the budget is there again",
            })
            .Json["type"] = "object";
        document.Schema("ValidationError").Note("One wrong field, in FastAPI's shape.")
            .Required("type", "loc", "msg", "input")
            .Property("type", Text("The kind of fault, for programs: `missing`, `string_too_long`…"))
            .Property("loc", new JsonObject
            {
                ["type"] = "array",
                ["description"] = "Where: `body`, `query`, `path` or `header`, then the field",
                // FastAPI says `anyOf` text and number, of which NSwag makes a class that cannot be read.
                ["items"] = new JsonObject { ["description"] = "A text, or a number for a place in a list" },
            })
            .Property("msg", Text("For people"))
            .Property("input", new JsonObject { ["description"] = "What was sent; never a password" })
            .Property("ctx", new JsonObject
            {
                ["type"] = "object",
                ["description"] = "The limit that was passed, and the like"
            })
            .Json["type"] = "object";
        document.Schema(OperationRules.ValidationError).Note("Every wrong field of a request.")
            .Required("detail", "code")
            .Property("detail", new JsonObject { ["type"] = "array", ["items"] = ApiDocument.Ref("ValidationError") })
            .Property("code", ApiDocument.Ref("ErrorCode")).Json["type"] = "object";
    }

    static void AddComponents(JsonObject components)
    {
        foreach (var (name, description) in Headers)
            components.Part("headers")[name] = new JsonObject
            {
                ["description"] = description,
                ["schema"] = new JsonObject { ["type"] = Counted.Contains(name) ? "integer" : "string" },
            };
        components["securitySchemes"] = new JsonObject
        {
            [OperationRules.Scheme] = new JsonObject
            {
                ["type"] = "oauth2",
                ["flows"] = new JsonObject
                {
                    ["password"] = new JsonObject { ["tokenUrl"] = "token", ["scopes"] = new JsonObject() },
                },
            },
        };
    }

    static void Complete(ApiDocument document, ApiOperation operation)
    {
        foreach (var (status, response) in operation.Responses.ToList())
        {
            var number = int.Parse(status);
            operation.AnswersHeaders(number, "X-Request-Id");
            if (number is 429 or 503)
                operation.AnswersHeaders(number, "Retry-After");
            if (number == 401)
                operation.AnswersHeaders(number, "WWW-Authenticate");
            if ((string?)response!["content"]?["application/json"]?["schema"]?["type"] == "array"
                && operation.Parameters.Any(x => (string?)x["name"] == "limit"))
                operation.AnswersHeaders(number, "Link");
        }
        foreach (var (_, content) in operation.RequestContent ?? [])
            if (Resolve(document, content!["schema"]!.AsObject())["examples"] is JsonArray { Count: > 0 } examples)
                content["example"] = examples[0]!.DeepClone();
        // What has an id of the client's is safe to repeat.
        if (operation.RequestContent?["application/json"]?["schema"] is JsonObject body
            && Resolve(document, body)["properties"]?["id"] is not null)
        {
            operation.Refuses(Problems.IdConflict, Problems.Gone);
            operation.AnswersHeaders(200, "Idempotent-Replayed");
            operation.AnswersHeaders(409, "X-Request-Id").AnswersHeaders(410, "X-Request-Id");
        }
        var sorted = operation.Responses.OrderBy(x => x.Key, StringComparer.Ordinal)
            .Select(x => (x.Key, x.Value!.DeepClone())).ToList();
        operation.Responses.Clear();
        foreach (var (status, response) in sorted)
            operation.Responses[status] = response;
    }

    static JsonObject Resolve(ApiDocument document, JsonObject schema) =>
        (string?)schema["$ref"] is { } reference ? document.Schemas[reference.Split('/')[^1]]!.AsObject() : schema;

    static void OrderTags(ApiDocument document)
    {
        var used = document.Operations.SelectMany(x => x.Json["tags"]?.AsArray().Select(y => (string)y!) ?? [])
            .ToHashSet();
        var others = used.Except(First.Concat(Last).Select(x => x.Name)).Order()
            .Select(x => (Name: x, Description: ""));
        document.Root["tags"] = new JsonArray([.. First.Concat(others).Concat(Last).Where(x => used.Contains(x.Name))
            .Select(x => new JsonObject { ["name"] = x.Name, ["description"] = x.Description })]);
    }

    static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
