using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Chats;

namespace Cote.Tests.Chats.Import;

/// <summary>What the reasoning and the tools of other products become.</summary>
[Trait("Rows", "none")]
public sealed class ImportedPartsTests
{
    [Fact]
    public void Thoughts_calls_and_outputs_of_ChatGPT_are_parts_of_the_reply_that_they_stand_in()
    {
        var reply = Reply(Exports.ChatGptParts("c",
            "q - user {\"parts\":[\"How many?\"]}",
            """t q assistant {"content_type":"thoughts","thoughts":[{"summary":"Count","content":"I count."},{"summary":"","content":"Twice."}]}""",
            "a t assistant {\"parts\":[\"Let me see.\"]}",
            """p a assistant>python {"content_type":"code","language":"unknown","text":"print(6*7)"}""",
            """o p tool:python {"content_type":"execution_output","text":"42"}""",
            """s o assistant>web.run {"content_type":"code","text":"{\"q\":\"doves\"}"}""",
            """x s tool:web.run {"content_type":"tether_browsing_display","result":"L0: doves"}""",
            """r x assistant {"content_type":"reasoning_recap","content":"Thought for 12 seconds"} {"finished_duration_sec":12}""",
            "b r assistant {\"parts\":[\"It is 42 👍.\"]}"));

        Write(reply).ShouldBe("""
            think Count||I count.||Twice. 12000
            text Let me see.
            tool p python {"code":"print(6*7)"} -> "42"
            tool s web_run (web.run) {"q":"doves"} -> "L0: doves"
            text It is 42 👍.
            """);
        reply.Text.ShouldBe("Let me see.\n\nIt is 42 👍.");
        reply.Parts.OfType<TextPart>().ShouldBe([new(0, 11), new(13, 25)]);
    }

    [Fact]
    public void An_output_goes_to_the_last_call_of_its_tool_and_without_one_it_is_a_call_without_arguments() =>
        Write(Reply(Exports.ChatGptParts("c",
            "q - user {\"parts\":[\"Go\"]}",
            """a q assistant>browser {"content_type":"text","parts":["open(3)"]}""",
            """b a assistant>bio {"content_type":"text","parts":["likes doves"]}""",
            """c b tool:browser {"content_type":"text","parts":["page 3"]}""",
            """d c tool:browser {"content_type":"text","parts":["page 4"]}""",
            """e d tool: {"content_type":"text","parts":["who?"]}""",
            """f e tool:bio {"content_type":"text","parts":[""]}"""))).ShouldBe("""
            tool a browser {"input":"open(3)"} -> "page 3"
            tool b bio {"input":"likes doves"}
            tool d browser {} -> "page 4"
            tool e tool {} -> "who?"
            """);

    [Fact]
    public void Hidden_nodes_stay_out_and_what_a_tool_draws_stays_a_picture()
    {
        var chat = Exports.ChatGptParts("c",
            "q - user {\"parts\":[\"Draw\"]}",
            """h q assistant {"content_type":"thoughts","thoughts":[{"content":"hidden"}]} {"is_visually_hidden_from_conversation":true}""",
            """u h assistant {"content_type":"user_editable_context","user_profile":"me"}""",
            """a u assistant>dalle.text2im {"content_type":"text","parts":["{\"prompt\":\"a dove\"}"]}""",
            """t a tool:dalle.text2im {"content_type":"multimodal_text","parts":[{"asset_pointer":"file-service://file-AbCdEfGh1234"},"done"]}""");

        var reply = Reply(chat);

        Write(reply).ShouldBe("""tool a dalle_text2im (dalle.text2im) {"prompt":"a dove"}""");
        (reply.Text, reply.Files.Count).ShouldBe(("", 1));
    }

