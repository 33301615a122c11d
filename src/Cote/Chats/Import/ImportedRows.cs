using System.Text.Json;
using Cote.Media;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>An imported message as it is stored.</summary>
sealed record ImportedRow(
    string Id, long Seq, string Sender, string Type, string Content, string Importance, IReadOnlyList<string> MediaIds,
    string? ReplyToId, string? ReplyId, string? ParentId, bool IsOnPath, Timestamp At, Timestamp EndedAt,
    string? Model, Generation? Generation, IReadOnlyList<Part> Parts)
{
    public Feedback? Feedback { get; init; }

    /// <summary>About how much text and parts take, in UTF-16 units.</summary>
    public long Units => Content.Length + Parts.Sum(PartBounds.UnitsOf);

    /// <summary>Its parts with their revision.</summary>
    public ReplyParts PartStates =>
        Parts.Count == 0 ? ReplyParts.None : new(1, [.. Parts.Select(x => new PartState(x, 1))]);

    /// <summary>What is stored of its uploads: their paths, unsigned.</summary>
    public string MediaJson => JsonSerializer.Serialize(
        [.. MediaIds.Select(MediaLinks.PathOf)], MessagesJson.Default.IReadOnlyListString);
}

/// <summary>An imported chat as it is stored, under the ids that it has here.</summary>
sealed record ImportedRows(
    string Id, string Title, Timestamp CreatedAt, IReadOnlyList<ImportedRow> Messages, string LeafId, bool IsBranched)
{
    const int TitleOfQuestion = 60;
    static readonly string[] NeedMedia = ["image", "audio", "video", "file"];

    public bool IsPinned { get; init; }

    public bool IsArchived { get; init; }

    public string? Model { get; init; }

    public string? SystemPrompt { get; init; }

    public double? Temperature { get; init; }

    public int? MaxTokens { get; init; }

    public string? ReasoningEffort { get; init; }

    /// <summary>The column of its tools.</summary>
    public string? ToolsJson { get; init; }

    /// <summary>Where it stands among the imported chats: its last message's time, or its place in the file.</summary>
    public Timestamp PlacedAt { get; init; }

    public Timestamp LastMessageTime => new(Messages.Max(x => x.EndedAt.Milliseconds));

    public string LastMessageContent => Excerpt.Of(Messages
        .Where(x => x.IsOnPath && (x.Content.Length > 0 || x.Sender == Senders.User))
        .OrderBy(x => x.EndedAt).ThenBy(x => x.Seq).LastOrDefault()?.Content ?? "", Chat.LongestExcerpt);

    /// <summary>Makes the rows of a chat.</summary>
    /// <param name="ids">The ids that it has here.</param>
    /// <param name="chat">As it was read.</param>
    /// <param name="tree">Its messages, at least one.</param>
    /// <param name="files">What is kept of the files of each message: the ids of uploads, and lines for the
    /// others.</param>
    /// <param name="import">The import, whose time stands in for one that is not known.</param>
    /// <param name="item">The chat's place in the file.</param>
    public static ImportedRows Of(
        ImportedIds ids, ImportedChat chat, ImportedTree tree, IReadOnlyList<KeptFiles> files, Import import, long item)
    {
        var messages = tree.Messages.Select((x, place) => RowOf(ids, tree, place, x, files[place])).ToList();
        var hasTime = chat.CreatedAt is not null || chat.Messages.Any(x => x.At is not null);
        var first = new Timestamp(messages.Min(x => x.At.Milliseconds));
        var rows = new ImportedRows(ids.OfChat, TitleOf(chat, messages), chat.CreatedAt ?? first, messages,
            messages[tree.Leaf].Id, tree.IsBranched)
        {
            IsPinned = chat.IsPinned,
            IsArchived = chat.IsArchived,
            Model = chat.Model,
            SystemPrompt = chat.SystemPrompt is { } prompt ? Excerpt.Of(prompt, ChatFields.LongestSystemPrompt) : null,
            Temperature = chat.Temperature,
            MaxTokens = chat.MaxTokens,
            ReasoningEffort = chat.ReasoningEffort,
            ToolsJson = chat.Tools is { } tools
                ? JsonSerializer.Serialize(tools, MessagesJson.Default.IReadOnlyListString) : null,
        };
        // Chats without times stand as the file has them: products write the newest first.
        return rows with
        {
            PlacedAt = hasTime ? rows.LastMessageTime : import.CreatedAt - TimeSpan.FromMilliseconds(item),
        };
    }

    static ImportedRow RowOf(ImportedIds ids, ImportedTree tree, int place, PlacedMessage message, KeptFiles files)
    {
        var source = message.Source;
        string? idOf(int at) => at < 0 ? null : ids.Of(tree.Messages[at].Source.Id);
        var lines = string.Join('\n', files.Lines);
        var content = lines.Length == 0 ? message.Text
            : message.Text.Length == 0 ? lines : $"{message.Text}\n\n{lines}";
        return new(ids.Of(source.Id), place + 1, message.IsReply ? Senders.Ai : Senders.User,
            files.Ids.Count == 0 && NeedMedia.Contains(source.Type) ? "text" : source.Type, content, source.Importance,
            files.Ids, message.IsReply ? idOf(message.Parent) : AnsweredBy(ids, tree, source), idOf(message.Reply),
            idOf(message.Parent), message.IsOnPath, message.At, message.EndedAt, source.Model, source.Generation,
            PartsOf(message, files, lines.Length == 0 ? null : new(content.Length - lines.Length, content.Length)))
        {
            Feedback = source.Feedback,
        };
    }

    // A file that was not kept is no part: its line is, as the last text.
    static IReadOnlyList<Part> PartsOf(PlacedMessage message, KeptFiles files, TextPart? lines)
    {
        if (!message.IsReply || message.Parts.Count == 0)
            return [];
        var parts = message.Parts.Where(x => x is not FilePart { MediaId: { } id } || files.Ids.Contains(id))
            .Select(x => x is ToolPart call ? Ended(call) : x);
        return [.. lines is null ? parts : parts.Append(lines)];
    }

    // Nothing that is imported goes on.
    static ToolPart Ended(ToolPart call) => CallStates.IsFinal(call.State) ? call : call with
    {
        State = call.State == CallStates.Running ? CallStates.Unknown : CallStates.Denied,
    };

    static string? AnsweredBy(ImportedIds ids, ImportedTree tree, ImportedMessage question) =>
        question.ReplyToId is { } id && tree.Has(id) ? ids.Of(id) : null;

    static string TitleOf(ImportedChat chat, List<ImportedRow> messages)
    {
        if (!string.IsNullOrWhiteSpace(chat.Title))
            return Excerpt.Of(chat.Title, Chat.LongestTitle);
        var question = messages.Find(x => x.Sender == Senders.User)?.Content.Trim() ?? "";
        return Excerpt.Of(question.Split('\n', 2)[0].Trim(), TitleOfQuestion);
    }
}

