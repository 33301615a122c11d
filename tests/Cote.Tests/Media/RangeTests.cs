using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

/// <summary>Ranges as RFC 9110 has them, section 14.2 and 13.1.5.</summary>
public sealed class RangeTests(SharedApp shared)
{
    const string Text = "0123456789abcdefghij";

    [Theory]
    [InlineData("bytes=0-1", 206, "01")]
    [InlineData("BYTES=0-1", 206, "01")] // units are named in any case
    [InlineData("bytes=18-", 206, "ij")]
    [InlineData("bytes=-2", 206, "ij")]
    [InlineData("bytes=-99", 206, Text)]
    [InlineData("bytes=15-99", 206, "fghij")]
    [InlineData("bytes=20-", 416, null)]
    [InlineData("bytes=-0", 416, null)]
    [InlineData("items=0-1", 200, Text)] // a unit that is not known is ignored
    [InlineData("seconds=0-1", 200, Text)]
    [InlineData("byte=0-1", 200, Text)]
    [InlineData("bytes=0-0,5-6", 200, Text)] // several ranges are not served
    [InlineData("items=0-0,5-6", 200, Text)]
    [InlineData("bytes=0-0,items", 200, Text)]
    [InlineData("bytes=5-2", 200, Text)] // not a range
    [InlineData("bytes=a-b", 200, Text)]
    [InlineData("bytes", 200, Text)]
    [InlineData("=0-1", 200, Text)]
    [InlineData("bytes=0-99999999999999999999", 200, Text)]
    public async Task A_range_is_served_or_the_whole_is(string range, int status, string? content)
    {
        using var ada = await shared.App.RegisterAsync();
        var url = await UploadAsync(ada);

        var part = await ada.GetAsync(url, x => x.TryAddWithoutValidation("Range", range));

        part.Status.ShouldBe(status);
        part.Header("Accept-Ranges").ShouldBe(status == 416 ? part.Header("Accept-Ranges") : "bytes");
        (part.Header("Content-Range") is null).ShouldBe(status == 200);
        if (content is not null)
            part.Text.ShouldBe(content);
    }

    [Theory]
    [InlineData("{tag}", 206)]
    [InlineData("{date}", 206)]
    [InlineData("W/{tag}", 200)] // a weak one matches nothing here
    [InlineData("\"another\"", 200)]
    [InlineData("{later}", 200)] // a date must be the very one
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 200)]
    [InlineData("yesterday", 200)]
    public async Task A_range_of_what_has_changed_is_the_whole(string ifRange, int status)
    {
        using var ada = await shared.App.RegisterAsync();
        var url = await UploadAsync(ada);
        var whole = (await ada.GetAsync(url)).Ok();
        var modified = whole.Message.Content.Headers.LastModified!.Value;
        var condition = ifRange.Replace("{tag}", whole.Header("ETag"))
            .Replace("{date}", modified.ToString("R")).Replace("{later}", modified.AddDays(1).ToString("R"));

        var part = await ada.GetAsync(url, x =>
        {
            x.TryAddWithoutValidation("Range", "bytes=0-1");
            x.TryAddWithoutValidation("If-Range", condition);
        });

        (part.Status, part.Text).ShouldBe(status == 206 ? (206, "01") : (200, Text));
    }

    [Fact]
    public async Task A_range_counts_for_GET_alone()
    {
        using var ada = await shared.App.RegisterAsync();
        var url = await UploadAsync(ada);

        var head = await ada.SendAsync(HttpMethod.Head, url, change: x =>
            x.Headers.TryAddWithoutValidation("Range", "bytes=0-1"));

        (head.Status, head.Message.Content.Headers.ContentLength, head.Header("Content-Range"))
            .ShouldBe((200, Text.Length, null));
    }

    [Fact]
    public async Task A_range_of_what_is_cached_is_answered_by_304()
    {
        using var ada = await shared.App.RegisterAsync();
        var url = await UploadAsync(ada);
        var tag = (await ada.GetAsync(url)).Header("ETag");

        (await AskAsync("If-None-Match", tag!)).ShouldBe(304);
        (await AskAsync("If-None-Match", "\"x\"")).ShouldBe(206);
        (await AskAsync("If-Match", "\"x\"")).ShouldBe(412);

        async Task<int> AskAsync(string header, string value) => (await ada.GetAsync(url, x =>
        {
            x.TryAddWithoutValidation("Range", "bytes=0-1");
            x.TryAddWithoutValidation(header, value);
        })).Status;
    }

    static async Task<string> UploadAsync(CoteClient client) =>
        (await client.UploadAsync(Encoding.ASCII.GetBytes(Text), "a.txt")).Ok()["url"];
}