    [Fact]
    public void Thoughts_without_an_answer_are_a_reply_and_a_plain_row_of_replies_has_no_parts()
    {
        var alone = Tree(Exports.ChatGptParts("c", "q - user {\"parts\":[\"Why?\"]}",
            """t q assistant {"content_type":"thoughts","thoughts":[{"content":"hm"}]}""",
            """r t assistant {"content_type":"reasoning_recap","content":"Thought"}""",
            "n r user {\"parts\":[\"And?\"]}"));
        alone.Messages.Select(x => x.Text).ShouldBe(["Why?", "", "And?"]);
        Write(alone.Messages[1]).ShouldBe("think hm");

        Reply(Exports.ChatGpt("c", "q - user Why?", "a q assistant A", "b a assistant B")).Parts.ShouldBeEmpty();
        Write(Reply(Exports.ChatGptParts("c", "q - user {\"parts\":[\"Why?\"]}",
            """r q assistant {"content_type":"reasoning_recap"} {"finished_duration_sec":1.5}""",
            "a r assistant {\"parts\":[\"So.\"]}"))).ShouldBe("think - 1500\ntext So.");
    }

    [Fact]
    public void Each_version_of_a_reply_has_what_stood_before_it()
    {
        var tree = Tree(Exports.ChatGptParts("c", "q - user {\"parts\":[\"Why?\"]}",
            """t q assistant {"content_type":"thoughts","thoughts":[{"content":"hm"}]}""",
            "a t assistant {\"parts\":[\"A\"]}", "b t assistant {\"parts\":[\"B\"]}"));

        tree.Messages.Skip(1).Select(Write).ShouldBe(["think hm\ntext A", "think hm\ntext B"]);
    }

    [Fact]
    public void Pages_that_ChatGPT_cites_are_sources_once_and_only_by_addresses_of_the_web() =>
        Write(Reply(Exports.ChatGptParts("c", "q - user {\"parts\":[\"Why?\"]}", """
            a q assistant {"parts":["So."]} {"content_references":[{"type":"grouped_webpages","items":[{"title":"Doves","url":"https://a.example/d",
            "snippet":"They home."},{"title":"Twice","url":"https://a.example/d"},{"title":"Bad","url":"javascript:alert(1)"},{"title":"No"},7]},{"type":"hidden"}],
            "citations":[{"metadata":{"title":"Old","url":"http://b.example/","text":"words"}},null]}
            """.ReplaceLineEndings("")))).ShouldBe("""
            text So.
            source Doves https://a.example/d They home.
            source Bad - -
            source Old http://b.example/ words
            """);

    [Fact]
    public void Elements_of_Open_WebUI_are_parts_between_the_ranges_of_the_text()
    {
        var reply = Reply(OpenWebUI("""
            <details type="reasoning" done="true" duration="12">
            <summary>Thought for 12 seconds</summary>
            > I think that 1 &lt; 2.
            >
            > > Really &amp; truly.
            </details>
            Let me see.

            <details type="tool_calls" done="true" id="call_a" name="get weather" arguments="&quot;{\&quot;city\&quot;: \&quot;Köln\&quot;}&quot;" result="&quot;{\&quot;sky\&quot;: \&quot;blue\&quot;}&quot;" files="" embeds="">
            <summary>Tool Executed</summary>
            </details>
            <details type="tool_calls" done="true" id="call_b" name="now" arguments="" result="{&quot;h&quot;: [12]}">
            <summary>Tool Executed</summary>
            </details>
            <details type="tool_calls" done="true" id="call_a" name="later" arguments="{}">
            <summary>Tool Executed</summary>
            {&quot;ok&quot;:true}
            </details>
            <details type="code_interpreter" done="true" duration="1" output="{&quot;stdout&quot;: &quot;42\n&quot;}">
            <summary>Analyzed</summary>
            ```python
            print("a < b")
            ```
            </details>
            It is <b>42</b>. <details><summary>x</summary>y</details>
            """));

        Write(reply).ShouldBe("""
            think I think that 1 < 2.||> Really & truly. 12000
            text Let me see.
            tool call_a get_weather (get weather) {"city": "Köln"} -> "{"sky": "blue"}"
            tool call_b now {} -> {"h": [12]}
            tool call_0 later {} -> {"ok":true}
            tool call_1 code_interpreter {"code":"print(\"a < b\")"} -> {"stdout": "42\n"}
            text It is <b>42</b>. <details><summary>x</summary>y</details>
            """);
        reply.Text.ShouldStartWith("Let me see.\n\n\n");
    }

