using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>How the index comes about, and what goes out of it.</summary>
public sealed class SearchIndexTests(SharedApp shared)
{
    const string Secret = "xylophonist";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_deleted_message_is_not_found_and_in_no_index()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var sent = await ada.TellAsync(chat, $"The {Secret} plays", $"Another {Secret}");
        await _app.IndexedAsync(ada);
        (await TermsAsync(_app, ada)).Count(x => x.Contains(Secret, StringComparison.Ordinal)).ShouldBe(2);

        (await ada.DeleteAsync($"/chats/{chat}/messages/{sent[0]}")).Ok();

        (await ada.FindAsync(Secret)).Select(x => x.Text("message_id")).ShouldBe([sent[1]]);
        (await TermsAsync(_app, ada)).Count(x => x.Contains(Secret, StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task What_is_deleted_before_the_index_has_it_never_comes()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var sent = await ada.TellAsync(chat, $"The {Secret} plays");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{sent[0]}")).Ok();

        (await ada.FindAsync(Secret)).ShouldBeEmpty();
        await _app.IndexedAsync(ada);
        (await TermsAsync(_app, ada)).ShouldNotContain(x => x.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_chat_is_not_found_and_leaves_the_index()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync($"Of a {Secret}");
        await ada.TellAsync(chat, $"The {Secret} plays");
        await _app.IndexedAsync(ada);
        (await ada.FindAsync(Secret)).Count.ShouldBe(2);

        (await ada.DeleteAsync($"/chats/{chat}")).Ok();

        (await ada.FindAsync(Secret)).ShouldBeEmpty();
        await _app.IndexedAsync(ada);
        (await TermsAsync(_app, ada)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_title_is_found_as_it_is_now()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Old title");
        await _app.IndexedAsync(ada);

        (await ada.PatchAsync($"/chats/{chat}", new { title = "New name" })).Ok();

        for (var round = 0; round < 2; round++)
        {
            (await ada.FindAsync("old")).ShouldBeEmpty();
            (await ada.FindAsync("new")).Count.ShouldBe(1);
            await _app.IndexedAsync(ada);
        }
        (await TermsAsync(_app, ada)).Single().ShouldNotContain("old");
    }

    [Fact]
    public async Task An_erased_account_leaves_nothing_of_its_texts_anywhere()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        await ada.TellAsync(await ada.CreateChatAsync(Secret), $"The {Secret} plays");
        await app.IndexedAsync(ada);
        (await EverywhereAsync(app)).ShouldContain(Secret);

        (await ada.DeleteAsync("/users/me")).Ok();

        (await EverywhereAsync(app)).ShouldNotContain(Secret);
        (await app.CountAsync("select count(*) from search_documents")).ShouldBe(0);
        (await app.CountAsync("select count(*) from search_marks")).ShouldBe(0);
    }

    [Fact]
    public async Task The_text_of_an_open_reply_is_not_found_until_its_end()
    {
        var gate = new Gate();
        await using var app = await CoteApp.StartAsync();
        app.Model.Enqueue(FakeReply.Text(Secret).ThenWaitFor(gate));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var asked = await ada.AskAsync(chat, "Who?");
        await gate.Reached.InTimeAsync();
        await app.IndexedAsync(ada);

        (await ada.FindAsync(Secret)).ShouldBeEmpty();
        gate.Open();
        await ada.EndOfAsync(chat, asked.Text("reply_id"));

        (await ada.FindAsync(Secret)).Single().Text("message_id").ShouldBe(asked.Text("reply_id"));
    }

    [Fact]
    public async Task While_the_index_is_far_behind_searches_say_so_and_still_find_what_is_new()
    {
        await using var app = await CoteApp.StartAsync(Searching.WithoutLoop);
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await ada.TellAsync(chat, $"The {Secret} plays");
        (await ada.SearchAsync(Secret)).Header("Cote-Search-Complete").ShouldBeNull();
        await app.WriteAsync($"update heads set seq = seq + 2000 where user_id = '{ada.Id}'");

        (await ada.SearchAsync(Secret)).Header("Cote-Search-Complete").ShouldBe("false");
        var sent = await ada.TellAsync(chat, $"A second {Secret}");
        (await ada.FindAsync(Secret)).Select(x => x.Text("message_id")).ShouldBe(sent);

        await app.ReplaceAsync(null);
        using var again = new CoteClient(app.Url) { Token = ada.Token };
        await app.IndexedAsync(ada);
        var complete = await again.SearchAsync(Secret);
        complete.Header("Cote-Search-Complete").ShouldBeNull();
        complete.Json.GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task Of_a_log_that_was_trimmed_the_rows_are_read_anew()
    {
        await using var app = await CoteApp.StartAsync(Searching.WithoutLoop);
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync($"Title of a {Secret}");
        var sent = await ada.TellAsync(chat, $"The {Secret} plays");
        await app.WriteAsync(
            $"update heads set tail = seq where user_id = '{ada.Id}'",
            $"delete from events where user_id = '{ada.Id}'");
        (await ada.SearchAsync(Secret)).Header("Cote-Search-Complete").ShouldBe("false");

        await app.ReplaceAsync(null);
        using var again = new CoteClient(app.Url) { Token = ada.Token };
        await app.IndexedAsync(ada);

        (await again.FindAsync(Secret)).Select(x => x.TextOrNull("message_id")).ShouldBe([sent[0], null]);
    }

    [Fact]
    public async Task A_chat_that_appears_with_all_of_its_messages_is_indexed_whole_and_at_once_found_if_it_is_small()
    {
        await using var app = await CoteApp.StartAsync(Searching.WithoutLoop);
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await app.FillAsync(ada, chat, 500, x => $"{Secret} {x}");

        (await ada.PagesAsync($"/search?q={Secret}&limit=100")).Count.ShouldBe(500);
        (await ada.FindAsync($"{Secret} 500")).Single().Text("timestamp").ShouldBe("2023-11-14T22:13:20.500Z");
        await app.FillAsync(ada, await ada.CreateChatAsync(), 600, x => $"Another {Secret} {x}");
        (await ada.SearchAsync(Secret)).Header("Cote-Search-Complete").ShouldBe("false");

        await app.ReplaceAsync(null);
        using var again = new CoteClient(app.Url) { Token = ada.Token };
        await app.IndexedAsync(ada);
        var found = await again.PagesAsync($"/search?q={Secret}&limit=100");
        found.Count.ShouldBe(1_100);
        found.Distinct().Count().ShouldBe(1_100);
    }

    [Fact]
    public async Task A_restart_in_the_middle_goes_on()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await app.IndexedAsync(ada);
        await app.FillAsync(ada, chat, 1_000, x => $"{Secret} {x}");
        await ada.CreateChatAsync("An event");
        await Patience.UntilAsync(async () => (await TermsAsync(app, ada)).Count > 50, "the index has begun");

        await app.RestartAsync();
        using var again = new CoteClient(app.Url) { Token = ada.Token };
        await app.IndexedAsync(ada);

        (await again.PagesAsync($"/search?q={Secret}&limit=100")).Distinct().Count().ShouldBe(1_000);
    }

    [Fact]
    public async Task A_message_beside_the_active_path_is_found_and_says_so()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var sent = await ada.TellAsync(chat, $"The {Secret} plays");
        await _app.WriteAsync($"update messages set on_path = 0 where user_id = '{ada.Id}' and id = '{sent[0]}'");

        (await ada.FindAsync(Secret)).Single().GetProperty("on_path").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_word_of_every_length_and_a_long_text_are_found_and_snippets_are_pieces_of_it()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (many, endless) = (string.Join(' ', Enumerable.Range(0, 3_000)), new string('x', 400));
        var text = $"{many} needle {endless} 😀😀 {many[..300]}";
        await ada.TellAsync(chat, text);

        for (var round = 0; round < 2; round++)
        {
            foreach (var query in (string[])["needle", "ne", "need", "needl", endless, endless[..70], "2999"])
            {
                var hit = (await ada.FindAsync(query, "&sender=user")).Single();
                text.ShouldContain(hit.Text("snippet"));
                hit.Found()[0].ShouldStartWith(query[..Math.Min(query.Length, 300)]);
            }
            await _app.IndexedAsync(ada);
        }
    }

    static async Task<IReadOnlyList<string>> TermsAsync(CoteApp app, CoteClient client) =>
        [.. (await app.RowsAsync())["search_documents"].Where(x => x.Contains(client.Id, StringComparison.Ordinal))];

    static async Task<string> EverywhereAsync(CoteApp app) =>
        string.Join('\n', (await app.RowsAsync()).Values.SelectMany(x => x));
}
