using Cote.Events;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>
/// Copies what a share shows into a chat of another user: nothing comes along that is not shown, no setting, no model,
/// no id. Uploads become the user's own, with the user's quota: pictures as they are shown, without metadata.
/// </summary>
sealed class SharedCopies(
    EventLog events, SharedView view, Downloads files, MediaIngest ingest, Clock clock)
{
    // What one copy may hold in memory.
    const long MostUnits = 32L * 1_048_576;

    /// <summary>The rows of a copy; null where it is too long. Its uploads are kept by now.</summary>
    public async Task<IReadOnlyList<ImportedRow>?> MakeAsync(string userId, ShownShare share, CancellationToken ct)
    {
        var path = await view.ReadPathAsync(share, ct);
        if (path.Ids.Count > PathChange.MostMoved)
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
        var kept = new Dictionary<string, string?>();
        foreach (var id in path.Media)
            kept[id] = await KeepAsync(userId, share, id, ct);
        return Rows(share, messages, kept);
    }

    /// <summary>Writes a copy, whole or not at all; a conflict where its id is used.</summary>
    public async Task<Outcome> AddAsync(
        string userId, string id, string title, IReadOnlyList<ImportedRow> rows, string fingerprint)
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

    // Null where it cannot be kept: the quota, a picture that cannot be read, a storage that has lost it.
    async Task<string?> KeepAsync(string userId, ShownShare share, string mediaId, CancellationToken ct)
    {
        if (await files.Media.FindAsync(share.UserId, mediaId, ct) is not { } file)
            return null;
        var (name, known) = (file.Name, file.IsText ? TextFiles.Of(file.Name) : null);
        Stream bytes = new BlobStream(files.Storage, file.BlobId, file.Size);
        if (file.IsImage)
        {
            var (picture, problem) = await GetMedia.MakeAnewAsync(file, MediaForms.Widths[^1], files, ct);
            if (problem == Problems.Busy)
                throw new ProblemException(problem);
            if (picture is not { } made)
                return null;
            bytes = new MemoryStream((await files.Forms.LoadAsync(made, ct)).Bytes, writable: false);
            name = Path.ChangeExtension(name, ".webp");
        }
        await using (bytes)
            return (await ingest.ReceiveAsync(
                userId, bytes, name, () => Task.FromResult<Problem?>(null), ct, known)).File?.Id;
    }

    List<ImportedRow> Rows(
        ShownShare share, List<Message> messages, Dictionary<string, string?> kept)
    {
        var rows = new List<ImportedRow>(messages.Count);
        foreach (var message in messages)
        {
            var isReply = message.Sender == Senders.Ai;
            var parts = isReply ? PartsOf(share, message.Parts ?? [], kept) : [];
            if (isReply && message.Content.Length == 0 && parts.Count == 0 && message.Media.Count == 0)
                continue;
            var media = message.Media.Select(x => kept.GetValueOrDefault(x.Id)).OfType<string>().Distinct().ToList();
            var lost = message.Media.Where(x => kept.GetValueOrDefault(x.Id) is null).Select(x => $"[{x.Name}]");
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
        ShownShare share, IReadOnlyList<Part> parts, Dictionary<string, string?> kept)
    {
        var copies = new List<Part>();
        foreach (var part in parts)
            if (CopyOf(share, part, kept, copies.Count) is { } copy)
                copies.Add(copy);
        return copies.TrueForAll(x => x is TextPart) ? [] : copies;
    }

    static Part? CopyOf(ShownShare share, Part part, Dictionary<string, string?> kept, int place) =>
        part switch
        {
            TextPart text => text,
            ReasoningPart thought when share.ShowsReasoning => thought,
            ToolPart call when share.ShowsTools => new ToolPart(
                $"call_{place}", call.Name, call.Title, Tools.ToolSources.Server, null, call.State, call.Input,
                call.State == CallStates.Done ? call.Output : null, Ms: call.Ms),
            SourcePart source => source with { MediaId = IdOf(source.MediaId, kept) },
            FilePart file => new FilePart(
                file.Name, IdOf(file.MediaId, kept), ContentType: SharedPath.TypeOf(file.ContentType)),
            _ => null,
        };

    static string? IdOf(string? id, Dictionary<string, string?> kept) =>
        id is null ? null : kept.GetValueOrDefault(id);
}
