using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Media.Reading;

/// <summary>The whole way of every document of the corpus: uploaded, read by a process, and in the model's request.
/// </summary>
public sealed class DocumentsToModelTests
{
    const int InMessage = 8;

    [Fact]
    public async Task A_model_is_given_what_every_document_says()
    {
        await using var app = await CoteApp.StartAsync("Assistants:MaxImages=100", "Assistants:ContextTokens=90000000");
        using var ada = await app.RegisterAsync();
        var specimens = DocumentCorpus.All.Where(x => x.Bytes().Length > 0).ToList();
        specimens.Count.ShouldBeGreaterThan(35);

        foreach (var group in specimens.Chunk(InMessage))
        {
            var urls = new List<(Specimen Specimen, string Name, string Url)>();
            foreach (var (i, specimen) in group.Index())
            {
                var upload = await ada.UploadAsync(specimen.Bytes(), $"file {i}");
                if (upload.Status == 415 && specimen.Word is not null)
                    continue; // Refused at the door: what is no zip is no docx.
                upload.Ok()["content_type"].ShouldBe(specimen.ContentType, specimen.Name);
                urls.Add((specimen, $"file {i}", upload["url"]));
            }
            var text = await AskAsync(app, ada, urls.Select(x => x.Url));
            foreach (var (specimen, name, _) in urls)
                Check(specimen, name, text);
        }
    }

    static void Check(Specimen specimen, string name, string text)
    {
        if (specimen.Word is { } word)
        {
            text.ShouldContain($"[{name}: {specimen.ContentType}, {specimen.Bytes().Length} bytes, {word}]",
                Case.Sensitive, specimen.Name);
            return;
        }
        var begin = text.IndexOf($"[{name}]\n", StringComparison.Ordinal);
        begin.ShouldBeGreaterThanOrEqualTo(0, specimen.Name);
        var end = text.IndexOf("\n[end of file]", begin, StringComparison.Ordinal);
        end.ShouldBeGreaterThan(begin, specimen.Name);
        var said = text[(begin + name.Length + 3)..end];
        var (at, inOneLine) = (0, said.Replace('\n', ' '));
        foreach (var part in specimen.Has)
        {
            at = (part.Contains('\n') ? said : inOneLine).IndexOf(part, at, StringComparison.Ordinal);
            at.ShouldBeGreaterThanOrEqualTo(0, $"{specimen.Name}: “{part}”");
        }
        foreach (var part in specimen.HasNot)
            said.ShouldNotContain(part, Case.Sensitive, specimen.Name);
        Enumerable.Range(1, 100).Count(x => text.Contains($"[{name}: page {x}]\n<image>", StringComparison.Ordinal))
            .ShouldBe(specimen.Pictures, specimen.Name);
    }

    // What the model got, with a mark for each picture.
    static async Task<string> AskAsync(CoteApp app, CoteClient client, IEnumerable<string> urls)
    {
        (await client.PostAsync($"/chats/{await client.CreateChatAsync()}/messages/",
            new { content = "", type = "file", media_urls = urls })).Ok();
        var content = (await app.Model.NextRequest(TimeSpan.FromMinutes(3))).Messages.EnumerateArray().Last()
            .GetProperty("content");
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        var text = new StringBuilder();
        foreach (var part in content.EnumerateArray())
            if (part.Text("type") == "text")
                text.Append(part.Text("text"));
            else
            {
                part.Text("image_url", "url").ShouldStartWith("data:image/");
                text.Append("\n<image>\n");
            }
        return text.ToString();
    }
}
