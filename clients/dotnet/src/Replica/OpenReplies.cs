namespace Cote.Client;

/// <summary>The open replies of all chats, on whatever path: a switch may show any of them.</summary>
sealed class OpenReplies
{
    readonly Dictionary<string, OpenReply> _open = [];

    public IEnumerable<Message> All => _open.Values.Select(x => x.Now);

    public IEnumerable<OpenReply> Of(string chatId) => _open.Values.Where(x => x.ChatId == chatId);

    public OpenReply? this[string id] => _open.GetValueOrDefault(id);

    public void Restore(IEnumerable<Message> messages)
    {
        foreach (var message in messages)
            _open[message.Id] = new(message);
    }

    /// <summary>All that are open, by <c>GET /sync</c>: the others have ended.</summary>
    public void Sync(IReadOnlyList<Snapshot> running)
    {
        var ids = running.Select(x => x.MessageId).ToHashSet();
        foreach (var id in _open.Keys.Where(x => !ids.Contains(x)).ToList())
            _open.Remove(id);
        foreach (var reply in running)
        {
            Show(reply, default);
            if (reply.Generation is { } generation)
                _open[reply.MessageId].Change(x => x with
                {
                    Generation = generation with { Attempt = x.Generation?.Attempt ?? generation.Attempt },
                });
        }
    }

    public void Show(Snapshot snapshot, DateTimeOffset time)
    {
        if (!_open.TryGetValue(snapshot.MessageId, out var reply))
            reply = _open[snapshot.MessageId] = new(new()
            {
                Id = snapshot.MessageId,
                ChatId = snapshot.ChatId,
                Seq = snapshot.Seq,
                Sender = "ai",
                Timestamp = time,
                ReplyToId = snapshot.ReplyToId,
            });
        reply.Show(snapshot);
    }

    /// <summary>A fetched message that is open.</summary>
    public void Merge(Message message)
    {
        if (_open.TryGetValue(message.Id, out var reply))
            reply.Merge(message);
        else
            _open[message.Id] = new(message);
    }

    /// <summary>An event that is not applied any more still says that its reply is not open.</summary>
    public void Close(Frame frame)
    {
        if (frame.Type == "message" && Replica.Read(frame, CoteJson.Default.Message) is { IsOpen: false } message)
            Drop(message.Id);
        else if (frame.Type == "message.deleted")
            Drop(Replica.Read(frame, CoteJson.Default.Change).MessageId ?? "");
        else if (frame.Type == "chat.deleted")
            DropAll(Replica.Read(frame, CoteJson.Default.Change).ChatId);
    }

    public void Drop(string id) => _open.Remove(id);

    public void DropAll(string chatId)
    {
        foreach (var reply in Of(chatId).ToList())
            _open.Remove(reply.Now.Id);
    }

    /// <summary>What followed a deleted message follows its parent.</summary>
    public void Follow(string gone, string? parentId)
    {
        foreach (var reply in _open.Values.Where(x => x.ParentId == gone))
            reply.Change(x => x with { ParentId = parentId });
    }
}
