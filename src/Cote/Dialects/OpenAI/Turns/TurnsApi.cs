using System.Text.Json.Nodes;
using Cote.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>What the OpenAPI document says of responses and conversations.</summary>
static class TurnsApi
{
    public static void Describe(ApiDocument api)
    {
        DescribeItem(api, nameof(GetResponse), "The response").Answers(
            200, "The response, or its events", "text/event-stream", new JsonObject { ["type"] = "string" })
            .Note("With `stream=true` its events; with `starting_after` those after one. What was taken back is "
                + "answered by one `error` event, `stream_restarted`.");
        DescribeItem(api, nameof(CancelResponse), "The response as it is then");
        DescribeItem(api, nameof(DeleteResponse), "What was deleted")
            .Note("The reply, and its question where that has no other.");
        DescribeItem(api, nameof(ListInputItems), "A list of items");
        DescribeItem(api, nameof(GetConversation), "The conversation");
        Take(DescribeItem(api, nameof(UpdateConversation), "The conversation"), isRequired: true);
        DescribeItem(api, nameof(DeleteConversation), "What was deleted");
        DescribeItem(api, nameof(ListConversationItems), "A list of items");
        DescribeItem(api, nameof(GetConversationItem), "The item");
        DescribeItem(api, nameof(DeleteConversationItem), "The conversation");
        Take(api.Operation(nameof(CreateConversation)), isRequired: false);
        api.Operation(nameof(CreateConversation)).Answers(200, "The conversation", schema: OpenAIApi.Anything());
    }

    static ApiOperation DescribeItem(ApiDocument api, string id, string answer)
    {
        var operation = api.Operation(id).Answers(200, answer, schema: OpenAIApi.Anything());
        foreach (var parameter in operation.Parameters)
            parameter!["schema"]!.AsObject().Remove("format");
        OperationRules.Refuse(operation, 400, "invalid_value", "A parameter or the body is wrong");
        OperationRules.Refuse(operation, 404, "not_found", "It does not exist, or is another one's");
        return operation;
    }

    static void Take(ApiOperation operation, bool isRequired)
    {
        operation.Takes("application/json", JsonNode.Parse($$"""
            {"type":"object","additionalProperties":true,"required":{{(isRequired ? "[\"metadata\"]" : "[]")}},
              "properties":{"metadata":{"type":"object","additionalProperties":{"type":"string"} } } }
            """)!.AsObject());
        operation.RequestContent!["application/json"]!["example"] =
            JsonNode.Parse("""{"metadata":{"topic":"doves"}}""");
    }
}
