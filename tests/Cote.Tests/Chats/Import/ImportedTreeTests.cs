using System.Text;
using System.Text.Json.Nodes;
using Cote.Chats;

namespace Cote.Tests.Chats.Import;

/// <summary>The odd forms of real exports, and the tree that is made of each.</summary>
[Trait("Rows", "none")]
public sealed class ImportedTreeTests
{
    static readonly Timestamp Now = new(1_800_000_000_000);

    [Fact]
    public void A_conversation_of_ChatGPT_keeps_its_branches_and_the_one_that_was_shown() =>
        Tree(Exports.ChatGpt("c", "root -", "q root user Why?", "a q assistant Old", "b q assistant New",
            "q2 b user And?"))
            .ShouldBe("1<- user* Why? | 2<1 assistant Old | 3<1 assistant* New | 4<3 user* And?");

    [Fact]
    public void Nodes_without_a_message_hidden_ones_and_system_messages_are_bridged()
    {
        var chat = Exports.ChatGpt("c", "root -", "s root system Be brief.", "h s user My profile", "q h user Why?",
            "n q", "a n assistant So.");
        chat["mapping"]!["h"]!["message"]!["metadata"] =
            new JsonObject { ["is_visually_hidden_from_conversation"] = true };

        Tree(chat).ShouldBe("1<- user* Why? | 2<1 assistant* So.");
    }

    [Fact]
    public void Replies_in_a_row_are_one_without_the_tools_between_them_in_the_text() =>
        Tree(Exports.ChatGpt("c", "q - user Why?", "a q assistant Let me see.", "t a tool 42",
            "b t assistant It is 42.", "q2 b user Thanks"))
            .ShouldBe("1<- user* Why? | 2<1 assistant* Let me see./It is 42. | 3<2 user* Thanks");

    [Fact]
    public void A_reply_that_branches_into_replies_is_a_version_for_each_and_stays_where_a_question_follows_it() =>
        Tree(Exports.ChatGpt("c", "q - user Why?", "a q assistant A", "b a assistant B", "c a assistant C",
            "q2 a user And?"))
            .ShouldBe("1<- user* Why? | 2<1 assistant* A | 3<1 assistant A/B | 4<1 assistant A/C | 5<2 user* And?");

    [Fact]
    public void A_parent_that_is_missing_or_itself_makes_a_beginning() =>
        Tree(Exports.ChatGpt("c", "a nowhere user A", "b b user B", "c b assistant C"))
            .ShouldBe("1<- user A | 2<- user* B | 3<2 assistant* C");

    [Fact]
    public void Of_a_circle_the_first_in_the_file_is_the_beginning() =>
        Tree(Exports.ChatGpt("c", "x - user X", "a c user A", "b a assistant B", "c b user C", "d c assistant D"))
            .ShouldBe("1<- user X | 2<- user* A | 3<2 assistant* B | 4<3 user* C | 5<4 assistant* D");

    [Fact]
    public void An_id_that_comes_twice_is_one_message_or_two_that_differ()
    {
        var same = """{"messageId":"m","isCreatedByUser":true,"text":"A"}""";
        Tree(JsonNode.Parse($$"""
            {"conversationId":"c","messages":[{{same}},{{same}},{"messageId":"m","isCreatedByUser":true,"text":"B"}]}
            """)!).ShouldBe("1<- user A | 2<- user* B");
    }

    [Theory]
    [InlineData("wizard", "unknown_role", "1<- user Why? | 2<1 user* And?")]
    [InlineData("function", "unknown_role", "1<- user Why? | 2<1 user* And?")]
    [InlineData("developer", null, "1<- user Why? | 2<1 user* And?")]
    public void An_unknown_role_is_left_out_and_said(string role, string? reason, string tree)
    {
        var made = Made(Exports.ChatGpt("c", "q - user Why?", $"w q {role} Abracadabra", "q2 w user And?"));

        (made.Reason, Write(made).Replace("user* Why?", "user Why?")).ShouldBe((reason, tree));
    }

    [Fact]
    public void A_text_of_more_than_a_megabyte_is_left_out_and_said()
    {
        var text = new string('ö', 524_289);
        var made = Made(Exports.ChatGpt("c", "q - user Why?", $"a q assistant {text}", "b a user And?"));

        (made.Reason, Write(made)).ShouldBe(("text_too_long", "1<- user* Why? | 2<1 user* And?"));
        Made(Exports.ChatGpt("c", "q - user " + text[1..])).Reason.ShouldBeNull();
    }