    [Theory]
    [InlineData("A<details type=\"reasoning\">never closed", "A", "text A\nthink never closed")]
    [InlineData("<details type=\"reasoning\"><details>in</details>out</details> B", "out</details> B",
        "think <details>in\ntext out</details> B")]
    [InlineData("<details type=\"reasoning\"></details>B", "B", "")]
    [InlineData("<details type=\"tool_calls\" name=\"x", "", null)]
    [InlineData("<details type=\"tool_calls\" id=\"1\"></details>B", "B", "")]
    [InlineData("<details type=\"wizard\" name=\"x\">y</details>B", "B", "")]
    [InlineData("<details type=\"tool_calls\" name=\"x\" arguments=\"{&quot;a\" result=\"{\"></details>B", "B",
        "tool call_0 x {\"input\":\"{\\\"a\"} -> \"{\"\ntext B")]
    [InlineData("<details type=\"reasoning\">a&#0;&#55357;b&#x1F600;</details>B", "B",
        "think a\uFFFD&#55357;b😀\ntext B")]
    public void Elements_out_of_shape_take_no_more_of_the_text_than_their_own(string text, string left, string? parts)
    {
        var messages = Tree(OpenWebUI(text)).Messages;

        if (parts is null)
            messages.Count.ShouldBe(1);
        else
            (messages[1].Text, Write(messages[1])).ShouldBe((left, parts));
    }

    [Fact]
    public void What_newer_versions_of_Open_WebUI_write_beside_the_text_is_read_where_the_text_does_not_say_it()
    {
        const string Output = """
            [{"type":"reasoning","duration":3,"content":[{"type":"output_text","text":"hm"}],"summary":[]},{"type":"message","content":[{"type":"output_text","text":"Let me see."}]},
            {"type":"function_call","call_id":"c1","name":"add","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"3"}]},
            {"type":"open_webui:code_interpreter","id":"ci","code":"1+1","output":{"result":"2"}},{"type":"message","content":[{"text":"Three."}]},7]
            """;
        const string Parts = """
            think hm 3000
            text Let me see.
            tool c1 add {"a":1} -> "3"
            tool ci code_interpreter {"code":"1+1"} -> {"result":"2"}
            text Three.
            """;
        var alone = Reply(OpenWebUI("", $$"""{"output":{{Output}}}"""));
        (alone.Text, Write(alone)).ShouldBe(("Let me see.\n\nThree.", Parts));
        var beside = Reply(OpenWebUI("Let me see.\nThree.", $$"""{"output":{{Output}}}"""));
        (beside.Text, Write(beside)).ShouldBe(("Let me see.\nThree.", Parts));
        Write(Reply(OpenWebUI("Edited.", $$"""{"output":{{Output}}}"""))).ShouldEndWith("\"2\"}\ntext Edited.");
        Write(Reply(OpenWebUI("Cited.", """
            {"sources":[{"source":{"name":"Search"},"document":["words","more"],"metadata":[{"source":"https://a.example/"},{"source":"notes.pdf","name":"notes.pdf"}]},7,{}]}
            """))).ShouldBe("""
            text Cited.
            source Search https://a.example/ words
            source notes.pdf - more
            """);
    }

    [Fact]
    public void Items_of_LibreChat_are_parts_in_their_order() =>
        Write(Reply(LibreChat("""
            "content":[{"type":"think","think":"hm"},{"type":"text","text":"Let me see."},
            {"type":"tool_call","tool_call":{"id":"call_1","name":"search_mcp_web","args":"{\"q\":1}","output":"found","progress":1}},
            {"type":"tool_call","tool_call":{"id":"not an id!","name":"add","args":{"a":[1,2]}}},
            {"type":"tool_call","tool_call":{"type":"function","function":{"name":"old","arguments":"plain","output":"out"}}},
            {"type":"tool_call","tool_call":{}},{"type":"tool_call"},{"type":"think"},7,null,
            {"type":"think","think":{"value":"again"}},{"type":"text","text":{"value":"It is so."}}]
            """))).ShouldBe("""
            think hm
            text Let me see.
            tool call_1 search_mcp_web {"q":1} -> "found"
            tool call_0 add {"a":[1,2]}
            tool call_2 old {"input":"plain"} -> "out"
            think again
            text It is so.
            """);

