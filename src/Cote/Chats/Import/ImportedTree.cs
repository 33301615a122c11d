namespace Cote.Chats;

/// <summary>A message with its place in the tree that is stored.</summary>
/// <param name="Source">What the file says of it; of replies that became one, the last.</param>
/// <param name="Text">Its text.</param>
/// <param name="Files">What it names.</param>
/// <param name="Parts">What it is made of; empty where it is plain text.</param>
/// <param name="Parent">The place of its parent in <see cref="ImportedTree.Messages"/>, or -1 at a beginning.</param>
/// <param name="At">When it was sent, or began.</param>
/// <param name="EndedAt">When it ended.</param>
sealed record PlacedMessage(
    ImportedMessage Source, string Text, IReadOnlyList<ImportedFile> Files, IReadOnlyList<Part> Parts, int Parent,
    Timestamp At, Timestamp EndedAt)
{
    public bool IsReply => Source.Role == ImportedRole.Assistant;

    /// <summary>Whether it lies on the path to the leaf.</summary>
    public bool IsOnPath { get; set; }

    /// <summary>Of a question: the place of its first reply, or -1.</summary>
    public int Reply { get; set; } = -1;
}

/// <summary>
/// The tree that is made of an imported chat: what is left out is bridged, replies in a row are one, and each message
/// comes after its parent, else by time. <see cref="ImportedLinks"/> repairs the parents before.
/// </summary>
sealed class ImportedTree
{
    // Of a reply that is many, so many files are kept, and their names.
    const int MostFiles = 1_000;

    // What stands before several branches is repeated in each; beyond this it stands in the first alone.
    const long MostRepeatedUnits = 8 * 1_048_576;

    readonly List<PlacedMessage> _messages = [];
    long _repeatedUnits;
    HashSet<string>? _ids;

    /// <summary>The messages by <c>seq</c>, the first with 1.</summary>
    public IReadOnlyList<PlacedMessage> Messages => _messages;

    /// <summary>The place of the last message of the shown path, or -1 in an empty tree.</summary>
    public int Leaf { get; private set; } = -1;

    /// <summary>Whether two messages have the same parent: a deletion may make any of them versions of each
    /// other.</summary>
    public bool IsBranched { get; private set; }

    /// <summary>Whether a message of this id in the file is a message of the tree.</summary>
    public bool Has(string sourceId) =>
        (_ids ??= [.. _messages.Select(x => x.Source.Id)]).Contains(sourceId);

    /// <summary>Why messages were left out, or null.</summary>
    public string? Reason { get; private set; }

    /// <summary>Makes the tree of a chat.</summary>
    /// <param name="chat">As it was read.</param>
    /// <param name="imported">When the import began: the time of a chat that has none.</param>
    public static ImportedTree Of(ImportedChat chat, Timestamp imported)
    {
        var tree = new ImportedTree();
        var links = new ImportedLinks(chat.Messages, tree.IsKept);
        var drafts = new Draft?[chat.Messages.Count];
        var places = new int[chat.Messages.Count];
        Array.Fill(places, -1);
        foreach (var node in tree.InOrder(links, chat, imported, drafts))
        {
            var draft = drafts[node]!;
            places[node] = tree._messages.Count;
            tree._messages.Add(new(links.Messages[node], draft.Text.ToString(), draft.Files, draft.Parts.ToList(),
                draft.Parent < 0 ? -1 : places[draft.Parent], draft.At, draft.EndedAt));
        }
        tree.Join(links.PlaceOf(chat.LeafId) is >= 0 and var leaf ? places[leaf] : -1,
            links.PlaceOf(chat.LeafId), links, places);
        return tree;
    }

    sealed record Draft(
        JoinedText Text, IReadOnlyList<ImportedFile> Files, JoinedParts Parts, int Parent, Timestamp At,
        Timestamp EndedAt);

