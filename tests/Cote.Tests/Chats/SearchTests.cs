using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

public sealed class SearchTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_question_its_reply_and_a_title_are_found_at_once_the_newest_first()
    {
        await using var app = await CoteApp.StartAsync();
        app.Model.Enqueue(FakeReply.Text("Doves are pigeons."));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Of pigeons");
        var asked = await ada.AskAsync(chat, "What is a pigeon?");
        await ada.EndOfAsync(chat, asked.Text("reply_id"));

        var hits = await ada.FindAsync("pige");

        hits.Select(x => x.TextOrNull("message_id")).ShouldBe([asked.Text("reply_id"), asked.Text("id"), null]);
        hits.ShouldAllBe(x => x.Text("chat_id") == chat && x.Text("chat_title") == "Of pigeons");
        hits.Select(x => x.TextOrNull("sender")).ShouldBe(["ai", "user", null]);
        hits[0].Text("snippet").ShouldBe("Doves are pigeons.");
        hits[0].Found().ShouldBe(["pige"]);
        hits[0].Number("seq").ShouldBe(2);
        hits[0].Text("timestamp").ShouldBe((await ada.MessageAsync(chat, asked.Text("reply_id"))).Text("timestamp"));
        hits[2].Text("timestamp").ShouldBe((await ada.GetAsync($"/chats/{chat}")).Ok()["created_at"]);
        hits[2].TryGetProperty("seq", out _).ShouldBeFalse();
        hits[2].TryGetProperty("on_path", out _).ShouldBeFalse();
        hits[0].TryGetProperty("on_path", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task What_the_index_has_taken_up_is_found_the_same()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Kaffee");
        await ada.TellAsync(chat, "Kaffee mit Milch", "Tee ohne Milch");
        var before = (await ada.FindAsync("milch")).Select(x => x.GetRawText()).ToList();

        await _app.IndexedAsync(ada);

        before.Count.ShouldBe(2);
        (await ada.FindAsync("milch")).Select(x => x.GetRawText()).ShouldBe(before);
        (await ada.FindAsync("kaff")).Count.ShouldBe(2);
        (await ada.FindAsync("kaffee mil")).Count.ShouldBe(1);
        (await ada.FindAsync("kaff milch")).ShouldBeEmpty(); // the last word alone is a beginning
        (await ada.FindAsync("kaffee tee")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_temporary_chat_is_in_no_search_and_an_archived_one_is()
    {
        using var ada = await _app.RegisterAsync();
        var temporary = (await ada.PostAsync("/chats/", new { title = "fleeting dove", temporary = true })).Ok()["id"];
        var archived = (await ada.PostAsync("/chats/", new { title = "old dove", is_archived = true })).Ok()["id"];
        foreach (var chat in new[] { temporary, archived })
            await ada.TellAsync(chat, "a dove");

        (await ada.FindAsync("dove")).Select(x => x.Text("chat_id")).Distinct().ShouldBe([archived]);
        (await ada.FindAsync("dove")).Count.ShouldBe(2);
        await _app.IndexedAsync(ada);
        (await ada.FindAsync("dove")).Select(x => x.Text("chat_id")).Distinct().ShouldBe([archived]);
        (await ada.FindAsync("fleeting")).ShouldBeEmpty();
        (await _app.CountAsync($"select count(*) from search_documents where chat_id = '{temporary}'")).ShouldBe(0);
    }

    [Fact]
    public async Task Nobody_finds_what_another_wrote()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("secret");
        await ada.TellAsync(chat, "The secret of Ada");
        (await ada.FindAsync("secret")).Count.ShouldBe(2);

        (await bob.FindAsync("secret")).ShouldBeEmpty();
        (await bob.FindAsync("secret", $"&chat_id={chat}")).ShouldBeEmpty();
        await _app.IndexedAsync(ada);
        (await bob.FindAsync("secret")).ShouldBeEmpty();
        (await bob.FindAsync("secret", $"&chat_id={chat}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_search_can_be_of_one_chat_or_of_one_sender()
    {
        await using var app = await CoteApp.StartAsync();
        app.Model.Enqueue(FakeReply.Text("A word of mine"));
        using var ada = await app.RegisterAsync();
        var (first, second) = (await ada.CreateChatAsync("word"), await ada.CreateChatAsync("other"));
        var asked = await ada.AskAsync(first, "A word of yours");
        await ada.EndOfAsync(first, asked.Text("reply_id"));
        await ada.TellAsync(second, "Another word");

        for (var round = 0; round < 2; round++)
        {
            (await ada.FindAsync("word")).Count.ShouldBe(4);
            (await ada.FindAsync("word", $"&chat_id={first.ToUpperInvariant()}")).Count.ShouldBe(3);
            (await ada.FindAsync("word", $"&chat_id={second}")).Count.ShouldBe(1);
            (await ada.FindAsync("word", "&sender=ai")).Select(x => x.Text("message_id"))
                .ShouldBe([asked.Text("reply_id")]);
            (await ada.FindAsync("word", "&sender=user")).Count.ShouldBe(2);
            (await ada.FindAsync("word", "&chat_id=0190a0b0-0000-7000-8000-000000000001")).ShouldBeEmpty();
            (await ada.FindAsync("word", "&chat_id=none")).ShouldBeEmpty();
            await app.IndexedAsync(ada);
        }
    }

    [Theory]
    [InlineData("", "q", "missing")]
    [InlineData("?q=", "q", "string_too_short")]
    [InlineData("?q=a%00b", "q", "value_error")]
    [InlineData("?q=a&limit=0", "limit", "greater_than_equal")]
    [InlineData("?q=a&limit=101", "limit", "less_than_equal")]
    [InlineData("?q=a&limit=x", "limit", "int_parsing")]
    [InlineData("?q=a&before=x", "before", "int_parsing")]
    [InlineData("?q=a&sender=robot", "sender", "value_error")]
    [InlineData("?q=a&offset=20", "offset", "value_error")]
    public async Task What_is_wrong_is_named(string query, string field, string type)
    {
        using var ada = await _app.RegisterAsync();

        var error = await ada.GetAsync("/search" + query);

        error.Status.ShouldBe(422);
        error.Json.GetProperty("detail")[0].Text("type").ShouldBe(type);
        error.Json.GetProperty("detail")[0].GetProperty("loc").EnumerateArray().Select(x => x.GetString())
            .ShouldBe(["query", field]);
    }

    [Fact]
    public async Task A_query_has_at_most_500_units()
    {
        using var ada = await _app.RegisterAsync();

        (await ada.GetAsync("/search?q=" + new string('a', 500))).Ok().Text.ShouldBe("[]");
        (await ada.GetAsync("/search?q=" + new string('a', 501))).Status.ShouldBe(422);
    }

    [Fact]
    public async Task Searches_have_a_rate_of_their_own()
    {
        await using var app = await CoteApp.StartAsync("--Cote:RateLimits:SearchPerMinute=2");
        using var ada = await app.RegisterAsync();
        (await ada.GetAsync("/limits")).Ok().Json.GetProperty("search").GetRawText()
            .ShouldBe("""{"q":500,"per_minute":2}""");

        await ada.FindAsync("a");
        await ada.FindAsync("a");
        var refused = await ada.GetAsync("/search?q=a");

        refused.ShouldBeProblem(429, "rate_limited", "Too many requests; wait as long as Retry-After says");
        refused.Header("Retry-After").ShouldNotBeNull();
        (await ada.GetAsync("/chats/")).Ok();
    }

    [Fact]
    public async Task Pages_follow_each_other_to_the_end_without_a_gap()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var sent = await ada.TellAsync(chat, [.. Enumerable.Range(1, 7).Select(x => $"dove {x}")]);
        sent.Reverse();

        for (var round = 0; round < 2; round++)
        {
            (await ada.PagesAsync("/search?q=dove&limit=3&sender=user")).ShouldBe(sent);
            (await ada.PagesAsync($"/search?q=dove&limit=7&chat_id={chat}")).ShouldBe(sent);
            await _app.IndexedAsync(ada);
        }
    }

    [Fact]
    public async Task A_page_may_be_empty_and_still_lead_on()
    {
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(x =>
        {
            Searching.WithoutLoop(x);
            x.Map(routes => services = routes.ServiceProvider);
        });
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var sent = await ada.TellAsync(chat, "foo bar");
        await app.FillAsync(ada, chat, 2_400, x => "bar and foo");
        await app.WriteAsync($"update messages set timestamp = 1600000000000 where id = '{sent[0]}'");
        await services.IndexAsync(ada);

        var page = await ada.GetAsync("/search?q=" + Uri.EscapeDataString("\"foo bar\""));

        page.Ok().Text.ShouldBe("[]");
        page.Header("Link").ShouldNotBeNull();
        (await ada.PagesAsync("/search?q=" + Uri.EscapeDataString("\"foo bar\""))).Count.ShouldBe(1);
    }
}
