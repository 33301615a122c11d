using System.Security.Cryptography;
using Cote.Primitives;

namespace Cote.Media.Reading;

/// <summary>A form with its bytes, or the word that says why there is none.</summary>
readonly record struct FormBytes(MediaForm Form, byte[] Bytes);

/// <summary>
/// What is made of uploads: each once, when it is first asked for, and kept with the upload. What has no room beside it
/// is made anew each time.
/// </summary>
sealed class MediaForms(
    MediaFormStore store, FileReader reader, BlobStorage storage, MediaFolders folders, Clock clock)
{
    /// <summary>The widths of thumbnails, in pixels.</summary>
    public static readonly IReadOnlyList<int> Widths = [64, 128, 256, 512, 1_024, 2_048];

    const int MostPages = 16;
    const int MostHeight = 16_383; // of a WebP
    const int MostPageBytes = 1_048_576;
    static readonly string[] Types = ["image/png", "image/jpeg", "image/webp", "text/plain"];
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly KeyedLocks _locks = new();

    /// <summary>An image as models see it.</summary>
    /// <param name="file">The upload.</param>
    /// <param name="maxBytes">The most bytes that it may have.</param>
    /// <param name="ct">Cancels the work.</param>
    /// <exception cref="IOException">The bytes cannot be had, or no process can be started.</exception>
    public async Task<FormBytes> PictureAsync(MediaFile file, int maxBytes, CancellationToken ct)
    {
        var request = new ReadRequest(ReadTask.Picture, file.ContentType, file.Size, maxBytes);
        var forms = await EnsureAsync(file, FormKinds.Picture, request, CancellationToken.None, ct);
        // A picture of other settings may be larger than models may get now.
        if (forms![0].Form.Size > maxBytes)
        {
            await store.DeleteAsync(file, FormKinds.Picture);
            forms = await EnsureAsync(file, FormKinds.Picture, request, CancellationToken.None, ct);
        }
        return await LoadAsync(forms![0], ct);
    }

    /// <summary>The text of a document: the form itself, the outline and the scanned pages in order.</summary>
    /// <exception cref="IOException">The bytes cannot be had, or no process can be started.</exception>
    public async Task<IReadOnlyList<FormBytes>> DocumentAsync(MediaFile file, CancellationToken ct)
    {
        var request = new ReadRequest(
            ReadTask.Text, file.ContentType, file.Size, MostPageBytes, Pictures: MostPages);
        return (await EnsureAsync(file, FormKinds.Text, request, CancellationToken.None, ct))!;
    }

    /// <summary>An image at a width of <see cref="Widths"/>; null where the readers are busy.</summary>
    /// <exception cref="IOException">The bytes cannot be had, or no process can be started.</exception>
    public async Task<FormBytes?> ThumbnailAsync(MediaFile file, int width, CancellationToken ct)
    {
        var own = file.Width is { } some ? Math.Min(width, some) : width;
        var request = new ReadRequest(ReadTask.Thumbnail, file.ContentType, file.Size, Width: own);
        using var patience = new CancellationTokenSource(Patience, clock.Provider);
        var forms = await EnsureAsync(file, FormKinds.Thumbnail(own), request, patience.Token, ct);
        return forms is null ? null : forms[0];
    }

    /// <summary>The text that was made of an upload; null where none was.</summary>
    public async Task<FormBytes?> FindTextAsync(MediaFile file, CancellationToken ct) =>
        (await store.ListAsync(file.UserId, file.Id, ct)).FirstOrDefault(x => x.Kind == FormKinds.Text) is { } form
            ? await LoadAsync(new(form, []), ct) : null;

    /// <summary>Keeps a text that was made elsewhere.</summary>
    public Task<FormBytes> KeepTextAsync(MediaFile file, byte[] text, CancellationToken ct) =>
        KeepAsync(file, new(FormKinds.Text, 0, "text/plain") { Bytes = text }, ct);

    /// <summary>Keeps the word that says why there is no text.</summary>
    public Task KeepWordAsync(MediaFile file, string word) =>
        store.AddAsync(file, new(FormKinds.Text, word, null, "", 0), "");

    /// <summary>Runs work that makes a form of an upload on this node once at a time.</summary>
    public Task<IDisposable> LockAsync(MediaFile file, string kind, CancellationToken ct) =>
        _locks.AcquireAsync($"{file.Id} {kind}", ct);

    /// <summary>The bytes of a form.</summary>
    public async Task<FormBytes> LoadAsync(FormBytes form, CancellationToken ct)
    {
        if (form.Bytes.Length > 0 || form.Form.BlobId is not { } id)
            return form;
        var bytes = new byte[form.Form.Size];
        await using var stream = new BlobStream(storage, id, bytes.Length);
        await stream.ReadExactlyAsync(bytes, ct);
        return form with { Bytes = bytes };
    }

    // The form of this kind first, then all that belong to it; null where the readers are busy.
    async Task<IReadOnlyList<FormBytes>?> EnsureAsync(
        MediaFile file, string kind, ReadRequest request, CancellationToken patience, CancellationToken ct)
    {
        if (await FindAsync(file, kind, ct) is { } known)
            return known;
        using var held = await TryLockAsync(file, kind, patience, ct);
        if (held is null)
            return null;
        if (await FindAsync(file, kind, ct) is { } made)
            return made;
        if (await reader.ReadAsync(file, request, patience, ct) is not { } result)
            return null;
        var isMade = result.Parts.Any(x => Is(x, kind) && IsPlausible(x, kind));
        var word = result.Word ?? (isMade ? null : UnreadableException.Damaged);
        if (word is not null)
        {
            var form = new MediaForm(kind, word, null, "", 0);
            await store.AddAsync(file, form, "");
            return [new(form, [])];
        }
        var forms = new List<FormBytes>();
        foreach (var part in result.Parts.Where(x => IsPlausible(x, kind)))
            forms.Add(await KeepAsync(file, Is(part, kind) ? part with { Kind = kind } : part, ct));
        return [.. forms.OrderBy(x => x.Form.Kind == kind ? 0 : 1)];
    }

    async Task<IDisposable?> TryLockAsync(
        MediaFile file, string kind, CancellationToken patience, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience, ct);
        try
        {
            return await LockAsync(file, kind, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    // A reader that a file has taken over may say anything.
    static bool IsPlausible(ReadPart part, string kind) =>
        Types.Contains(part.ContentType)
        && (Is(part, kind)
            || (kind == FormKinds.Text && (part.Kind == FormKinds.Outline || FormKinds.PageOf(part.Kind) is not null)))
        && (part.ContentType == "text/plain"
            || (part.Width is > 0 and <= ReaderCommand.MostSide && part.Height is > 0 and <= MostHeight));

    // The width of a thumbnail may be the picture's own.
    static bool Is(ReadPart part, string kind) =>
        part.Kind == kind || FormKinds.IsThumbnail(part.Kind) && FormKinds.IsThumbnail(kind);

    async Task<IReadOnlyList<FormBytes>?> FindAsync(MediaFile file, string kind, CancellationToken ct)
    {
        var forms = await store.ListAsync(file.UserId, file.Id, ct);
        return forms.FirstOrDefault(x => x.Kind == kind) is not { } form ? null
            : [new(form, []), .. forms.Where(x => x.Kind != kind).Select(x => new FormBytes(x, []))];
    }

    async Task<FormBytes> KeepAsync(MediaFile file, ReadPart part, CancellationToken ct)
    {
        var form = new MediaForm(
            part.Kind, null, clock.NewId(), part.ContentType, part.Bytes.Length, part.Width, part.Height);
        if (part.Bytes.Length == 0)
        {
            form = form with { BlobId = null };
            await store.AddAsync(file, form, "");
            return new(form, []);
        }
        var path = Path.Combine(folders.Incoming, form.BlobId!);
        try
        {
            await using (var to = LocalFile.Create(path))
            {
                await to.WriteAsync(part.Bytes, ct);
                to.Flush(flushToDisk: true);
            }
            await storage.AddAsync(form.BlobId!, path, ct);
        }
        finally
        {
            File.Delete(path);
        }
        // When this throws it is unknown whether it was committed: the blob stays, and the reconciliation decides.
        if (!await store.AddAsync(file, form, Convert.ToHexStringLower(SHA256.HashData(part.Bytes))))
            await storage.DeleteAsync(form.BlobId!, CancellationToken.None);
        return new(form, part.Bytes);
    }
}
