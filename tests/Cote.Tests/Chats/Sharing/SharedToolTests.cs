using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats;

/// <summary>Files that tools make are shown as their output is.</summary>
public sealed class SharedToolTests(ToolApp app) : ToolAppTests(app), IClassFixture<ToolApp>
{
    const string Secret = "the whole of a long output";

    [Fact]
    public async Task A_long_output_and_a_picture_of_a_tool_are_shown_with_tools_alone()
    {
        using var nobody = Live.App.Anonymous();
        Tools.Does["look"] = (_, _, _) => Task.FromResult<object?>($"{new string('x', 100_000)} {Secret}");
        var play = Live.Play(FakeReply.Call("look"), FakeReply.Text("I looked"));
        var notes = (await Ada.UploadAsync("0123"u8.ToArray(), "notes.txt")).Ok()["url"];
        var sent = (await Ada.PostAsync($"/chats/{Chat}/messages/",
            new { content = play.Question, type = "file", media_urls = new[] { notes } })).Ok();
        await Ada.EndOfAsync(Chat, sent["reply_id"]);
        var (plain, thoughts, tools) = (await Ada.ShareAsync(Chat),
            await Ada.ShareAsync(Chat, new { live = true, include = new[] { "reasoning" } }),
            await Ada.ShareAsync(Chat, new { include = new[] { "tools" } }));

        foreach (var path in (string[])[plain, thoughts])
        {
            var shown = await nobody.ShownAsync(path);
            shown[1].Names().ShouldBe("content place sender timestamp");
            shown[0].GetProperty("parts")[0].Text("name").ShouldBe("notes.txt");
            (await nobody.GetAsync(path + "/media/1")).Ok().Text.ShouldBe("0123");
            (await nobody.GetAsync(path + "/media/2")).ErrorCode.ShouldBe("media_not_found");
        }
        var parts = (await nobody.ShownAsync(tools))[1].GetProperty("parts").EnumerateArray().ToList();
        var file = parts.Single(x => x.Text("type") == "file");
        (await nobody.GetAsync(file.Text("url"))).Ok().Text.ShouldEndWith(Secret);

        using var bob = await Live.RegisterAsync();
        var copy = (await bob.PostAsync(plain + "/fork")).Ok()["id"];
        (await bob.GetAsync($"/chats/{copy}/messages/?parts=all")).Ok().Text.ShouldNotContain("look.txt");
        // What is copied with its call is shown with it again, and not without.
        var with = (await bob.PostAsync(tools + "/fork")).Ok()["id"];
        (await nobody.ShownAsync(await bob.ShareAsync(with)))[1].TryGetProperty("parts", out _).ShouldBeFalse();
        (await nobody.ShownAsync(await bob.ShareAsync(with, new { include = new[] { "tools" } })))[1].ToString()
            .ShouldContain("look.txt");
    }
}