/// <summary>
/// What is kept of the files of a message: uploads, and a line with the name for each that is not here.
/// </summary>
readonly record struct KeptFiles(IReadOnlyList<string> Ids, IReadOnlyList<string> Lines)
{
    public static readonly KeptFiles None = new([], []);
}

/// <summary>
/// The ids that a chat and its messages have here. An export of Cote's keeps them for the account it came from; others
/// are made of those in the file, so that the same file is the same chats.
/// </summary>
sealed class ImportedIds
{
    readonly ImportedChat _chat;
    readonly Import _import;
    readonly bool _isOwn;

    public ImportedIds(ImportedChat chat, Import import)
    {
        (_chat, _import) = (chat, import);
        var own = chat.OwnerId == import.UserId && !import.IsAgain ? Ids.Parse(chat.SourceId) : null;
        _isOwn = own is not null;
        OfChat = own ?? Named();
    }

    public string OfChat { get; }

    /// <summary>The id of a message; in other products two chats may hold messages of one id.</summary>
    public string Of(string sourceId) => (_isOwn ? Ids.Parse(sourceId) : null) ?? Named(sourceId);

    string Named(params ReadOnlySpan<string> message) => NamedIds.Of(
        _import.UserId, [_chat.Source, _import.IsAgain ? _import.Id : "", _chat.SourceId, .. message]);
}
