using System.Text.Json.Nodes;
using Cote.Tools;
using ModelContextProtocol.Protocol;

namespace Cote.Tests.Tools;

/// <summary>What becomes of a result, and of a list, of an MCP server.</summary>
public sealed class McpResultTests
{
    [Theory]
    [InlineData("""{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}""", "a\nb", false)]
    [InlineData("""{"content":[]}""", "", false)]
    [InlineData("""{"content":[{"type":"text","text":"{\"a\": 1}"}]}""", """{"a": 1}""", false)]
    [InlineData(
        """{"content":[{"type":"text","text":"{\"a\": 1}"}],"structuredContent":{"a":1}}""", """{"a":1}""", true)]
    [InlineData("""{"content":[],"structuredContent":{"a":"é"}}""", """{"a":"é"}""", true)]
    [InlineData("""{"structuredContent":[1]}""", "[1]", true)]
    [InlineData("""{"content":[{"type":"text","text":"one"}],"structuredContent":{"a":1}}""", "one", false)]
    [InlineData("""{"content":[{"type":"text","text":"a\ud800b\u0000c"}]}""", "a\uFFFDb\uFFFDc", false)]
    [InlineData(
        """{"content":[{"type":"text","text":5},7,null,{"type":"new"},{"type":"text","text":"a"}]}""", "a", false)]
    [InlineData("""{"content":[{"type":"resource","resource":{"uri":"file:///a","text":"in"}}]}""", "in", false)]
    [InlineData("""{"content":[{"type":"resource_link","uri":"file:///a","name":"n"}]}""", "[n: file:///a]", false)]
    public void A_result_is_text_or_one_JSON_value(string result, string text, bool isJson)
    {
        var output = McpResult.Read(JsonNode.Parse(result));

        (output.Text, output.IsJson, output.IsError).ShouldBe((text, isJson, false));
        output.Files.ShouldBeEmpty();
    }

    [Fact]
    public void Files_are_those_that_can_be_read()
    {
        var output = McpResult.Read(JsonNode.Parse("""
            {"isError":false,"content":[
              {"type":"image","mimeType":"image/png","data":"AQID"},
              {"type":"image","mimeType":"image/png","data":"!AQI"},
              {"type":"audio","mimeType":"not a type\r\n","data":"AQ=="},
              {"type":"resource","resource":{"uri":"file:///a/b.pdf","mimeType":"application/pdf","blob":"Ag=="}}]}
            """));

        output.Files.Select(x => (x.ContentType, x.Name, x.Bytes.Length)).ShouldBe(
        [
            ("image/png", null, 3), ("application/octet-stream", null, 1), ("application/pdf", "b.pdf", 1),
        ]);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("""{"else":1}""")]
    public void What_is_no_result_is_none(string result) =>
        Should.Throw<System.Text.Json.JsonException>(() => McpResult.Read(JsonNode.Parse(result)));

    [Fact]
    public void A_tool_that_is_none_does_not_take_the_others_along()
    {
        var listing = new McpListing();

        var cursor = listing.Add(JsonNode.Parse("""
            {"ttlMs":60000,"nextCursor":"on","tools":[
              {"name":"good","inputSchema":{"type":"object"}},
              {"name":"good","inputSchema":{"type":"object"}},
              {"name":"","inputSchema":{"type":"object"}},
              {"name":"list","inputSchema":{"type":"array"}},
              {"name":"none"},
              {"name":"half","inputSchema":{"type":"object","description":"\ud800"}},
              7]}
            """));

        cursor.ShouldBe("on");
        listing.Tools.Select(x => x.Name).ShouldBe(["good"]);
        listing.PassedOver.ShouldBe(6);
        listing.GoodFor.ShouldBe(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_list_of_endless_pages_ends()
    {
        var listing = new McpListing();

        for (var page = 1; page < 50; page++)
            listing.Add(JsonNode.Parse("""{"tools":[],"nextCursor":"on"}""")).ShouldBe("on");

        listing.Add(JsonNode.Parse("""{"tools":[],"nextCursor":"on"}""")).ShouldBeNull();
        listing.IsCut.ShouldBeTrue();
    }
}
