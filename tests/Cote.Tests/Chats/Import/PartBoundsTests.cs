using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Chats;

namespace Cote.Tests.Chats.Import;

/// <summary>What an import takes of parts, and what it never takes, whoever wrote them.</summary>
[Trait("Rows", "none")]
public sealed class PartBoundsTests
{
    static readonly ToolsOptions Few = new() { ArgumentBytes = 256, OutputBytes = 256 };

    [Fact]
    public void A_thought_is_kept_up_to_the_bound_between_characters()
    {
        var thought = new string('a', ReasoningPart.MostKept - 1) + "😀b";
        var parts = Libre(new { type = "think", think = thought }, new { type = "think", think = thought[..^3] + "z" });

        parts.ShouldBe([new ReasoningPart(thought[..^3], null, ReasoningPart.MostKept + 2, true),
            new ReasoningPart(thought[..^3] + "z", null, ReasoningPart.MostKept)]);
    }

    [Fact]
    public void Arguments_and_outputs_are_kept_up_to_the_bounds_of_tools_between_characters()
    {
        var text = new string('x', 255) + "ö";
        var calls = Libre(
            Call("a", args: $"{{\"q\":\"{text}\"}}", output: text), Call("b", args: text, output: "y"),
            Call("c", args: new { p = text, q = 1 }), Call("d", args: "{}", output: text[1..]))
            .Cast<ToolPart>().ToList();

        calls.Select(x => x.Truncated).ShouldBe([true, true, true, null]);
        Text(calls[0].Input, "q").ShouldBe(text[..^1]);
        calls[0].OutputText.ShouldBe(text[..^1]);
        Text(calls[1].Input, "input").ShouldBe(text[..^1]);
        Text(calls[2].Input, "input").ShouldStartWith("{\"p\":\"xxx");
        Text(calls[2].Input, "input").Length.ShouldBe(256);
        calls[3].OutputText.ShouldBe(text[1..]);

        static string Text(JsonElement input, string name) => input.GetProperty(name).GetString()!;
    }

    [Fact]
    public void JSON_that_no_reader_can_take_is_a_text()
    {
        var (deep, most) = (Nested(49), Nested(48));
        string[] items =
        [
            $$$"""{"type":"tool_call","tool_call":{"name":"a","args":{"x":{{{deep}}}},"output":{{{deep}}}}}""",
            $$$"""{"type":"tool_call","tool_call":{"name":"b","args":"{\"x\":{{{deep}}}}","output":{{{most}}}}}""",
            """{"type":"tool_call","tool_call":{"name":"c","args":{"q":"\ud83d"},"output":{"r":"\udc00"}}}""",
            """{"type":"tool_call","tool_call":{"name":"d\ud83d","args":"{\"q\":\"\\ud83d\"}","output":"x\ud83d"}}""",
            """{"type":"think","think":"half \ud83d\u0000"}""",
        ];

        var parts = Libre(items);

        parts.OfType<ToolPart>()
            .Select(x => $"{x.Name} {x.Input.EnumerateObject().Single().Name} {x.Output!.Value.ValueKind}")
            .ShouldBe(["a input String", "b input Array", "c input String", "d_ input String"]);
        ((ToolPart)parts[3]).OutputText.ShouldBe("x\uFFFD");
        ((ReasoningPart)parts[4]).Text.ShouldBe("half \uFFFD\uFFFD");
        foreach (var part in parts)
            JsonSerializer.Serialize(part, WireJson.Part).ShouldNotBeEmpty();
    }

    [Fact]
    public void A_reply_has_at_most_so_many_parts_however_they_come()
    {
        Libre([.. Enumerable.Repeat("""{"type":"think","think":"hm"}""", PartBounds.MostParts + 5)])
            .Count.ShouldBe(PartBounds.MostParts);

        var nodes = Enumerable.Range(0, PartBounds.MostParts + 5).Select(i => $"n{i} {(i == 0 ? "q" : $"n{i - 1}")} "
            + """assistant {"content_type":"thoughts","thoughts":[{"content":"hm"}]}""");
        var chat = Exports.ChatGptParts("c", ["q - user {}", .. nodes,
            $$"""a n{{PartBounds.MostParts + 4}} assistant {"parts":["So."]}"""]);
        var reply = Exports.TreeOf(chat.ToJsonString()).Messages.Single();
        (reply.Text, reply.Parts.Count).ShouldBe(("So.", PartBounds.MostParts));
    }

