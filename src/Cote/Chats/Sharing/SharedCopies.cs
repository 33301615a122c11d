using Cote.Events;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>
/// Copies what a share shows into a chat of another user: nothing comes along that is not shown, no setting, no model,
/// no id. Uploads become the user's own, with the user's quota: pictures as they are shown, without metadata.
/// </summary>
sealed class SharedCopies(
    EventLog events, SharedAccess access, SharedView view, Downloads files, MediaIngest ingest, Clock clock,
    ILogger<SharedCopies> log)
{
    /// <summary>The most messages of a copy: one batch writes it, and others wait for that meanwhile.</summary>
    public const int MostMessages = 2_000;

    /// <summary>The most UTF-16 units of a copy.</summary>
    public const long MostUnits = 4L * 1_048_576;

    /// <summary>
    /// Makes a copy: whole, or nothing of it. A conflict is where its id is used; a problem, where it is too long or
    /// the share has ended meanwhile.
    /// </summary>
    public async Task<(Outcome Outcome, Problem? Problem)> CopyAsync(
        string userId, ShownShare share, string id, string? title, string fingerprint, CancellationToken ct)
    {
        var path = await view.ReadPathAsync(share, ct);
        if (await ReadAsync(share, path, ct) is not { } messages)
            return (Outcome.Conflict, Problems.PathTooLong);
        var kept = new Kept();
        try
        {
            await KeepAsync(userId, share, path.Media, kept, ct);
            // What has been deleted while its uploads were copied is not shown any more.
            if (await access.FindAgainAsync(share, ct) is not { } still)
                return (Outcome.Conflict, Problems.ShareNotFound);
            var now = await view.ReadPathAsync(still, ct);
            messages.RemoveAll(x => now.PlaceOf(x.Id) is null);
            var rows = Rows(still, messages, kept.Only(now.Media));
            return (await AddAsync(userId, id, title ?? still.Title, rows, fingerprint), null);
        }
        finally
        {
            // Whatever has happened: those that the copy does not name take no room of the user's.
            if (kept.Copies is { Count: > 0 } copies)
                await files.Media.DeleteUnreferencedAsync(copies.Select(x => (userId, x)));
        }
    }

    async Task<List<Message>?> ReadAsync(ShownShare share, SharedPath path, CancellationToken ct)
    {
        if (path.Ids.Count > MostMessages)
            return null;
        var messages = new List<Message>();
        var units = 0L;
        await foreach (var message in view.ReadAsync(share, path, ct))
        {
            if (message is { Sender: Senders.Ai, HasEnded: false })
                continue;
            if ((units += message.Texts.Sum(x => x?.Length ?? 0)) > MostUnits)
                return null;
            messages.Add(message);
        }
        return messages;
    }

    async Task<Outcome> AddAsync(
        string userId, string id, string title, List<ImportedRow> rows, string fingerprint)
    {
        var batch = new WriteBatch { IsRepeatable = true };
        var now = clock.Now;
        var transaction = new EventTransaction(batch, userId, clock.NewId(), now, 1, $"1 = 1");
        var last = rows.LastOrDefault(x => x.Content.Length > 0);
        transaction.Execute($"""
            insert into chats (user_id, id, title, created_at, created_seq, last_message_time, last_message_content,
              last_seq, leaf_id, activity, changed, fingerprint)
            select {userId}, {id}, {title}, {now}, h.seq, {(rows.Count > 0 ? rows.Max(x => x.At) : now)},
              {Excerpt.Of(last?.Content ?? "", Chat.LongestExcerpt)}, {(long)rows.Count}, {(rows is [.., var leaf] ? leaf.Id : null)}, h.seq,
              h.seq, {fingerprint}
            from {transaction.Locked}
            """);
        foreach (var row in rows)
            ImportedChatStore.InsertMessage(batch, transaction.Locked, userId, id, row);
        transaction.Append(EventTypes.ChatCreated, id);
        return await events.CommitAsync(batch, userId, transaction);
    }

    // Pictures are made anew before anything is kept: where no reader is free, nothing has come in yet.
    async Task KeepAsync(
        string userId, ShownShare share, IReadOnlyList<string> media, Kept kept, CancellationToken ct)
    {
        var found = new List<(MediaFile File, FormBytes? Picture)>();
        foreach (var id in media)
            if (await files.Media.FindAsync(share.UserId, id, ct) is { } file)
            {
                var (picture, problem) = file.IsImage
                    ? await GetMedia.MakeAnewAsync(file, MediaForms.Widths[^1], files, ct) : default;
                if (problem == Problems.Busy)
                    throw new ProblemException(problem);
                if (!file.IsImage || picture is not null)
                    found.Add((file, picture));
            }
        foreach (var (file, picture) in found)
            await KeepAsync(userId, file, picture, kept, ct);
    }

    // Nothing is kept where there is no room, or where the storage has lost the bytes: the name stays in the text.
    async Task KeepAsync(string userId, MediaFile file, FormBytes? picture, Kept kept, CancellationToken ct)
    {
        var name = picture is null ? file.Name : Path.ChangeExtension(file.Name, ".webp");
        var known = picture is null && file.IsText ? TextFiles.Of(file.Name) : null;
        try
        {
            await using Stream bytes = picture is { } made
                ? new MemoryStream((await files.Forms.LoadAsync(made, ct)).Bytes, writable: false)
                : new BlobStream(files.Storage, file.BlobId, file.Size);
            var result = await ingest.ReceiveAsync(
                userId, bytes, name, () => Task.FromResult<Problem?>(null), ct, known);
            if (result.File is { } copy)
                kept.Add(file.Id, copy.Id);
        }
        catch (IOException error) when (error is FileNotFoundException or EndOfStreamException)
        {
            log.SharedUploadLost(file.Id);
        }
    }

    List<ImportedRow> Rows(
        ShownShare share, List<Message> messages, Kept kept)
    {
        var rows = new List<ImportedRow>(messages.Count);
        foreach (var message in messages)
        {
            var isReply = message.Sender == Senders.Ai;
            var parts = isReply ? PartsOf(share, message.Parts ?? [], kept) : [];
            if (isReply && message.Content.Length == 0 && parts.Count == 0 && message.Media.Count == 0)
                continue;
            var media = message.Media.Select(x => kept.CopyOf(x.Id)).OfType<string>().Distinct().ToList();
            var lost = message.Media.Where(x => kept.CopyOf(x.Id) is null).Select(x => $"[{x.Name}]");
            var content = isReply ? message.Content
                : string.Join("\n\n", (string[])[message.Content, .. lost]).TrimStart('\n');
            var (id, previous) = (clock.NewId(), rows is [.., var before] ? before : null);
            var question = isReply && previous?.Sender == Senders.User ? previous.Id : null;
            if (question is not null)
                rows[^1] = previous! with { ReplyId = id };
            rows.Add(new(id, rows.Count + 1, message.Sender, "text", content, "normal", media, question, null,
                previous?.Id, true, message.Timestamp, message.Timestamp, null, null, parts));
        }
        return rows;
    }

    static List<Part> PartsOf(
        ShownShare share, IReadOnlyList<Part> parts, Kept kept)
    {
        var copies = new List<Part>();
        var calls = parts.OfType<ToolPart>().Select(x => x.CallId).Distinct().Index()
            .ToDictionary(x => x.Item, x => $"call_{x.Index}");
        foreach (var part in parts.Where(x => share.Shows(x, parts)))
            if (CopyOf(part, kept, calls) is { } copy)
                copies.Add(copy);
        return copies.TrueForAll(x => x is TextPart) ? [] : copies;
    }

    static Part? CopyOf(Part part, Kept kept, Dictionary<string, string> calls) =>
        part switch
        {
            TextPart text => text,
            ReasoningPart thought => thought,
            ToolPart call => new ToolPart(
                calls[call.CallId], call.Name, call.Title, Tools.ToolSources.Server, null, call.State, call.Input,
                call.State == CallStates.Done ? call.Output : null, Ms: call.Ms),
            SourcePart source => source with { MediaId = IdOf(source.MediaId, kept) },
            FilePart file => new FilePart(
                file.Name, IdOf(file.MediaId, kept), ContentType: SharedPath.TypeOf(file.ContentType),
                CallId: file.CallId is { } id ? calls[id] : null),
            _ => null,
        };

    static string? IdOf(string? id, Kept kept) =>
        id is null ? null : kept.CopyOf(id);
}

/// <summary>Which uploads of a shared chat have copies that are the user's.</summary>
sealed class Kept
{
    readonly Dictionary<string, string> _copies = [];

    /// <summary>The copies.</summary>
    public IReadOnlyCollection<string> Copies => _copies.Values;

    public void Add(string id, string copy) => _copies.Add(id, copy);

    /// <summary>The copy of an upload; null where there is none.</summary>
    public string? CopyOf(string id) => _copies.GetValueOrDefault(id);

    /// <summary>Those of these uploads.</summary>
    public Kept Only(IEnumerable<string> ids)
    {
        var only = new Kept();
        foreach (var id in ids)
            if (CopyOf(id) is { } copy)
                only.Add(id, copy);
        return only;
    }
}
