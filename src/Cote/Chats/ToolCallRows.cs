using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cote.Events;

namespace Cote.Chats;

/// <summary>The rows of tool calls as all rooms know them: how a part is made of one, and how an end ends it.</summary>
static class ToolCallRows
{
    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The part of a message that a row <c>t</c> is, as JSON.</summary>
    public static Sql PartOf(Sql t) => $$"""
        '{"type":"tool",' || {{t}}.data || ',"state":"' || {{t}}.state || '","input":' || {{t}}.input || {{t}}.result || '}'
        """;

    /// <summary>The column <c>data</c> of a call: what never changes of its part.</summary>
    public static string DataOf(ToolPart part) => Members(json =>
    {
        json.WriteString("call_id"u8, part.CallId);
        json.WriteString("name"u8, part.Name);
        if (part.Title is { } title)
            json.WriteString("title"u8, title);
        json.WriteString("source"u8, part.Source);
        if (part.ClientId is { } client)
            json.WriteString("client_id"u8, client);
    });

    /// <summary>The column <c>result</c> of a call: what came of it, with a comma before it; empty without.</summary>
    public static string ResultOf(ToolPart part)
    {
        var members = Members(json =>
        {
            if (part.Output is { } output)
            {
                json.WritePropertyName("output"u8);
                output.WriteTo(json);
            }
            if (part.Truncated == true)
                json.WriteBoolean("truncated"u8, true);
            if (part.Error is { } error)
                WriteError(json, error);
            if (part.Ms is { } ms)
                json.WriteNumber("ms"u8, ms);
        });
        return members.Length > 0 ? "," + members : "";
    }

    /// <summary>
    /// Ends the calls of replies that end without them: one that runs has no known outcome, all others are denied.
    /// </summary>
    /// <param name="execute">Adds a statement.</param>
    /// <param name="userId">The owner.</param>
    /// <param name="replies">The ids of the replies: <c>in (…)</c> or <c>= …</c>.</param>
    /// <param name="source">What has one row where the write may happen.</param>
    /// <param name="error">Why.</param>
    public static void End(
        Func<Sql, Statement> execute, string userId, Sql replies, Sql source, GenerationError error)
    {
        var result = "," + Members(json => WriteError(json, error));
        execute($"""
            update tool_calls set result = result || {result}, claimed_by = null,
              state = case when state = 'running' then 'unknown' else 'denied' end
            where user_id = {userId} and reply_id {replies} and state in {CallStates.Open}
              and exists (select 1 from {source})
            """);
    }

    static void WriteError(Utf8JsonWriter json, GenerationError error)
    {
        json.WriteStartObject("error"u8);
        json.WriteString("code"u8, error.Code);
        json.WriteString("detail"u8, error.Detail);
        json.WriteEndObject();
    }

    // The members of an object, without its braces.
    static string Members(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan[1..^1]);
    }
}
