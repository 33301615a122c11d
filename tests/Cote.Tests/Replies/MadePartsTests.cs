using System.Text.Json;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>What models cite and make beside their text.</summary>
public sealed class MadePartsTests(LiveApp live) : IClassFixture<LiveApp>
{
    // One pixel.
    const string Pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    static string Picture(string base64) => $$$"""
        {"choices":[{"delta":{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{base64}}}"}}]}}]}
        """;

    static string Citation(string url, int start, int end) => $$$"""
        {"choices":[{"delta":{"annotations":[{"type":"url_citation","url_citation":{
          "url":"{{{url}}}","title":"A page","start_index":{{{start}}},"end_index":{{{end}}}}}]}}]}
        """.ReplaceLineEndings(" ");

    static async Task<JsonElement> AnswerAsync(LiveApp live, CoteClient ada, FakeReply script)
    {
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, reply) = await ada.AskForAsync(chat, live.Play(script));
        return await ada.EndOfAsync(chat, reply);
    }

    [Fact]
    public async Task A_picture_is_an_upload_of_the_users_and_stands_in_media_urls()
    {
        using var ada = await live.RegisterAsync();
        await using var socket = await ada.ConnectAsync();
        var gate = new Gate();
        var answer = AnswerAsync(live, ada, FakeReply.Text("Here it is.").ThenRaw(Picture(Pixel)).ThenWaitFor(gate));
        var seen = await socket.NextAsync("message.part", x => x.Data.GetProperty("part").Text("type") == "file");
        gate.Open();
        var end = await answer;

        end.Text("generation", "state").ShouldBe("completed");
        var part = end.GetProperty("parts")[1];
        (part.Text("type"), part.Text("content_type")).ShouldBe(("file", "image/png"));
        var urls = end.GetProperty("media_urls").EnumerateArray().Select(x => x.GetString()).ToList();
        urls.ShouldBe([part.Text("url")]);
        using var http = new HttpClient { BaseAddress = live.App.Url };
        (await http.GetByteArrayAsync(urls[0])).ShouldBe(Convert.FromBase64String(Pixel), "the URL is signed");
        seen.Data.GetProperty("part").Text("media_id").ShouldBe(part.Text("media_id"));
        (await ada.MessageAsync(end.Text("chat_id"), end.Text("id"))).GetProperty("parts")[1].Text("media_id")
            .ShouldBe(part.Text("media_id"));
    }

    [Fact]
    public async Task A_picture_alone_is_an_answer()
    {
        using var ada = await live.RegisterAsync();
        var end = await AnswerAsync(live, ada, FakeReply.Text().ThenRaw(Picture(Pixel)));
        (end.Text("generation", "state"), end.Text("content")).ShouldBe(("completed", ""));
        end.GetProperty("parts").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_picture_without_room_in_the_quota_says_so_and_fails_nothing()
    {
        await using var own = await LiveApp.StartAsync("Media:QuotaBytes=10");
        using var ada = await own.RegisterAsync();
        var end = await AnswerAsync(own, ada, FakeReply.Text("Here it is.").ThenRaw(Picture(Pixel)));

        end.Text("generation", "state").ShouldBe("completed");
        end.GetProperty("media_urls").GetArrayLength().ShouldBe(0);
        var part = end.GetProperty("parts")[1];
        part.Text("error").ShouldBe("quota");
        part.TryGetProperty("media_id", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_citation_stands_behind_the_text_that_it_bears_out_and_only_with_a_url_of_the_web()
    {
        using var ada = await live.RegisterAsync();
        var end = await AnswerAsync(live, ada, FakeReply.Text("Doves ")
            .ThenRaw(Citation("https://doves.example/", 0, 5)).ThenRaw(Citation("javascript:alert(1)", 6, 11))
            .ThenRaw(Citation("https://far.example/", 3, 900)).Then("fly."));

        end.Text("content").ShouldBe("Doves fly.", "a citation cuts no text");
        PartsOf(end).ShouldBe([
            """{"type":"text","start":0,"end":10}""",
            """{"type":"source","title":"A page","url":"https://doves.example/","start":0,"end":5}""",
            """{"type":"source","title":"A page"}""",
            """{"type":"source","title":"A page","url":"https://far.example/"}"""]);
    }

    [Fact]
    public async Task A_picture_of_a_deleted_reply_is_kept_by_nothing()
    {
        using var ada = await live.RegisterAsync();
        var end = await AnswerAsync(live, ada, FakeReply.Text("Here.").ThenRaw(Picture(Pixel)));
        var id = end.GetProperty("parts")[1].Text("media_id");
        bool Names(Dictionary<string, List<string>> rows) =>
            rows["message_media"].Exists(x => x.Contains(id, StringComparison.Ordinal));
        Names(await live.App.RowsAsync()).ShouldBeTrue();

        (await ada.DeleteAsync($"/chats/{end.Text("chat_id")}/messages/{end.Text("id")}")).Status.ShouldBe(200);
        Names(await live.App.RowsAsync()).ShouldBeFalse("it is swept as any upload that nothing names");
    }
}