    [Fact]
    public void What_stands_before_many_branches_is_not_repeated_without_end()
    {
        var thought = new string('a', 200_000);
        var chat = Exports.ChatGptParts("c", ["q - user {\"parts\":[\"Why?\"]}",
            $$"""t q assistant {"content_type":"thoughts","thoughts":[{"content":"{{thought}}"}]}""",
            .. Enumerable.Range(0, 1_000).Select(i => $$"""a{{i}} t assistant {"parts":["{{i}}"]}""")]);

        var tree = Exports.TreeOf(chat.ToJsonString());

        tree.Messages.Count.ShouldBe(1_001);
        tree.Messages.Count(x => x.Parts.Count == 2).ShouldBeInRange(30, 50);
        tree.Messages[^1].Parts.ShouldBeEmpty();
    }

    [Fact]
    public void Parts_of_Cotes_own_export_have_the_same_bounds_and_a_bad_one_is_lost_alone()
    {
        var deep = Nested(49);
        string[] parts =
        [
            """{"type":"text","start":0,"end":3}""", """{"type":"text","start":2,"end":9}""",
            """{"type":"text","start":"x"}""", """{"type":"tool"}""", Tool("null", "{}"), Tool("\"a\"", deep),
            Tool("\"a\"", "{\"q\":\"\\ud83d\"}"), Tool("\"a\"", "{}", $",\"output\":{deep}"),
            Tool("\"ok\"", "{\"q\":1}", $",\"output\":\"{new string('x', 300)}\""),
            """{"type":"reasoning"}""", """{"type":"reasoning","text":"half \ud83d"}""",
            """{"type":"reasoning","text":"hm"}""", """{"type":"source"}""", """{"type":"file"}""",
            """{"type":"source","title":"t","url":"javascript:alert(1)"}""", """{"type":"dream","text":"?"}""",
            "7", "null",
        ];

        var message = Exports.TreeOf($$"""
            {"chat":{"id":"c"},"messages":[{"id":"a","sender":"ai","content":"So.","parts":[{{string.Join(',', parts)}}]}]}
            """, Few).Messages.Single();

        message.Text.ShouldBe("So.");
        message.Parts.Select(x => x is ToolPart call
            ? $"{call.CallId} {call.OutputText!.Length} {call.Truncated}" : x.ToString())
            .ShouldBe([new TextPart(0, 3).ToString(), "ok 256 True", new ReasoningPart("hm", null, 2).ToString(),
                new SourcePart("t").ToString()]);

        static string Tool(string id, string input, string more = "") => $$"""
            {"type":"tool","call_id":{{id}},"name":"n","source":"server","state":"done","input":{{input}}{{more}}}
            """;
    }

    [Fact]
    public void Replies_of_Cotes_own_export_that_follow_each_other_are_joined_with_their_parts()
    {
        const string Message = """
            "sender":"ai","content":"Oh, so.","parts":[{"type":"text","start":0,"end":3},{"type":"tool","call_id":"call_0_0","name":"n","source":"server",
            "state":"done","input":{}},{"type":"file","name":"f","call_id":"call_0_0"},{"type":"text","start":4,"end":7},{"type":"source","title":"t","start":4,"end":6}]
            """;

        var message = Exports.TreeOf($$"""
            {"chat":{"id":"c"},"messages":[{"id":"a","parent_id":null,{{Message}}},{"id":"b","parent_id":"a","sender":"ai","content":"Plain."},
            {"id":"d","parent_id":"b",{{Message}}}]}
            """).Messages.Single();

        message.Text.ShouldBe("Oh, so.\n\nPlain.\n\nOh, so.");
        message.Parts.OfType<TextPart>().Select(x => message.Text[x.Start..x.End])
            .ShouldBe(["Oh,", "so.", "Plain.", "Oh,", "so."]);
        message.Parts.OfType<ToolPart>().Select(x => x.CallId).ShouldBe(["call_0_0", "call_0"]);
        message.Parts.OfType<FilePart>().Select(x => x.CallId).ShouldBe(["call_0_0", "call_0"]);
        message.Parts.OfType<SourcePart>().Select(x => message.Text[x.Start!.Value..x.End!.Value])
            .ShouldBe(["so", "so"]);
    }

    static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    static object Call(string id, object args, string? output = null) =>
        new { type = "tool_call", tool_call = new { id, name = "n", args, output } };

    static IReadOnlyList<Part> Libre(params object[] items) =>
        Libre([.. items.Select(x => JsonSerializer.Serialize(x))], Few);

    static IReadOnlyList<Part> Libre(string[] items, ToolsOptions? tools = null) => Exports.TreeOf($$"""
        {"conversationId":"c","messages":[{"messageId":"a","isCreatedByUser":false,"content":[{{string.Join(',', items)}}]}]}
        """, tools).Messages.Single().Parts;
}
