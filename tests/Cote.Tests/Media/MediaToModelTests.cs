using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

/// <summary>What of the uploads reaches the model: the body of its request is read.</summary>
public sealed class MediaToModelTests
{
    [Theory]
    [InlineData("openai/fake")]
    [InlineData("anthropic/fake")]
    public async Task A_model_is_given_the_bytes_of_an_image(string model)
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 300);

        var request = await AskAsync(app, ada, "What is this?", model, picture);

        var content = request.Messages.EnumerateArray().Last().GetProperty("content");
        content.GetArrayLength().ShouldBe(2);
        content[0].GetProperty("text").GetString().ShouldBe("What is this?");
        Texts(request.Body).ShouldContain(Convert.ToBase64String(picture), Case.Sensitive);
        content[1].GetProperty("type").GetString().ShouldBe(model == "openai/fake" ? "image_url" : "image");
    }

    [Fact]
    public async Task A_text_is_given_as_text_and_what_is_neither_by_its_name()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        var request = await AskAsync(app, ada, "Read this.", "openai/fake",
            Encoding.UTF8.GetBytes("It says: 世界"), Samples.Pdf());

        var text = request.Messages.EnumerateArray().Last().GetProperty("content").GetString()!;
        text.ShouldStartWith("Read this.\n\n[0]\nIt says: 世界\n[end of file]");
        text.ShouldContain("[1: application/pdf, 20 bytes, damaged]");
        text.ShouldNotContain("%PDF");
    }

    [Fact]
    public async Task A_model_that_does_not_see_gets_the_names_of_images()
    {
        await using var app = await CoteApp.StartAsync("Assistants:OpenAI:Vision=false");
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 300);

        var request = await AskAsync(app, ada, "", "openai/fake", picture);

        request.Messages.EnumerateArray().Last().GetProperty("content").GetString()!.ShouldStartWith("[0: image/png, ");
    }

    [Fact]
    public async Task A_text_that_is_larger_than_the_window_is_cut_and_says_so()
    {
        await using var app = await CoteApp.StartAsync("Assistants:OpenAI:ContextTokens=2000");
        using var ada = await app.RegisterAsync();

        var request = await AskAsync(app, ada, "Sum it up.", "openai/fake",
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("世界 word ", 100_000))));

        var text = request.Messages.EnumerateArray().Last().GetProperty("content").GetString()!;
        text.ShouldEndWith("[the rest does not fit here]");
        text.Length.ShouldBeInRange(1_000, 8_000);
        text.ShouldNotContain("\uFFFD");
    }

    [Fact]
    public async Task The_newest_images_are_seen_and_of_those_before_the_names_remain()
    {
        await using var app = await CoteApp.StartAsync("Assistants:MaxImages=2");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var pictures = Enumerable.Range(0, 3).Select(_ => Samples.Png(extra: 200)).ToList();
        foreach (var picture in pictures)
        {
            var url = (await ada.UploadAsync(picture, "p.png")).Ok()["url"];
            var sent = (await ada.PostAsync($"/chats/{chat}/messages/",
                new { content = "see", type = "image", media_urls = new[] { url } })).Ok();
            await ada.EndOfAsync(chat, sent["reply_id"]);
        }

        var body = Texts(app.Model.Requests[^1].Body);

        body.ShouldNotContain(Convert.ToBase64String(pictures[0]), Case.Sensitive);
        body.ShouldContain("[p.png: image/png, ");
        body.ShouldContain(Convert.ToBase64String(pictures[1]), Case.Sensitive);
        body.ShouldContain(Convert.ToBase64String(pictures[2]), Case.Sensitive);
    }

    [Fact]
    public async Task An_image_too_large_for_a_model_is_scaled_and_kept_so()
    {
        await using var app = await CoteApp.StartAsync("Assistants:MaxImageBytes=1000");
        using var ada = await app.RegisterAsync();
        var url = (await ada.UploadAsync(Samples.Png(64, 64, extra: 20_000), "dove.png")).Ok()["url"];

        for (var i = 0; i < 2; i++)
        {
            var request = await AskOfAsync(app, ada, "x", "openai/fake", url);

            var image = request.Messages.EnumerateArray().Last().GetProperty("content")[1];
            var sent = Convert.FromBase64String(image.Text("image_url", "url").Split(',')[1]);
            sent.Length.ShouldBeLessThanOrEqualTo(1_000);
        }
        (await app.RowsAsync())["media_forms"].Count.ShouldBe(1);
    }

    [Fact]
    public async Task No_image_at_all_is_sent_where_none_may_have_a_byte()
    {
        await using var app = await CoteApp.StartAsync("Assistants:MaxImageBytes=0");
        using var ada = await app.RegisterAsync();

        var request = await AskAsync(app, ada, "x", "openai/fake", Samples.Png());

        request.Messages.EnumerateArray().Last().GetProperty("content").ValueKind.ShouldBe(JsonValueKind.String);
    }

    static async Task<FakeRequest> AskAsync(
        CoteApp app, CoteClient client, string content, string model, params byte[][] files)
    {
        var urls = new List<string>();
        for (var i = 0; i < files.Length; i++)
            urls.Add((await client.UploadAsync(files[i], $"{i}")).Ok()["url"]);
        return await AskOfAsync(app, client, content, model, [.. urls]);
    }

    static async Task<FakeRequest> AskOfAsync(
        CoteApp app, CoteClient client, string content, string model, params string[] urls)
    {
        var chat = await client.CreateChatAsync(model: model);
        (await client.PostAsync($"/chats/{chat}/messages/", new { content, type = "file", media_urls = urls })).Ok();
        return await app.Model.NextRequest();
    }

    // All texts of a body, read: as they stand they are escaped.
    static string Texts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => string.Join('\n', json.EnumerateObject().Select(x => Texts(x.Value))),
        JsonValueKind.Array => string.Join('\n', json.EnumerateArray().Select(Texts)),
        JsonValueKind.String => json.GetString()!,
        _ => "",
    };
}
