using System.Text.Json.Nodes;
using Cote.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>What the OpenAPI document says of <c>/v1</c> beyond the types.</summary>
static class OpenAIApi
{
    const string ErrorBody = "OpenAIError";

    const string Object = "The body goes to the provider as it is; OpenAI's documentation describes it. ";

    public static void Describe(ApiDocument api)
    {
        api.Schemas[ErrorBody] = JsonNode.Parse("""
            {"type":"object","description":"An error in OpenAI's form.","required":["error"],"properties":{"error":{
              "type":"object","required":["message","type","param","code"],"properties":{
                "message":{"type":"string"},"type":{"type":"string"},"param":{"type":["null","string"]},
                "code":{"type":"string"}}}}}
            """);
        api.Schema<OpenAIModels>().Note("A list of models.").OneOf("object", "list");
        api.Schema<OpenAIModel>().Note("A model.").OneOf("object", "model")
            .Note("id", "`provider/model`").Format("id", null)
            .Note("created", "0: nobody here knows when a model was made").Note("owned_by", "The name of its provider");
        var model = api.Operation(nameof(GetOpenAIModel));
        model.Parameters.Single()["schema"]!.AsObject().Remove("format");
        OperationRules.Refuse(model, 404, "model_not_found", "There is no such model");
        Describe(api, nameof(CreateChatCompletion), Object + "With a handle (`metadata.chat_id`, `X-Cote-Chat`, "
            + "`conversation`, `previous_response_id`) it is a turn in a chat.",
            """{"model":"demo","messages":[{"role":"user","content":"Hello"}]}""");
        Describe(api, nameof(CreateResponse), Object
            + "It is a turn in a chat, but for `store: false` without a handle.",
            """{"model":"openai","input":"Hello","store":false}""");
        Describe(api, nameof(CreateEmbedding), Object, """{"model":"openai","input":["Hello"]}""");
        Describe(api, nameof(CreateTranscription), "The form goes to the provider as it is.", null);
        api.Operation(nameof(CreateTranscription)).Takes("multipart/form-data", JsonNode.Parse("""
            {"type":"object","required":["model","file"],"additionalProperties":true,"properties":{
              "model":{"type":"string"},"file":{"type":"string","format":"binary"}}}
            """)!.AsObject());
        TurnsApi.Describe(api);
        foreach (var operation in api.Operations.Where(x => x.Path.StartsWith(
            OpenAIErrors.Path + "/", StringComparison.Ordinal)))
            Reshape(operation);
    }

    // The fields of an example are those that every request must have, but for `store`.
    static void Describe(ApiDocument api, string id, string note, string? example)
    {
        var operation = api.Operation(id).Note(note)
            .Header("Idempotency-Key", "The same key gets the same answer, for a day")
            .Answers(200, "The answer, or its stream", schema: Anything())
            .Answers(200, "The answer, or its stream", "text/event-stream", new JsonObject { ["type"] = "string" })
            .Refuses(Problems.TooLarge, Problems.BudgetExceeded);
        OperationRules.Refuse(operation, 400, "unsupported_parameter", "The provider of the model cannot take a field");
        OperationRules.Refuse(operation, 404, "model_not_found", "There is no such model");
        OperationRules.Refuse(operation, 409, "idempotency_conflict", "The key was sent with another body");
        if (example is null)
            return;
        var shown = JsonNode.Parse(example)!.AsObject();
        var body = Anything();
        body["properties"] = new JsonObject(
            shown.Select(x => KeyValuePair.Create(x.Key, (JsonNode?)new JsonObject())));
        body["required"] = new JsonArray(
            [.. shown.Select(x => x.Key).Where(x => x != "store").Select(x => (JsonNode)x)]);
        operation.Takes("application/json", body);
        operation.RequestContent!["application/json"]!["example"] = shown;
    }

    internal static JsonObject Anything() => new() { ["type"] = "object", ["additionalProperties"] = true };

    // What is a 422 elsewhere is a 400 here.
    static void Reshape(ApiOperation operation)
    {
        operation.Responses.Remove("422");
        foreach (var (status, response) in operation.Responses.ToList())
            if (status[0] > '3' && response!["content"]?["application/json"] is JsonObject content)
                content["schema"] = ApiDocument.Ref(ErrorBody);
    }
}
