using System.Text;
using Cote.Media;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>
/// What of the uploads a prompt carries: pictures as pictures to a model that sees, texts as text, of everything else a
/// line that names it. Given in the order of what matters most, newest first; each takes of the same budget.
/// </summary>
sealed class Attachments(MediaStore media, BlobStorage storage, AssistantsOptions options)
{
    const long MostImageBytes = 16 * 1_048_576; // of all in a prompt: as base64 they fit into every provider's request
    const int TokensOfImage = 1_600;
    const int PixelsPerToken = 750;
    const int BytesPerToken = 4;
    static readonly string[] Seen = ["image/png", "image/jpeg", "image/gif", "image/webp"];

    /// <summary>A budget for one prompt.</summary>
    public sealed class Budget(long tokens, int images)
    {
        public long Tokens { get; set; } = tokens;
        public int Images { get; set; } = images;
        public long ImageBytes { get; set; } = MostImageBytes;

        /// <summary>Whether the text of a file was read.</summary>
        public bool HasTexts { get; set; }
    }

    public Budget For(long tokens, bool vision) => new(tokens, vision ? options.MaxImages : 0);

    /// <summary>
    /// The parts of a message for what it names, in its order; those that no longer fit are left out.
    /// </summary>
    public async Task<IReadOnlyList<AIContent>> ReadAsync(string userId, IReadOnlyList<string> paths, Budget budget,
        CancellationToken ct)
    {
        if (paths.Count == 0)
            return [];
        var ids = paths.Select(MediaLinks.IdOf).OfType<string>().ToList();
        var files = (await media.ListAsync(userId, ids, ct)).ToDictionary(x => x.Id);
        var parts = new List<AIContent>();
        foreach (var id in ids)
            if (files.TryGetValue(id, out var file) && await PartOfAsync(file, budget, ct) is { } part)
                parts.Add(part);
        return parts;
    }

    async Task<AIContent?> PartOfAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        try
        {
            return (file.IsImage ? await ImageAsync(file, budget, ct)
                : file.IsText ? await TextAsync(file, budget, ct) : null)
                ?? Line(file, budget);
        }
        // the storage is away, or has lost it: the reply goes on without
        catch (Exception error) when (error is IOException or ProblemException)
        {
            return Line(file, budget);
        }
    }

    async Task<AIContent?> ImageAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        var tokens = Math.Min(TokensOfImage, (long)(file.Width ?? 0) * (file.Height ?? 0) / PixelsPerToken + 1);
        if (!Seen.Contains(file.ContentType)
            || budget.Images < 1 || file.Size > Math.Min(options.MaxImageBytes, budget.ImageBytes)
            || tokens > budget.Tokens)
            return null;
        var bytes = new byte[file.Size];
        await using (var stream = new BlobStream(storage, file.BlobId, file.Size))
            await stream.ReadExactlyAsync(bytes, ct);
        budget.Images--;
        budget.ImageBytes -= file.Size;
        budget.Tokens -= tokens;
        return new DataContent(bytes, file.ContentType);
    }

    // Its beginning, as much as fits; no more of it is read than could ever fit.
    async Task<AIContent?> TextAsync(MediaFile file, Budget budget, CancellationToken ct)
    {
        var begin = $"[{file.Name}]\n";
        const string end = "\n[end of file]", cut = "\n[the rest does not fit here]";
        var left = budget.Tokens - TokenEstimate.Of(begin) - TokenEstimate.Of(cut);
        if (left <= 0)
            return null;
        var bytes = new byte[Math.Min(file.Size, left * BytesPerToken)];
        await using (var stream = new BlobStream(storage, file.BlobId, file.Size))
            await stream.ReadExactlyAsync(bytes, ct);
        var text = WholeLetters(bytes);
        var isCut = bytes.Length < file.Size;
        while (TokenEstimate.Of(text) > left && text.Length > 1)
        {
            isCut = true;
            var units = (int)(text.Length * Math.Min(0.9, (double)left / TokenEstimate.Of(text)));
            text = Primitives.Excerpt.Of(text, Math.Max(1, units));
        }
        budget.HasTexts = true;
        text = begin + text + (isCut ? cut : end);
        budget.Tokens -= TokenEstimate.Of(text);
        return new TextContent(text);
    }

    static TextContent? Line(MediaFile file, Budget budget)
    {
        var line = $"[{file.Name}: {file.ContentType}, {file.Size} bytes, not shown]";
        budget.Tokens -= TokenEstimate.Of(line);
        return budget.Tokens < 0 ? null : new TextContent(line);
    }

    // A letter that is cut at the end is left out.
    static string WholeLetters(byte[] bytes)
    {
        var letters = new char[bytes.Length];
        Encoding.UTF8.GetDecoder().Convert(bytes, letters, flush: false, out _, out var used, out _);
        return new string(letters, 0, used).TrimStart('\uFEFF');
    }
}
