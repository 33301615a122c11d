using System.Text;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary>The program as it ships reads uploads by starting itself, with its native library and without.</summary>
public sealed class ReadersTests(PublishedProgram program)
{
    const int Width = 90;

    [Fact]
    public async Task The_program_that_ships_starts_itself_to_read_an_upload()
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url, "ada");

        (await ada.GetAsync("/limits")).Ok().Json.GetProperty("thumbnail_widths").GetArrayLength().ShouldBe(6);
        var picture = await UploadAsync(ada, Bitmap(), "dove.bmp");
        var thumbnail = (await ada.GetAsync($"{picture}&width=64")).Ok();
        thumbnail.Header("Content-Type").ShouldBe("image/webp");
        var content = await AskAsync(model, ada, picture);
        content.GetProperty("image_url").GetProperty("url").GetString()!.ShouldStartWith("data:image/png;base64,");
    }

    [Fact]
    public async Task A_program_published_without_the_native_library_runs_and_says_what_it_cannot_read()
    {
        var folder = Directory.CreateTempSubdirectory("cote-program-").FullName;
        try
        {
            await Shell.MustAsync("cp", "-al", Path.GetDirectoryName(program.File)! + "/.", folder);
            var natives = Directory.GetFiles(folder, "Magick.Native*", SearchOption.AllDirectories);
            natives.ShouldNotBeEmpty();
            foreach (var native in natives)
                File.Delete(native);
            await using var model = await FakeModelServer.Start();
            await using var node = Node.With(new Node(Path.Combine(folder, "Cote.Server")), model);
            await node.StartAsync();
            using var ada = await CoteClient.RegisterAsync(node.Url, "ada");

            var limits = (await ada.GetAsync("/limits")).Ok().Json;
            limits.GetProperty("thumbnail_widths").GetArrayLength().ShouldBe(0);
            var reads = limits.GetProperty("reads").EnumerateArray().Select(x => x.GetString()).ToList();
            reads.ShouldContain("application/pdf");
            reads.ShouldContain("image/png");
            reads.ShouldNotContain("image/bmp");
            var picture = await UploadAsync(ada, Bitmap(), "dove.bmp");
            (await ada.GetAsync($"{picture}&width=64")).Status.ShouldBe(415);
            (await AskAsync(model, ada, picture)).GetString()!.ShouldStartWith("[dove.bmp: image/bmp, ");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<string> UploadAsync(CoteClient client, byte[] bytes, string name)
    {
        var reply = await client.SendAsync(HttpMethod.Post, "/upload/", change: request => request.Content =
            new MultipartFormDataContent { { new ByteArrayContent(bytes), "file", name } });
        return reply.Ok()["url"];
    }

    static async Task<System.Text.Json.JsonElement> AskAsync(FakeModelServer model, CoteClient client, string url)
    {
        (await client.PostAsync($"/chats/{await client.CreateChatAsync()}/messages/",
            new { content = "", type = "image", media_urls = new[] { url } })).Ok();
        var content = (await model.NextRequest()).Messages.EnumerateArray().Last().GetProperty("content");
        return content.ValueKind == System.Text.Json.JsonValueKind.Array ? content[0] : content;
    }

    // 24 bits a pixel, all black.
    static byte[] Bitmap()
    {
        using var file = new MemoryStream();
        using var to = new BinaryWriter(file, Encoding.Latin1);
        var pixels = (Width * 3 + 3) / 4 * 4 * Width;
        to.Write("BM"u8);
        to.Write(54 + pixels);
        to.Write(0);
        to.Write(54);
        to.Write(40);
        to.Write(Width);
        to.Write(Width);
        to.Write((short)1);
        to.Write((short)24);
        to.Write(new byte[24]);
        to.Write(new byte[pixels]);
        return file.ToArray();
    }
}
