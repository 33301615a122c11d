using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models.Wire;

/// <summary>Citations and pictures of an answer.</summary>
public sealed class CitationTests : WireTests
{
    const string Citation =
        """{"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://doves.example/a","title":"Doves","content":"They fly."}}""";

    [Theory]
    [InlineData("\"delta\":{\"annotations\":[" + Citation + "]}")]
    [InlineData("\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"\",\"annotations\":[" + Citation + "]}]}")]
    [InlineData("\"delta\":{\"annotations\":[" + Citation + "," + Citation + "]}")]
    [InlineData("\"message\":{\"content\":\"\",\"annotations\":[" + Citation + "]}")]
    [InlineData(
        "\"delta\":{\"annotations\":[{\"type\":\"url_citation\",\"start_index\":0,\"end_index\":5,\"url\":\"https://doves.example/a\",\"title\":\"Doves\",\"content\":\"They fly.\"}]}")]
    public async Task A_citation_is_read_wherever_it_stands(string members)
    {
        var contents = await ContentsAsync(
            "openai", Raw.Said("Doves"), Raw.Choice(members), Raw.Choice(members), Raw.Stop);

        string.Concat(contents.OfType<TextContent>().Select(x => x.Text)).ShouldBe("Doves");
        var citation = Cited(contents).ShouldHaveSingleItem();
        (citation.Url!.AbsoluteUri, citation.Title, citation.Snippet)
            .ShouldBe(("https://doves.example/a", "Doves", "They fly."));
        var region = citation.AnnotatedRegions!.Single().ShouldBeOfType<TextSpanAnnotatedRegion>();
        (region.StartIndex, region.EndIndex).ShouldBe((0, 5));
    }

    [Fact]
    public async Task A_citation_of_Anthropic_speaks_of_the_text_of_its_block()
    {
        var contents = await ContentsAsync("anthropic",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"So: "}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://doves.example/a","title":"Doves","cited_text":"They fly."}}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Doves fly."}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","document_title":"Birds","cited_text":"All fly.","start_char_index":70,"end_char_index":78}}}""",
            """{"type":"content_block_stop","index":1}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"}}""");

        var citations = Cited(contents);
        citations.Select(x => (x.Title, x.Snippet, x.Url?.AbsoluteUri)).ShouldBe(
            [("Doves", "They fly.", "https://doves.example/a"), ("Birds", "All fly.", null)]);
        citations.SelectMany(x => x.AnnotatedRegions!).Cast<TextSpanAnnotatedRegion>()
            .ShouldAllBe(x => x.StartIndex == 4 && x.EndIndex == 14);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/relative")]
    [InlineData("https://")]
    public async Task An_address_that_is_not_of_the_web_is_left_out(string url)
    {
        var citation = Cited(await ContentsAsync("openai", Raw.Said("x"), Raw.Choice($$$"""
            "delta":{"annotations":[{"url_citation":{"url":"{{{url}}}","title":"T\u0000"}},{"url_citation":{"url":"{{{url}}}"}}]}
            """), Raw.Stop)).ShouldHaveSingleItem();

        (citation.Url, citation.Title, citation.AnnotatedRegions).ShouldBe((null, "T\uFFFD", null));
    }

    public static TheoryData<string> Pictures =>
    [
        """{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw=="},"index":0}]}""",
        """{"images":[{"image_url":"data:image/png;base64,iVBORw=="}]}""",
        """{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw=="}}]}""",
        """{"content":[{"type":"output_image","image_url":"data:image/png;base64,iVBORw=="}]}""",
        """{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw=="}}]}""",
        """{"content":[{"type":"image","b64_json":"iVBORw=="}]}""",
        """{"content":[{"type":"image","mime_type":"image/png","data":"iVBORw=="}]}""",
    ];

    [Theory, MemberData(nameof(Pictures))]
    public async Task A_picture_is_taken_wherever_it_stands(string delta)
    {
        var contents = await ContentsAsync("openai", Raw.Choice($"\"delta\":{delta}"), Raw.Stop);

        var picture = contents.ShouldHaveSingleItem().ShouldBeOfType<DataContent>();
        (picture.MediaType, Convert.ToHexString(picture.Data.Span)).ShouldBe(("image/png", "89504E47"));
    }

    [Theory]
    [InlineData("https://elsewhere.example/a.png")]
    [InlineData("data:text/html;base64,iVBORw==")]
    [InlineData("data:image/png,iVBORw==")]
    [InlineData("data:image/png;base64,!!!")]
    [InlineData("data:image/p ng;base64,iVBORw==")]
    [InlineData("data:image/png;base64,")]
    public async Task What_is_no_picture_in_itself_is_passed_over(string url)
    {
        (await ContentsAsync("openai", Raw.Choice($$$"""
            "delta":{"images":[{"image_url":{"url":"{{{url}}}"}}]}
            """), Raw.Said("x"), Raw.Stop)).ShouldHaveSingleItem().ShouldBeOfType<TextContent>();
    }

    [Fact]
    public async Task Pictures_are_taken_up_to_20_MB()
    {
        string Picture(int bytes) => Raw.Choice($$$"""
            "delta":{"images":[{"image_url":{"url":"data:image/png;base64,{{{Convert.ToBase64String(new byte[bytes])}}}"}}]}
            """);

        var contents = await ContentsAsync(
            "openai", Picture(GeneratedImages.MaxBytes - 300), Picture(600), Picture(300), Raw.Stop);

        contents.Cast<DataContent>().Select(x => x.Data.Length).ShouldBe([GeneratedImages.MaxBytes - 300, 300]);
    }

    static List<CitationAnnotation> Cited(List<AIContent> contents) =>
        [.. contents.SelectMany(x => x.Annotations ?? []).Cast<CitationAnnotation>()];
}
