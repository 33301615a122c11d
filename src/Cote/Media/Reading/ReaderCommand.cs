using System.Text;
using System.Text.Json;

namespace Cote.Media.Reading;

/// <summary>
/// The program as a reader: it takes one request and one file from its input, writes what it makes of it to its output,
/// and ends. It goes into a <see cref="Sandbox"/> before it looks at the first byte of the file.
/// </summary>
static class ReaderCommand
{
    /// <summary>The only argument of a program that is to be a reader.</summary>
    public const string Verb = "extract";

    /// <summary>The most characters of a text that is kept.</summary>
    public const int MostText = 1_000_000;

    /// <summary>The most pixels of a side of a picture for a model.</summary>
    public const int MostSide = 8_000;

    /// <summary>The most pixels of a side of a scanned page: small letters are still read.</summary>
    public const int MostPageSide = 2_000;

    const int LongestRequest = 4_096;
    const int MostOutline = 20_000;
    const int MostOfPages = 3 * 1_048_576;
    const long MostPageSources = 128 * 1_048_576;
    const int Killed = 137;

    // Of the 20 seconds of processor time that the sandbox allows.
    static readonly TimeSpan MaxParsing = TimeSpan.FromSeconds(12);
    static readonly TimeSpan MaxWithPictures = TimeSpan.FromSeconds(15);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Reads one file; the exit code.</summary>
    public static int Run()
    {
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        if (ReadLine(input) is not { } line
            || JsonSerializer.Deserialize(line, ReadingJson.Default.ReadRequest) is not { } request)
            return 1;
        var file = new byte[request.Size];
        input.ReadExactly(file);
        if (PictureReader.NeedsPath(request.ContentType))
            MemoryFile.Prepare(file);
        Sandbox.Enter();
        // The server ends a reader that takes longer; this one ends itself where there is no server any more.
        using var limit = new Timer(_ => Environment.Exit(Killed), null, Longest, Timeout.InfiniteTimeSpan);
        Write(output, new(ReadPart.Ready));
        ReadPart last;
        try
        {
            foreach (var part in Read(file, request))
                Write(output, part);
            last = new(ReadPart.End);
        }
        catch (UnreadableException error)
        {
            last = new(ReadPart.Unreadable, Word: error.Word);
        }
        catch (OutOfMemoryException)
        {
            last = new(ReadPart.Unreadable, Word: UnreadableException.TooLarge);
        }
        Write(output, last);
        output.Flush();
        return 0;
    }

    static IEnumerable<ReadPart> Read(byte[] file, ReadRequest request)
    {
        switch (request.Task)
        {
            case ReadTask.Picture:
                yield return Of(
                    FormKinds.Picture, Pictures.ForModel(file, request.ContentType, request.MaxBytes, MostSide));
                break;
            case ReadTask.Thumbnail:
                var small = Pictures.Thumbnail(file, request.ContentType, request.Width);
                yield return Of(FormKinds.Thumbnail(small.Width), small);
                break;
            case ReadTask.Text:
                foreach (var part in ReadText(file, request))
                    yield return part;
                break;
            default:
                foreach (var piece in AudioPieces.Split(file, request.ContentType, request.MaxBytes))
                    yield return new("piece", ContentType: piece.ContentType) { Bytes = piece.Bytes };
                break;
        }
    }

    // The text comes last: whoever finds it finds all.
    static IEnumerable<ReadPart> ReadText(byte[] file, ReadRequest request)
    {
        var document = Documents.Read(file, request.ContentType,
            new DocumentBounds(MostText, MostOutline, request.Pictures, MostPageSources, MaxParsing));
        var left = MostOfPages;
        foreach (var page in document.Pictures)
        {
            if (Environment.CpuUsage.TotalTime > MaxWithPictures)
                break;
            if (TryRead(page, request.MaxBytes) is not { } picture || (left -= picture.Bytes.Length) < 0)
                continue;
            yield return Of(FormKinds.Page(page.Page), picture);
        }
        if (document.Outline.Length > 0)
            yield return Of(FormKinds.Outline, document.Outline);
        yield return Of(FormKinds.Text, document.Text + (document.IsCut ? "\n\n[the rest is not read]" : ""));
    }

    static EncodedPicture? TryRead(PagePicture page, int maxBytes)
    {
        try
        {
            return Pictures.ForModel(page.Bytes, PageTypes.Of(page.Bytes), maxBytes, MostPageSide, page.Turn);
        }
        catch (UnreadableException)
        {
            return null; // The others may be readable.
        }
    }

    static ReadPart Of(string kind, EncodedPicture picture) =>
        new(kind, 0, picture.ContentType, picture.Width, picture.Height) { Bytes = picture.Bytes };

    static ReadPart Of(string kind, string text) =>
        new(kind, 0, "text/plain") { Bytes = Encoding.UTF8.GetBytes(text) };

    static void Write(Stream output, ReadPart part)
    {
        output.Write(JsonSerializer.SerializeToUtf8Bytes(
            part with { Size = part.Bytes.Length }, ReadingJson.Default.ReadPart));
        output.WriteByte((byte)'\n');
        output.Write(part.Bytes);
        output.Flush();
    }

    // Byte by byte: what follows is the file's.
    static byte[]? ReadLine(Stream input)
    {
        var line = new List<byte>();
        for (int next; (next = input.ReadByte()) != '\n'; line.Add((byte)next))
            if (next < 0 || line.Count == LongestRequest)
                return null;
        return [.. line];
    }
}
