using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats;

/// <summary>What those see who have a link, and what they do not.</summary>
public sealed class SharedViewTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_snapshot_is_the_path_of_its_moment_and_holds_no_id()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync("Plans");
        (await ada.PatchAsync($"/chats/{chat}", new { system_prompt = "A secret prompt", model = "openai/fake" })).Ok();
        await ShareTests.AskAsync(ada, chat, "one");
        var two = (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "two" })).Ok().Json;
        await ada.EndOfAsync(chat, two.Text("reply_id"));
        var path = await ada.ShareAsync(chat);
        var messages = await ada.MessagesAsync(chat);

        var first = (await nobody.GetAsync(path)).Ok();

        first.Json.Names().ShouldBe("live messages title");
        (first["title"], first["live"]).ShouldBe(("Plans", "False"));
        first.Header("Cache-Control").ShouldBe("no-store");
        var shown = await nobody.ShownAsync(path);
        shown.Select(x => x.Names()).Distinct().ShouldBe(["content place sender timestamp"]);
        shown.Select(x => x.Number("place")).ShouldBe([1, 2, 3, 4]);
        shown.Select(x => (x.Text("sender"), x.Text("content"), x.Text("timestamp")))
            .ShouldBe(messages.Select(x => (x.Text("sender"), x.Text("content"), x.Text("timestamp"))));
        foreach (var id in messages.Select(x => x.Text("id")).Append(chat).Append(ada.Id).Append("secret prompt"))
            first.Text.ShouldNotContain(id);

        (await ada.PatchAsync($"/chats/{chat}", new { title = "A title of later" })).Ok();
        // What comes later, on this path and beside it, is not shown; what is deleted is not shown any more.
        await ShareTests.AskAsync(ada, chat, "three");
        var edited = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "two, edited", version_of = two.Text("id") })).Ok();
        await ada.EndOfAsync(chat, edited["reply_id"]);
        (await nobody.GetAsync(path)).Text.ShouldBe(first.Text);
        (await ada.DeleteAsync($"/chats/{chat}/messages/{messages[0].Text("id")}")).Ok();
        (await nobody.ContentsAsync(path)).ShouldBe(["two", "Hello world"]);
        (await nobody.ShownAsync(path)).Select(x => x.Number("place")).ShouldBe([1, 2]);
        (await ada.DeleteAsync($"/chats/{chat}/messages/{two.Text("reply_id")}")).Ok();
        (await nobody.ContentsAsync(path)).ShouldBe(["two"]);
        (await ada.DeleteAsync($"/chats/{chat}/messages/{two.Text("id")}")).Ok();
        (await nobody.ContentsAsync(path)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_snapshot_leaves_an_open_reply_out_until_it_has_ended_and_a_live_share_shows_it()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var nobody = live.App.Anonymous();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("some").ThenWaitFor(gate).Then(" more"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await gate.Reached;
        var (snapshot, follows) = (await ada.ShareAsync(chat), await ada.ShareAsync(chat, new { live = true }));

        (await nobody.ContentsAsync(snapshot)).ShouldBe([play.Question]);
        (await nobody.ShownAsync(follows)).Count.ShouldBe(2);
        gate.Open();
        await ada.EndOfAsync(chat, reply);

        (await nobody.ContentsAsync(snapshot)).ShouldBe([play.Question, "some more"]);
        (await nobody.ContentsAsync(follows)).ShouldBe([play.Question, "some more"]);
    }

    [Fact]
    public async Task Thoughts_and_calls_are_shown_where_the_owner_says_so()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync(model: "demo/thinks");
        await ShareTests.AskAsync(ada, chat, "why");
        (await ada.PatchAsync($"/chats/{chat}", new { model = "demo/tool" })).Ok();
        await ShareTests.AskAsync(ada, chat, "when");
        var (plain, thoughts, calls) = (await ada.ShareAsync(chat),
            await ada.ShareAsync(chat, new { include = new[] { "reasoning" } }),
            await ada.ShareAsync(chat, new { include = new[] { "tools" } }));

        (await nobody.ShownAsync(plain)).ShouldAllBe(x => !x.GetRawText().Contains("parts"));
        var thought = (await nobody.ShownAsync(thoughts))[1].GetProperty("parts")[0];
        (thought.Text("type"), thought.Names()).ShouldBe(("reasoning", "ms text type"));
        thought.Text("text").ShouldContain("pretend to think");
        (await nobody.GetAsync(thoughts)).Text.ShouldNotContain("demo_clock");
        var call = (await nobody.ShownAsync(calls))[3].GetProperty("parts").EnumerateArray()
            .First(x => x.Text("type") == "tool");
        call.EnumerateObject().Select(x => x.Name)
            .Except(["type", "name", "title", "state", "input", "output", "truncated", "ms"]).ShouldBeEmpty();
        (call.Text("name"), call.Text("state")).ShouldBe(("demo_clock", "done"));
        (await nobody.GetAsync(calls)).Text.ShouldNotContain("pretend to think");
    }

    [Fact]
    public async Task The_input_of_a_call_that_waits_and_the_detail_of_an_error_are_never_shown()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var call = await ada.WaitForToolAsync("demo/approval");
        var chat = call.Split('/')[2];
        var failing = await ada.CreateChatAsync(model: "demo/fail-mid-way");
        await ShareTests.AskAsync(ada, failing, "hm");
        var path = await ada.ShareAsync(chat, new { live = true, include = new[] { "tools" } });

        var part = await CallAsync();
        var failed = (await nobody.GetAsync(await ada.ShareAsync(failing, new { include = new[] { "tools" } }))).Ok();

        (part.Text("state"), part.TryGetProperty("input", out _)).ShouldBe(("waiting", false));
        failed.Text.ShouldNotContain("error");
        (await ada.PostAsync(call, new { approve = true })).Ok();
        await ada.EndOfAsync(chat, call.Split('/')[4]);
        (await CallAsync()).TryGetProperty("input", out _).ShouldBeTrue();

        async Task<JsonElement> CallAsync() => (await nobody.ShownAsync(path))[1].GetProperty("parts").EnumerateArray()
            .Single(x => x.GetProperty("type").GetString() == "tool");
    }

    [Fact]
    public async Task Hostile_texts_and_names_come_as_they_are_in_JSON_and_break_nothing()
    {
        const string script = "</script><script>alert(1)</script>\u2028\"\\ \u202Egnp.exe";
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync(script);
        var file = (await ada.UploadAsync(Samples.Pdf(), "a\"; filename=\"evil.html<script>\u202E.pdf")).Ok();
        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = script, type = "file", media_urls = new[] { file["url"] } })).Ok();
        var path = await ada.ShareAsync(chat);

        var shown = (await nobody.GetAsync(path)).Ok();

        shown["title"].ShouldBe(script);
        var message = shown.Json.GetProperty("messages")[0];
        message.Text("content").ShouldBe(script);
        message.GetProperty("parts")[0].Text("name").ShouldBe(file["name"]);
        var bytes = (await nobody.GetAsync(message.GetProperty("parts")[0].Text("url"))).Ok();
        bytes.Header("Content-Disposition")!.ShouldStartWith("attachment");
        bytes.Header("Content-Disposition")!.ShouldNotContain("<");
        bytes.Header("Content-Security-Policy").ShouldBe("sandbox; default-src 'none'");
        bytes.Header("X-Content-Type-Options").ShouldBe("nosniff");
    }

    [Fact]
    public async Task A_long_chat_is_shown_whole()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var file = JsonSerializer.Serialize(new[]
        {
            new
            {
                title = "long",
                conversation_id = "long",
                current_node = "n299",
                mapping = Enumerable.Range(0, 300).ToDictionary(i => $"n{i}", i => new
                {
                    id = $"n{i}",
                    parent = i == 0 ? null : $"n{i - 1}",
                    children = i == 299 ? Array.Empty<string>() : [$"n{i + 1}"],
                    message = new
                    {
                        id = $"n{i}",
                        author = new { role = i % 2 == 0 ? "user" : "assistant" },
                        content = new { content_type = "text", parts = new[] { $"{i} {new string('x', 20_000)}" } },
                    },
                }),
            },
        });
        (await ada.SendAsync(HttpMethod.Post, "/import", file)).Ok()["messages"].ShouldBe("300");
        var chat = (await ada.GetAsync("/chats/")).Ok().Json[0].Text("id");

        foreach (var path in (string[])[await ada.ShareAsync(chat), await ada.ShareAsync(chat, new { live = true })])
        {
            var shown = await nobody.ShownAsync(path);
            shown.Select(x => x.Number("place")).ShouldBe(Enumerable.Range(1, 300).Select(x => (long)x));
            shown.Select(x => x.Text("content").Split(' ')[0])
                .ShouldBe(Enumerable.Range(0, 300).Select(x => $"{x}"));
        }
    }
}