    bool IsKept(ImportedMessage message)
    {
        if (message.Role == ImportedRole.Unknown)
            Reason ??= SkipReasons.UnknownRole;
        if (message.Role is not (ImportedRole.User or ImportedRole.Assistant)
            || (string.IsNullOrWhiteSpace(message.Text) && message.Files.Count == 0 && message.Parts.Count == 0
                && !message.KeepsEmpty))
            return false;
        if (JoinedText.IsShort(message.Text))
            return true;
        Reason ??= SkipReasons.TextTooLong;
        return false;
    }

    // Parents first, then by time, then as the file has them: a path sorted by its places is in order. Of a reply that
    // other replies go on, there is no message of its own but where a question follows it.
    IEnumerable<int> InOrder(ImportedLinks links, ImportedChat chat, Timestamp imported, Draft?[] drafts)
    {
        var next = new PriorityQueue<int, (long, int)>();
        Push(links.Roots, -1, isStored: false);
        while (next.TryDequeue(out var node, out _))
        {
            var children = links.ChildrenOf(node);
            var isReply = links.Messages[node].Role == ImportedRole.Assistant;
            var isStored =
                !isReply || children.Count == 0 || children.Any(x => links.Messages[x].Role == ImportedRole.User);
            if (isStored)
                yield return node;
            Push(children, node, isStored);
            drafts[node] = null; // Of a long row of replies, each has the text of all before it.
        }

        void Push(IReadOnlyList<int> nodes, int parent, bool isStored)
        {
            foreach (var (place, node) in nodes.Index())
            {
                var before = parent < 0 ? null : drafts[parent];
                var at = links.Messages[node].At ?? before?.EndedAt ?? chat.CreatedAt ?? imported;
                drafts[node] = DraftOf(links, node, parent, before, at, isStored || place > 0);
                next.Enqueue(node, (at.Milliseconds, node));
            }
        }
    }

    // Of replies in a row, the first child of each that is no message of its own goes on with it, others repeat it.
    Draft DraftOf(ImportedLinks links, int node, int parent, Draft? before, Timestamp at, bool isRepeated)
    {
        var message = links.Messages[node];
        if (before is null || message.Role != ImportedRole.Assistant
            || links.Messages[parent].Role != ImportedRole.Assistant)
            return new(new(message.Text), message.Files, new(null, message, 0), parent, at, at);
        IReadOnlyList<ImportedFile> files = message.Files.Count == 0 || before.Files.Count >= MostFiles
            ? before.Files : [.. before.Files, .. message.Files];
        if (isRepeated && (_repeatedUnits += before.Parts.Units) > MostRepeatedUnits)
            return new(new(message.Text), files, new(null, message, 0), before.Parent, before.At, at);
        var text = isRepeated ? before.Text.Copy() : before.Text;
        var start = text.Append(message.Text);
        if (start is null && message.Text.Length > 0)
            Reason ??= SkipReasons.TextTooLong;
        return new(text, files, new(before.Parts, message, start), before.Parent, before.At, at);
    }

    // Links that follow from the tree: the shown path, first replies, and whether there are siblings.
    void Join(int leaf, int leafNode, ImportedLinks links, int[] places)
    {
        // The file's own leaf may be one that others go on: then the newest below it is shown.
        var newest = new int[_messages.Count];
        for (var i = _messages.Count - 1; i >= 0; i--)
        {
            newest[i] = Math.Max(newest[i], i);
            if (_messages[i].Parent is >= 0 and var parent)
                newest[parent] = Math.Max(newest[parent], newest[i]);
        }
        if (leaf < 0 && leafNode >= 0)
            leaf = links.Below(leafNode).Select(x => places[x]).DefaultIfEmpty(-1).Max();
        Leaf = _messages.Count == 0 ? -1 : leaf >= 0 ? newest[leaf] : _messages.Count - 1;
        for (var i = Leaf; i >= 0; i = _messages[i].Parent)
            _messages[i].IsOnPath = true;

        var seen = new HashSet<int>();
        for (var i = 0; i < _messages.Count; i++)
        {
            var message = _messages[i];
            IsBranched |= !seen.Add(message.Parent);
            if (message.IsReply && message.Parent >= 0 && _messages[message.Parent].Reply < 0)
                _messages[message.Parent].Reply = i;
        }
    }
}
