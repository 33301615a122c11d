using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Cote.Tools;

/// <summary>A tool, as <c>GET /tools</c> tells of it.</summary>
/// <param name="Name">As models, parts and <c>Chat.tools</c> name it.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Source"><c>server</c>, or <c>mcp:</c> with the name of the server.</param>
/// <param name="Description">What it does.</param>
/// <param name="Parameters">The JSON schema of its arguments.</param>
/// <param name="Approval"><c>never</c> or <c>ask</c>: whether a person is asked before a call.</param>
/// <param name="Available">Whether its server answers.</param>
sealed record ToolInfo(
    string Name, string? Title, string Source, string Description, JsonElement Parameters, string Approval,
    bool Available);

/// <summary><c>GET /tools</c>: the tools of the server.</summary>
static class ListTools
{
    public static async Task<IResult> Handle(ToolRegistry tools, CancellationToken ct)
    {
        var listed = await tools.ListAsync(ct);
        return ApiResults.Json(ApiResults.Write(json =>
        {
            json.WriteStartArray();
            foreach (var (tool, isAvailable) in listed)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, tool.Name);
                if (tool.Title is { } title)
                    json.WriteString("title"u8, title);
                json.WriteString("source"u8, tool.Source);
                json.WriteString("description"u8, tool.Description);
                json.WritePropertyName("parameters"u8);
                tool.Parameters.WriteTo(json);
                json.WriteString("approval"u8, tool.Asks ? "ask" : "never");
                json.WriteBoolean("available"u8, isAvailable);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }));
    }
}
