using System.Net;
using System.Net.Sockets;
using Cote.Media.Reading;
using Cote.Tests.Faults;

namespace Cote.Tests.Media.Reading;

// What is allocated is counted for the whole process.
[Collection(nameof(Alone)), Trait("Rows", "none")]
public sealed class HostileDocumentsTests
{
    // Of which most is garbage soon: what is alive at once is a fraction.
    const long MostAllocated = 600 * 1_048_576L;
    static readonly DocumentBounds Bounds = DocumentsTests.Bounds with { MaxTime = TimeSpan.FromSeconds(30) };

    public static TheoryData<string> Bombed => [.. Bombs.Zips.Select(x => x.Name)];

    public static TheoryData<string> Attacks => [.. HostilePdfs.All.Select(x => x.Name)];

    [Theory]
    [Trait("Stage", "slow")]
    [MemberData(nameof(Bombed))]
    public void A_zip_bomb_costs_little_and_is_too_large(string name)
    {
        var (_, type, make) = Bombs.Zips.Single(x => x.Name == name);
        var bytes = make();

        var (words, allocated) = Measure(bytes, type);

        words.ShouldBe(UnreadableException.TooLarge);
        allocated.ShouldBeLessThan(MostAllocated);
    }

    [Fact]
    public void Entities_are_refused()
    {
        foreach (var (type, bytes) in Bombs.Entities)
        {
            var (words, allocated) = Measure(bytes, type);
            words.ShouldBe(UnreadableException.Damaged, type);
            allocated.ShouldBeLessThan(16 * 1_048_576);
        }
    }

    [Fact]
    public void Nothing_that_a_document_names_is_fetched()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(file, "stolen");
        try
        {
            foreach (var address in new[] { $"http://{server.LocalEndpoint}/x", $"file://{file}" })
                foreach (var (type, bytes) in Bombs.References(address))
                    Measure(bytes, type).Words.ShouldBe(UnreadableException.Damaged);
            server.Pending().ShouldBeFalse();
            using var client = new TcpClient();
            client.Connect((IPEndPoint)server.LocalEndpoint);
            server.Pending().ShouldBeTrue();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Elements_nested_deeply_are_too_large()
    {
        foreach (var (type, bytes) in Bombs.Deep(100_000))
            Measure(bytes, type).Words.ShouldBe(UnreadableException.TooLarge, type);
        foreach (var (type, bytes) in Bombs.Deep(100))
            Measure(bytes, type).Words.ShouldBe(UnreadableException.Empty, type);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_hostile_pdf_ends(string name)
    {
        var (_, bytes, words) = HostilePdfs.All.Single(x => x.Name == name);

        var (said, allocated) = Measure(bytes(), "application/pdf");

        words.ShouldContain(said);
        allocated.ShouldBeLessThan(MostAllocated);
    }

    [Fact]
    public void A_type_that_is_no_zip_or_pdf_is_damaged()
    {
        foreach (var specimen in DocumentCorpus.All.DistinctBy(x => x.ContentType))
            foreach (var bytes in new[] { [], "PK"u8.ToArray(), Samples.Noise(1_000), new byte[100_000] })
                Measure(bytes, specimen.ContentType).Words.ShouldBe(UnreadableException.Damaged, specimen.Name);
    }

    [Fact]
    public void A_document_with_a_broken_byte_ends()
    {
        var broken = new Random(1);
        foreach (var (type, bytes) in new[]
        {
            (Packages.Word, Packages.Docx(Packages.Paragraph(OfficeSources.Prose("word", 50)))),
            ("application/pdf", PdfSpecimens.Bookmarks()),
            ("application/pdf", PdfFile.Of([PdfFile.Lines(72, 700, "one", "two")])),
        })
            for (var i = 0; i < 300; i++)
            {
                var changed = bytes.ToArray();
                for (var j = broken.Next(1, 4); j > 0; j--)
                    changed[broken.Next(changed.Length)] = (byte)broken.Next(256);
                Measure(changed, type).Allocated.ShouldBeLessThan(MostAllocated);
            }
    }

    // The text, or the word that says why there is none; and what the thread allocated that read it.
    static (string Words, long Allocated) Measure(byte[] bytes, string type)
    {
        var (words, allocated) = ("", 0L);
        var thread = new Thread(
            () =>
            {
                try
                {
                    words = Documents.ReadHere(bytes, type, Bounds).Text;
                }
                catch (UnreadableException error)
                {
                    words = error.Word;
                }
                allocated = GC.GetAllocatedBytesForCurrentThread();
            },
            Documents.StackSize);
        thread.Start();
        thread.Join();
        return (words, allocated);
    }
}
