using Cote.Chats;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>What a model takes beside text.</summary>
/// <param name="Vision">Whether it sees images.</param>
/// <param name="Audio">Whether it hears recordings.</param>
/// <param name="IsSpeechless">Whether a transcript could not be made for this reply: none is tried again.</param>
readonly record struct Senses(bool Vision, bool Audio, bool IsSpeechless = false);

/// <summary>
/// What of the uploads a prompt carries, each in the best form that its model takes: images and scanned pages as
/// pictures, recordings as sound or as transcripts, documents and texts as text, and of everything else a line that
/// names it. Given in the order of what matters most, newest first; each takes of the same budget.
/// </summary>
sealed class Attachments(
    MediaStore media, MediaForms forms, Transcripts transcripts, BlobStorage storage, AssistantsOptions options)
{
    // Of all in a prompt: as base64 they fit into every provider's request.
    const long MostImageBytes = 16 * 1_048_576;
    const long MostSoundBytes = 16 * 1_048_576;
    const int TokensOfImage = 1_600;
    const int PixelsPerToken = 750;
    const int BytesPerToken = 4;
    const int TokensPerSecond = 10;
    const int LeastRoom = 16;
    static readonly string[] Seen = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    static readonly string[] Heard = ["audio/wav", "audio/mpeg"];

    /// <summary>A budget for one prompt.</summary>
    public sealed class Budget(long tokens, int images, bool hears, string chatId)
    {
        public long Tokens { get; set; } = tokens;
        public int Images { get; set; } = images;
        public long ImageBytes { get; set; } = MostImageBytes;
        public long SoundBytes { get; set; } = hears ? MostSoundBytes : 0;
        public string ChatId { get; } = chatId;

        /// <summary>Whether a transcript could not be made: the service is not asked for more of them.</summary>
        public bool IsSpeechless { get; set; }

        /// <summary>Whether the text of a file was read.</summary>
        public bool HasTexts { get; set; }
    }

    public Budget For(long tokens, Senses senses, string chatId) =>
        new(tokens, senses.Vision ? options.MaxImages : 0, senses.Audio, chatId)
        {
            IsSpeechless = senses.IsSpeechless,
        };

    /// <summary>
    /// The parts of a message for what it names, in its order; those that no longer fit are left out.
    /// </summary>
    public async Task<IReadOnlyList<AIContent>> ReadAsync(
        string userId, PromptMessage message, Budget budget, CancellationToken ct)
    {
        if (message.Media.Count == 0)
            return [];
        var ids = message.Media.Select(MediaLinks.IdOf).OfType<string>().ToList();
        var files = (await media.ListAsync(userId, ids, ct)).ToDictionary(x => x.Id);
        var parts = new List<AIContent>();
        foreach (var id in ids)
            if (files.TryGetValue(id, out var file))
                parts.AddRange(await PartsOfAsync(file, message.Type == "audio", budget, ct));
        return parts;
    }

    async Task<IReadOnlyList<AIContent>> PartsOfAsync(
        MediaFile file, bool isVoice, Budget budget, CancellationToken ct)
    {
        if (budget.Tokens < LeastRoom)
            return Line(file, budget);
        try
        {
            return file.IsImage ? await ImageAsync(file, budget, ct)
                : file.IsText ? await TextAsync(file, budget, ct)
                : Documents.Reads(file.ContentType) ? await DocumentAsync(file, budget, ct)
                : file.IsAudio || isVoice ? await SoundAsync(file, budget, ct)
                : Line(file, budget);
        }
        // The storage is away, or has lost it, or no reader starts: the reply goes on without.
        catch (Exception error) when (error is IOException or ProblemException)
        {
            return Line(file, budget);
        }
    }

    async Task<IReadOnlyList<AIContent>> ImageAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        if (budget.Images < 1 || options.MaxImageBytes == 0)
            return Line(file, budget);
        var picture = await PlainAsync(file, ct)
            ?? (ReaderProgram.ReadsPictures ? await forms.PictureAsync(file, options.MaxImageBytes, ct) : default);
        return picture.Form is null ? Line(file, budget)
            : picture.Form.Word is { } word ? Line(file, budget, word)
            : TryAdd(picture, budget) is { } part ? [part] : Line(file, budget);
    }

    // The upload as it is, where a model can have it so.
    async Task<FormBytes?> PlainAsync(MediaFile file, CancellationToken ct)
    {
        if (!Seen.Contains(file.ContentType) || file.Size > options.MaxImageBytes
            || Math.Max(file.Width ?? 0, file.Height ?? 0) > ReaderCommand.MostSide)
            return null;
        var bytes = await ReadAsync(file, file.Size, ct);
        return ImageMetadata.IsPlain(bytes, file.ContentType)
            ? new(new(
                FormKinds.Picture, null, file.BlobId, file.ContentType, file.Size, file.Width, file.Height), bytes)
            : null;
    }

    static DataContent? TryAdd(FormBytes picture, Budget budget)
    {
        var (form, bytes) = picture;
        var tokens = Math.Min(TokensOfImage, (long)(form.Width ?? 0) * (form.Height ?? 0) / PixelsPerToken + 1);
        if (budget.Images < 1 || bytes.Length > budget.ImageBytes || tokens > budget.Tokens)
            return null;
        budget.Images--;
        budget.ImageBytes -= bytes.Length;
        budget.Tokens -= tokens;
        return new DataContent(bytes, form.ContentType);
    }

    // No more of it is read than could ever fit.
    async Task<IReadOnlyList<AIContent>> TextAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        var bytes = await ReadAsync(file, Math.Min(file.Size, Math.Max(0, budget.Tokens) * BytesPerToken), ct);
        return Text(file, "", AttachedText.WholeLetters(bytes), "", bytes.Length < file.Size, budget);
    }

    async Task<IReadOnlyList<AIContent>> DocumentAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        var made = await forms.DocumentAsync(file, ct);
        if (made[0].Form.Word is { } word)
            return Line(file, budget, word);
        var text = AttachedText.WholeLetters((await forms.LoadAsync(made[0], ct)).Bytes);
        var outline = made.FirstOrDefault(x => x.Form.Kind == FormKinds.Outline) is { Form: not null } headings
            ? AttachedText.WholeLetters((await forms.LoadAsync(headings, ct)).Bytes) : "";
        var parts = Text(file, "", text, outline, isCut: false, budget).ToList();
        // Pages are images: they take of the same number.
        foreach (var page in made.Where(x => FormKinds.PageOf(x.Form.Kind) is not null)
            .OrderBy(x => FormKinds.PageOf(x.Form.Kind)))
        {
            if (budget.Images < 1 || TryAdd(await forms.LoadAsync(page, ct), budget) is not { } picture)
                break;
            parts.Add(new TextContent($"[{file.Name}: page {FormKinds.PageOf(page.Form.Kind)}]"));
            parts.Add(picture);
        }
        return parts;
    }

    async Task<IReadOnlyList<AIContent>> SoundAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        var tokens = Transcripts.SecondsOf(file) * TokensPerSecond + 1;
        if (Heard.Contains(file.ContentType) && file.Size <= budget.SoundBytes && tokens <= budget.Tokens)
        {
            var bytes = await ReadAsync(file, file.Size, ct);
            budget.SoundBytes -= file.Size;
            budget.Tokens -= tokens;
            return [new DataContent(bytes, file.ContentType) { Name = file.Name }];
        }
        if (!transcripts.Reads(file.ContentType)
            || (budget.IsSpeechless && await forms.FindTextAsync(file, ct) is null))
            return Line(file, budget);
        if (await transcripts.ReadAsync(file, budget.ChatId, ct) is not { } made)
        {
            budget.IsSpeechless = true;
            return Line(file, budget);
        }
        return made.Form.Word is { } word ? Line(file, budget, word)
            : Text(file, ": transcript", AttachedText.WholeLetters(made.Bytes), "", isCut: false, budget);
    }

    static IReadOnlyList<AIContent> Text(
        MediaFile file, string kind, string text, string outline, bool isCut, Budget budget)
    {
        if (AttachedText.Write(file.Name + kind, text, outline, isCut, budget.Tokens) is not { } shown)
            return Line(file, budget);
        budget.HasTexts = true;
        budget.Tokens -= TokenEstimate.Of(shown);
        return [new TextContent(shown)];
    }

    static IReadOnlyList<AIContent> Line(MediaFile file, Budget budget, string word = "not shown")
    {
        var line = $"[{file.Name}: {file.ContentType}, {file.Size} bytes, {word}]";
        budget.Tokens -= TokenEstimate.Of(line);
        return budget.Tokens < 0 ? [] : [new TextContent(line)];
    }

    async Task<byte[]> ReadAsync(MediaFile file, long length, CancellationToken ct)
    {
        var bytes = new byte[length];
        await using var stream = new BlobStream(storage, file.BlobId, file.Size);
        await stream.ReadExactlyAsync(bytes, ct);
        return bytes;
    }
}