    [Fact]
    public void A_reply_of_many_parts_that_grows_too_long_keeps_what_fits()
    {
        var text = new string('a', 600_000);
        var made = Made(Exports.ChatGpt("c", "q - user Why?", $"a q assistant {text}", $"b a assistant {text}",
            "d b user And?"));

        made.Reason.ShouldBe("text_too_long");
        made.Messages.Select(x => x.Text.Length).ShouldBe([4, 600_000, 4]);
    }

    [Fact]
    public void What_stands_before_many_branches_is_not_repeated_without_end()
    {
        var text = new string('a', 1_000_000);
        var nodes = Enumerable.Range(0, 2_000).Select(i => $"b{i} a assistant {i}");
        var made = Made(Exports.ChatGpt("c", ["q - user Why?", $"a q assistant {text}", .. nodes]));

        made.Messages.Count.ShouldBe(2_001);
        made.Messages.Sum(x => (long)x.Text.Length).ShouldBeLessThan(20_000_000);
    }

    [Fact]
    public void Without_a_usable_leaf_the_newest_is_shown_and_an_inner_one_leads_to_the_newest_below_it()
    {
        string[] nodes = ["q - user Why?", "a q assistant Old", "a2 a user And?", "b q assistant New"];
        Tree(With("nowhere")).ShouldBe("1<- user* Why? | 2<1 assistant Old | 3<2 user And? | 4<1 assistant* New");
        Tree(With("a")).ShouldBe("1<- user* Why? | 2<1 assistant* Old | 3<2 user* And? | 4<1 assistant New");

        JsonObject With(string leaf)
        {
            var chat = Exports.ChatGpt("c", nodes);
            chat["current_node"] = leaf;
            chat["mapping"]!["a2"]!["message"]!["create_time"] = 5;
            chat["mapping"]!["b"]!["message"]!["create_time"] = 6;
            chat["mapping"]!["a"]!["message"]!["create_time"] = 4;
            chat["mapping"]!["q"]!["message"]!["create_time"] = 3;
            return chat;
        }
    }

    [Theory]
    [InlineData("1700000000", 1_700_000_000_000)]
    [InlineData("1700000000.1239", 1_700_000_000_124)]
    [InlineData("1700000000123", 1_700_000_000_123)]
    [InlineData("1700000000123456", 1_700_000_000_123)]
    [InlineData("1700000000123456789", 1_700_000_000_123)]
    [InlineData("\"1700000000\"", 1_700_000_000_000)]
    [InlineData("\"2023-11-14T22:13:20.5Z\"", 1_700_000_000_500)]
    [InlineData("\"2023-11-14 22:13:20\"", 1_700_000_000_000)]
    [InlineData("null", 1_700_000_000_500)]
    [InlineData("\"soon\"", 1_700_000_000_500)]
    [InlineData("-5", 1_700_000_000_500)]
    [InlineData("1e300", 1_700_000_000_500)]
    [InlineData("{}", 1_700_000_000_500)]
    public void A_time_is_read_in_any_form_and_without_one_it_is_the_parents_or_the_chats(string json, long expected)
    {
        var chat = Exports.ChatGpt("c", "q - user Why?", "a q assistant So.");
        chat["mapping"]!["q"]!["message"]!["create_time"] = JsonNode.Parse(json);

        Made(chat).Messages.Select(x => x.At.Milliseconds).ShouldBe([expected, expected]);
    }

    [Fact]
    public void A_chat_without_any_time_is_of_the_import()
    {
        var chat = Exports.ChatGpt("c", "q - user Why?");
        chat["create_time"] = null;

        Made(chat).Messages[0].At.ShouldBe(Now);
    }

    [Fact]
    public void Open_WebUI_keeps_the_tree_and_leaves_reasoning_out_of_the_text() => Tree(JsonNode.Parse("""
        {"id":"c","title":"Sums","created_at":1700000000,"chat":{"history":{"currentId":"b","messages":{
          "q":{"id":"q","parentId":null,"childrenIds":["a","b","c"],"role":"user","content":"15 * 17?"},
          "a":{"id":"a","parentId":"q","role":"assistant","content":"<details type=\"reasoning\" done=\"true\">hm</details>255"},
          "b":{"id":"b","parentId":"q","role":"assistant","content":"A <details><summary>x</summary>y</details> tag"},
          "n":null,
          "c":{"id":"c","parentId":"q","role":"assistant","content":null}}}}}
        """)!).ShouldBe("1<- user* 15 * 17? | 2<1 assistant 255 | "
            + "3<1 assistant* A <details><summary>x</summary>y</details> tag");

