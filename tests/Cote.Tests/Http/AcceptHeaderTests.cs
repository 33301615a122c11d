using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Tests.Http;

public sealed class AcceptHeaderTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("*/*", false)]
    [InlineData("text/*", false)]
    [InlineData("application/json", false)]
    [InlineData("text/event-stream", true)]
    [InlineData("TEXT/Event-Stream", true)]
    [InlineData("text/event-stream; charset=utf-8", true)]
    [InlineData("application/json, text/event-stream", true)] // equal: a client of MCP asks so, and means a stream
    [InlineData("text/event-stream, */*", true)]
    [InlineData("text/event-stream;q=0, application/json", false)]
    [InlineData("text/event-stream;q=0", false)]
    [InlineData("text/event-stream;q=0.000, */*", false)]
    [InlineData("text/event-stream;q=0.1, application/json;q=0.9", false)]
    [InlineData("text/event-stream;q=0.9, application/json;q=0.1", true)]
    [InlineData("text/event-stream;q=0.5, application/*;q=0.8", false)]
    [InlineData("text/event-stream;q=0.5, */*;q=0.8", false)]
    [InlineData("text/event-stream;q=0.5, application/json;q=0.1, */*;q=0.8", true)] // the most specific range counts
    [InlineData("text/event-stream;q=0.5, text/*;q=0, */*;q=0.1", true)]
    [InlineData("text/html, application/xhtml+xml, */*;q=0.8", false)]
    [InlineData("nonsense, text/event-stream", true)]
    public void A_stream_is_what_a_client_names_and_does_not_like_less_than_JSON(string? accept, bool streams)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Accept = accept;

        http.Request.AcceptsEventStream().ShouldBe(streams);
    }

    [Fact]
    public void Several_lines_of_the_header_are_one_list()
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Accept = new(["text/event-stream;q=0.2", "application/json"]);

        http.Request.AcceptsEventStream().ShouldBeFalse();
    }
}
