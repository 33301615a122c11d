using System.IO.Compression;
using System.Xml;
using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>
/// Reads the text of documents. The files are hostile: each reader has bounds of its own, and whatever a parser throws
/// is one of four words.
/// </summary>
static class Documents
{
    const string OpenXml = "application/vnd.openxmlformats-officedocument.";
    const string OpenDocument = "application/vnd.oasis.opendocument.";

    // Parsers follow what is nested by calls: a deep file must not end the process where it can be helped.
    public const int StackSize = 64 * 1_048_576;

    static readonly Dictionary<string, Action<byte[], DocumentDraft>> Readers = new(StringComparer.Ordinal)
    {
        ["application/pdf"] = PdfReader.Read,
        [OpenXml + "wordprocessingml.document"] = WordReader.Read,
        [OpenXml + "spreadsheetml.sheet"] = SheetReader.Read,
        [OpenXml + "presentationml.presentation"] = SlideReader.Read,
        [OpenDocument + "text"] = OpenDocumentReader.Read,
        [OpenDocument + "spreadsheet"] = OpenDocumentReader.Read,
        [OpenDocument + "presentation"] = OpenDocumentReader.Read,
    };

    /// <summary>The types that are read.</summary>
    public static IEnumerable<string> Types => Readers.Keys;

    public static bool Reads(string contentType) => Readers.ContainsKey(contentType);

    /// <exception cref="UnreadableException">Nothing of it can be read; the word says why.</exception>
    public static DocumentText Read(byte[] file, string contentType, DocumentBounds bounds)
    {
        DocumentText? text = null;
        UnreadableException? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    text = ReadHere(file, contentType, bounds);
                }
                catch (UnreadableException error)
                {
                    failure = error;
                }
            },
            StackSize);
        thread.Start();
        thread.Join();
        return text ?? throw failure!;
    }

    /// <summary>Reads on this thread, which needs a stack of <see cref="StackSize"/>.</summary>
    /// <exception cref="UnreadableException">Nothing of it can be read; the word says why.</exception>
    public static DocumentText ReadHere(byte[] file, string contentType, DocumentBounds bounds)
    {
        var draft = new DocumentDraft(bounds);
        try
        {
            Readers[contentType](file, draft);
        }
        // What was read before a failure is a text that is cut.
        catch (UnreadableException error) when (error.Word != UnreadableException.Encrypted && !draft.IsEmpty)
        {
            draft.IsCut = true;
        }
        catch (Exception error) when (error is not UnreadableException)
        {
            if (draft.IsEmpty)
                throw new UnreadableException(WordFor(file, error), error);
            draft.IsCut = true;
        }
        return draft.IsEmpty ? throw new UnreadableException(
            draft.IsDone || draft.IsCut ? UnreadableException.TooLarge : UnreadableException.Empty) : draft.ToText();
    }

    // Office keeps a document with a password in the format of the time before zips. A reader's own exception comes
    // wrapped where XML is read.
    static string WordFor(byte[] file, Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
            if (inner is UnreadableException { Word: var word })
                return word;
        if (error is OutOfMemoryException or InsufficientExecutionStackException)
            return UnreadableException.TooLarge;
        return file.AsSpan().StartsWith(OfficeFiles.CompoundMark)
            && file.AsSpan().IndexOf("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"u8) >= 0
            ? UnreadableException.Encrypted : UnreadableException.Damaged;
    }
}