    [Fact]
    public void The_oldest_files_of_Open_WebUI_are_lists() => Tree(JsonNode.Parse("""
        {"title":"Old","messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"}],"history":{}}
        """)!).ShouldBe("1<- user* A | 2<1 assistant* B");

    [Fact]
    public void LibreChat_is_read_flat_and_recursive_whatever_its_depth()
    {
        Tree(JsonNode.Parse("""
            {"conversationId":"c","title":"Story","recursive":false,"messages":[
              {"messageId":"1","parentMessageId":"00000000-0000-0000-0000-000000000000","isCreatedByUser":true,"text":"Tell"},
              {"messageId":"2","parentMessageId":"1","isCreatedByUser":false,"text":"Once","createdAt":"2024-05-28T18:08:55.390Z"},
              {"messageId":"3","parentMessageId":"1","isCreatedByUser":false,
               "content":[{"type":"think","think":"hm"},{"type":"text","text":{"value":"Twice"}}],
               "createdAt":"2024-05-28T18:09:55.390Z"}]}
            """)!).ShouldBe("1<- user* Tell | 2<1 assistant Once | 3<1 assistant* Twice");

        var deep = new StringBuilder("""{"conversationId":"c","recursive":true,"messagesTree":""");
        for (var i = 0; i < 1_000; i++)
            deep.Append(
                $$"""[{"messageId":"{{i}}","sender":"{{(i % 2 == 0 ? "User" : "assistant")}}","text":"{{i}}","children":""");
        deep.Append("[]").Append(string.Concat(Enumerable.Repeat("}]", 1_000))).Append('}');
        var made = Read(deep.ToString());
        ImportedTree.Of(made.Chat!, Now).Messages.Count(x => x.IsOnPath).ShouldBe(1_000);
    }

    [Fact]
    public void Half_a_pair_and_a_null_character_become_the_sign_for_what_cannot_be_read() =>
        ImportedTree.Of(Read("""
            {"conversationId":"c","messages":[{"messageId":"m","isCreatedByUser":true,"text":"a\ud83d\n\u0000 \ud83d\ude00\"b"}]}
            """).Chat!, Now).Messages[0].Text.ShouldBe("a\uFFFD\n\uFFFD 😀\"b");

    [Theory]
    [InlineData("5", "not_a_chat")]
    [InlineData("{}", "not_a_chat")]
    [InlineData("""{"mapping":[]}""", "unreadable")]
    [InlineData("""{"mapping":{"a":tru}}""", "unreadable")]
    [InlineData("""{"chat":{"history":{"messages":[]}}}""", "unreadable")]
    public void What_is_no_chat_or_cannot_be_read_is_said(string json, string reason) =>
        Read(json).Reason.ShouldBe(reason);

    [Fact]
    public void Sixty_four_levels_are_read_and_one_more_is_too_deep()
    {
        Read(Deep(62)).Chat.ShouldNotBeNull();
        Read(Deep(63)).Reason.ShouldBe("too_deep");
        Read($$"""{"conversationId":"c","messages":[{"text":{{Arrays(64)}}}]}""").Reason.ShouldBe("too_deep");

        static string Deep(int levels) => $$$"""{"mapping":{"x":{{{Arrays(levels)}}}}}""";
        static string Arrays(int levels) => new string('[', levels) + new string(']', levels);
    }

    static string Tree(JsonNode chat) => Write(Made(chat));

    static ImportedTree Made(JsonNode chat) => ImportedTree.Of(Read(chat.ToJsonString()).Chat!, Now);

    static ReadChat Read(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var scan = new JsonValueScan();
        scan.Read(bytes);
        return ExportFormats.Read(new(bytes, scan.Depth), new(), new(new()));
    }

    static string Write(ImportedTree tree) => string.Join(" | ", tree.Messages.Index().Select(x =>
        $"{x.Index + 1}<{(x.Item.Parent < 0 ? "-" : x.Item.Parent + 1)} {(x.Item.IsReply ? "assistant" : "user")}"
        + $"{(x.Item.IsOnPath ? "*" : "")} {x.Item.Text.Replace("\n\n", "/")}"));
}
