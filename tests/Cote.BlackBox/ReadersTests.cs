using System.Globalization;
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

    [Fact, Trait("Stage", "slow")]
    public async Task A_server_killed_while_a_file_is_read_leaves_no_reader_and_its_next_start_reads_the_file()
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model, "Assistants:ContextTokens=90000000").StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url, "ada");
        var url = await UploadAsync(ada, Pdf(pages: 10_000), "long.pdf");
        var chat = await ada.CreateChatAsync();
        var sent = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "", type = "file", media_urls = new[] { url } })).Ok();
        var reader = 0;
        await Patience.UntilAsync(() => Task.FromResult((reader = ReaderOf(node.Pid)) > 0), "a reader runs");

        await node.KillAsync();

        model.Calls.ShouldBe(0);
        await Patience.UntilAsync(() => Task.FromResult(!Directory.Exists($"/proc/{reader}")), "the reader is gone");
        await node.StartAsync();
        (await ada.EndOfAsync(chat, sent["reply_id"])).GetProperty("generation").GetProperty("state").GetString()
            .ShouldBe("completed");
        var said = (await model.NextRequest()).Messages.EnumerateArray().Last().GetProperty("content").GetString()!;
        said.ShouldStartWith("[long.pdf]\n[page 1]\nwords\n\n[page 2]\nwords");
    }

    // The child of a process that is told to extract; 0 where there is none.
    static int ReaderOf(int server)
    {
        foreach (var folder in Directory.GetDirectories("/proc"))
            try
            {
                if (int.TryParse(Path.GetFileName(folder), out var pid)
                    && File.ReadAllText($"{folder}/cmdline").EndsWith("extract\0", StringComparison.Ordinal)
                    && File.ReadAllText($"{folder}/stat").Split(')')[^1].Split(' ')[2]
                        == server.ToString(CultureInfo.InvariantCulture))
                    return pid;
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        return 0;
    }

    static byte[] Pdf(int pages)
    {
        var file = new StringBuilder("%PDF-1.4\n");
        var places = new List<int>();
        var content = "BT /F 12 Tf 72 700 Td (words) Tj ET";
        Add("<< /Type /Catalog /Pages 2 0 R >>");
        var kids = string.Concat(Enumerable.Range(5, pages).Select(x => $"{x} 0 R "));
        Add($"<< /Type /Pages /Count {pages} /Kids [{kids}] >>");
        Add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        Add($"<< /Length {content.Length} >>\nstream\n{content}\nendstream");
        for (var i = 0; i < pages; i++)
            Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
                + " /Resources << /Font << /F 3 0 R >> >> >>");
        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {places.Count + 1}\n0000000000 65535 f \n");
        foreach (var place in places)
            file.Append(CultureInfo.InvariantCulture, $"{place:0000000000} 00000 n \n");
        file.Append(CultureInfo.InvariantCulture,
            $"trailer\n<< /Size {places.Count + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF");
        return Encoding.Latin1.GetBytes(file.ToString());

        void Add(string value)
        {
            places.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{places.Count} 0 obj\n{value}\nendobj\n");
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
