using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

public sealed class ListMessagesTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_page_holds_the_newest_ascending_and_next_leads_back()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await FilledAsync(ada, 5);

        var pages = await ChatTests.PagesAsync(ada, $"/chats/{chat}/messages/?limit=4");

        pages.Select(Seqs).ShouldBe(["7 8 9 10", "3 4 5 6", "1 2"]);
        (await ada.GetAsync($"/chats/{chat}/messages?limit=10")).Ok().Header("Link").ShouldBeNull();
        Seqs((await ada.MessagesAsync(chat))).ShouldBe("1 2 3 4 5 6 7 8 9 10");
        Seqs((await ada.GetAsync($"/chats/{chat}/messages/?before=3")).Ok().Json.EnumerateArray()).ShouldBe("1 2");
        (await ada.GetAsync($"/chats/{chat}/messages/?before=1")).Ok().Text.ShouldBe("[]");
    }

    [Fact]
    public async Task After_a_seq_pages_lead_forward()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await FilledAsync(ada, 4);

        (await ChatTests.PagesAsync(ada, $"/chats/{chat}/messages/?after=1&limit=3"))
            .Select(Seqs).ShouldBe(["2 3 4", "5 6 7", "8"]);
        (await ada.GetAsync($"/chats/{chat}/messages/?after=8")).Ok().Text.ShouldBe("[]");
        (await ada.GetAsync($"/chats/{chat}/messages/?after=9223372036854775807")).Ok().Text.ShouldBe("[]");
        Seqs((await ada.GetAsync($"/chats/{chat}/messages/?after=0")).Ok().Json.EnumerateArray())
            .ShouldBe("1 2 3 4 5 6 7 8");
    }

    [Theory]
    [InlineData("limit=0", "query.limit greater_than_equal")]
    [InlineData("limit=1001", "query.limit less_than_equal")]
    [InlineData("limit=1.5", "query.limit int_parsing")]
    [InlineData("after=x", "query.after int_parsing")]
    [InlineData("before=-1", "query.before greater_than_equal")]
    [InlineData("before=9223372036854775808", "query.before int_parsing")]
    [InlineData("before=1&after=1", "query.before value_error")]
    [InlineData("skip=20", "query.skip value_error")]
    [Trait("Rows", "none")]
    public async Task A_page_that_cannot_be_is_a_422(string query, string wrong)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        (await ada.GetAsync($"/chats/{chat}/messages/?{query}")).ShouldBeWrong(wrong);
        (await ada.GetAsync($"/chats/{chat}/messages/?limit=1000")).Ok();
    }

    [Fact]
    public async Task A_reply_is_listed_once_it_has_text_until_then_its_seq_is_a_hole()
    {
        var (first, rest) = (new Gate(), new Gate());
        await using var app = await CoteApp.StartAsync();
        app.Model.Script = FakeReply.After(first).Then("one").ThenWaitFor(rest).Then(" two");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();

        var question = await ada.AskAsync(chat, "Hi");
        var second = await ada.AskAsync(chat, "And?");
        await first.Reached;
        Seqs(await ada.MessagesAsync(chat)).ShouldBe("1 3");
        var unlisted = await ada.MessageAsync(chat, question.Text("reply_id"));
        (unlisted.Number("seq"), unlisted.Text("content"), unlisted.GetProperty("generation").Text("state"))
            .ShouldBe((2, "", "running"));
        (await ada.MessageAsync(chat, second.Text("reply_id")))
            .GetProperty("generation").Text("state").ShouldBe("queued");

        first.Open();
        await socket.NextAsync("message.status",
            x => x.MessageId == question.Text("id") && x.Data.Text("status") == "read");
        var listed = await ada.MessagesAsync(chat);
        Seqs(listed).ShouldBe("1 2 3");
        (listed[1].Text("content"), listed[1].GetProperty("generation").Text("state")).ShouldBe(("one", "running"));

        rest.Open();
        var ended = await socket.EndOfAsync(question.Text("reply_id"));
        ended.Text("timestamp").ShouldBe(listed[1].Text("timestamp"));
        await socket.EndOfAsync(second.Text("reply_id"));
        Seqs(await ada.MessagesAsync(chat)).ShouldBe("1 2 3 4");
    }

    [Theory, Trait("Rows", "none")] // pages are cut by the program, of whatever rows
    [InlineData("漢")]
    [InlineData("😀")]
    [InlineData("\u0001")]
    public async Task However_long_the_texts_a_page_has_8_MB_and_leads_on_to_the_rest(string letter)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/instant");
        var content = string.Concat(Enumerable.Repeat(letter, 100_000 / letter.Length));
        var ids = new List<string>();
        for (var i = 0; i < 30; i++)
            ids.Add((await ada.AskAsync(chat, content)).Text("id"));

        var back = await ChatTests.PagesAsync(ada, $"/chats/{chat}/messages/");
        var forward = await ChatTests.PagesAsync(ada, $"/chats/{chat}/messages/?after=0");

        back.Count.ShouldBeGreaterThan(1);
        Enumerable.Reverse(back).SelectMany(x => x)
            .Where(x => x.Text("sender") == "user").Select(x => x.Text("id")).ShouldBe(ids);
        forward.SelectMany(x => x).Where(x => x.Text("sender") == "user").Select(x => x.Text("id")).ShouldBe(ids);
        forward.SelectMany(x => x).Where(x => x.Text("sender") == "user")
            .ShouldAllBe(x => x.Text("content") == content);
    }

    [Fact]
    public async Task A_list_that_was_written_once_is_written_anew_when_anything_in_it_has_changed()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var eve = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync("first title");
        var path = $"/chats/{chat}/messages/";
        var (question, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("an answer")));
        await ada.EndOfAsync(chat, reply);
        async Task<string> TwiceAsync(string list)
        {
            var (first, second) = ((await ada.GetAsync(list)).Ok(), (await ada.GetAsync(list)).Ok());
            second.Header("Link").ShouldBe(first.Header("Link"));
            return second.Text;
        }

        await TwiceAsync(path);
        (await ada.PutAsync($"{path}{reply}/read")).Ok();
        (await TwiceAsync(path)).ShouldContain(
            "\"status\":\"read\",\"media_urls\":[],\"media\":[],\"reply_to_id\":\"" + question);
        (await TwiceAsync(path + "?limit=1")).ShouldNotContain($"\"id\":\"{question}\"");
        (await TwiceAsync("/chats/")).ShouldContain("first title");
        (await ada.PatchAsync($"/chats/{chat}", new { title = "second title" })).Ok();
        (await TwiceAsync("/chats/")).ShouldContain("second title");

        var gate = new Gate();
        var (_, growing) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text("it grows").ThenWaitFor(gate).Then(", and ends")));
        while (!(await TwiceAsync(path)).Contains("it grows", StringComparison.Ordinal)) // by its first checkpoint
            await ada.GetAsync("/events?wait=1&cursor=" + (await ada.GetAsync("/events")).Ok()["cursor"]);
        gate.Open();
        await ada.EndOfAsync(chat, growing);
        (await TwiceAsync(path)).ShouldContain("it grows, and ends");

        (await ada.DeleteAsync($"{path}{question}")).Ok();
        (await TwiceAsync(path)).ShouldNotContain("an answer");
        (await eve.GetAsync(path)).ShouldBeNoChat();
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        (await ada.GetAsync(path)).ShouldBeNoChat();
        (await TwiceAsync("/chats/")).ShouldBe("[]");
    }

    static string Seqs(IEnumerable<JsonElement> messages) => string.Join(' ', messages.Select(x => x.Number("seq")));

    static async Task<string> FilledAsync(CoteClient client, int turns)
    {
        var chat = await client.CreateChatAsync();
        string? last = null;
        for (var i = 0; i < turns; i++)
            last = (await client.AskAsync(chat, $"{i}")).Text("reply_id");
        await client.EndOfAsync(chat, last!);
        return chat;
    }
}