    [Theory]
    [InlineData("\"text\":\":::thinking\\nhm\\n:::\\n\\nSo.\"", "So.", "think hm\ntext So.")]
    [InlineData("\"text\":\":::thinking\\nhm\"", "", "think hm")]
    [InlineData("\"text\":\"So :::thinking\"", "So :::thinking", "")]
    [InlineData("""
        "content":[{"type":"text","text":":::thinking\nhm\n:::\nOne."},{"type":"tool_call","tool_call":{"id":"c","name":"t"}},{"type":"text","text":"Two."}]
        """, "One.\n\nTwo.", "think hm\ntext One.\ntool c t {}\ntext Two.")]
    [InlineData("""
        "text":"So.","content":[{"type":"think","think":"hm"}]
        """, "So.", "think hm\ntext So.")]
    public void The_thinking_before_the_text_of_LibreChat_is_a_thought(string members, string text, string parts)
    {
        var reply = Reply(LibreChat(members));

        (reply.Text, Write(reply)).ShouldBe((text, parts));
    }

    [Fact]
    public void A_question_has_no_parts()
    {
        var chat = LibreChat("\"text\":\"So.\"");
        chat["messages"]![0]!["content"] =
            JsonNode.Parse("""[{"type":"think","think":"hm"},{"type":"text","text":"Why?"}]""");

        var tree = Tree(chat);

        (tree.Messages[0].Text, tree.Messages[0].Parts.Count).ShouldBe(("Why?", 0));
    }

    static JsonObject OpenWebUI(string content, string? more = null)
    {
        var reply = JsonNode.Parse(more ?? "{}")!.AsObject();
        (reply["role"], reply["content"], reply["parentId"]) = ("assistant", content.ReplaceLineEndings("\n"), "q");
        return new()
        {
            ["id"] = "c",
            ["chat"] = new JsonObject
            {
                ["history"] = new JsonObject
                {
                    ["messages"] = new JsonObject
                    {
                        ["q"] = new JsonObject { ["role"] = "user", ["content"] = "Why?" },
                        ["a"] = reply,
                    },
                },
            },
        };
    }

    static JsonObject LibreChat(string members) => JsonNode.Parse($$"""
        {"conversationId":"c","messages":[{"messageId":"q","isCreatedByUser":true,"text":"Why?"},
        {"messageId":"a","parentMessageId":"q","isCreatedByUser":false,{{members}}}]}
        """)!.AsObject();

    static ImportedTree Tree(JsonNode chat) => Exports.TreeOf(chat.ToJsonString());

    static PlacedMessage Reply(JsonNode chat) => Tree(chat).Messages.Single(x => x.IsReply);

    // A line for each part.
    static string Write(PlacedMessage message) => string.Join('\n', message.Parts.Select(x => x switch
    {
        TextPart text => $"text {message.Text[text.Start..text.End]}",
        ReasoningPart thought => $"think {thought.Text?.ReplaceLineEndings("|") ?? "-"}{Ms(thought.Ms)}",
        ToolPart { State: "done", Source: "server" } call =>
            $"tool {call.CallId} {call.Name}{(call.Title is { } title ? $" ({title})" : "")} {call.Input.GetRawText()}"
            + call.Output?.ValueKind switch
            {
                null => "",
                JsonValueKind.String => $" -> \"{call.OutputText}\"",
                _ => $" -> {call.OutputText}",
            },
        SourcePart source => $"source {source.Title} {source.Url ?? "-"} {source.Snippet ?? "-"}",
        _ => x.ToString(),
    }));

    static string Ms(long? ms) => ms is null ? "" : $" {ms}";
}
