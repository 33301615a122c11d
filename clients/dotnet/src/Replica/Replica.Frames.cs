namespace Cote.Client;

sealed partial class Replica
{
    const int LongestExcerpt = 500;

    /// <summary>A frame of a socket, a stream or a poll.</summary>
    public void Take(Frame frame)
    {
        if (NeedsSync)
        {
            _kept.Add(frame);
            return;
        }
        if (frame.Type == "reset")
        {
            NeedSync();
            return;
        }
        if (frame.Cursor is not null && Client.Cursor.Read(frame.Cursor) is { } its)
        {
            if (Cursor is not { } own || own.Epoch != its.Epoch || its.Number > own.Number + 1)
            {
                NeedSync();
                _kept.Add(frame);
                return;
            }
            if (its.Number <= own.Number)
            {
                _replies.Close(frame);
                return;
            }
            Cursor = its;
            ChangeRow(frame, its.Number);
        }
        Tell(frame);
        if (Shown(ChatOf(frame)) is { Fetch: not null } shown)
            shown.Log.Add(frame);
        Affect(frame);
    }

    static string ChatOf(Frame frame) =>
        frame.Data.ValueKind != System.Text.Json.JsonValueKind.Object ? ""
        : frame.Data.TryGetProperty("chat_id", out var chat) || frame.Data.TryGetProperty("id", out chat)
            ? chat.GetString() ?? "" : "";

    // What an event says of its chat.
    void ChangeRow(Frame frame, long? number)
    {
        if (frame.Type is "chat.created" or "chat.updated")
        {
            Put(Read(frame, CoteJson.Default.Chat));
            return;
        }
        var id = ChatOf(frame);
        if (frame.Type == "chat.deleted")
            RemoveRow(id);
        else if (Chat(id) is { } old)
        {
            var chat = old with { Changed = Math.Max(old.Changed, number ?? 0) };
            if (frame.Type == "message")
            {
                // The answer to a send comes before its event.
                var activity = number ?? Math.Max(0, Chats[0].Activity) + 1;
                Put(Moved(chat, activity, Read(frame, CoteJson.Default.Message)));
                return;
            }
            if (frame.Type == "message.deleted")
                _wantedRows.Add(id);
            else if (frame.Type == "chat.path")
            {
                var change = Read(frame, CoteJson.Default.Change);
                chat = chat with { LeafId = change.LeafId, LastMessageContent = change.LastMessageContent ?? "" };
            }
            Put(chat);
        }
    }

    static Chat Moved(Chat chat, long activity, Message message)
    {
        // A question and its reply are stored together, one after the other.
        var last = message.ReplyId is null ? message.Seq : message.Seq + 1;
        var isShown = message.OnPath != false;
        return chat with
        {
            Activity = activity,
            LastMessageTime = message.Timestamp,
            LastMessageContent = isShown && (message.Sender == "user" || message.Content.Length > 0)
                ? Excerpt(message.Content) : chat.LastMessageContent,
            LeafId = isShown && message.ReplyId is not null && last >= chat.LastSeq ? message.ReplyId : chat.LeafId,
            LastSeq = Math.Max(chat.LastSeq, last),
        };
    }

    // One unit less where the cut would split a pair.
    static string Excerpt(string content) => content.Length <= LongestExcerpt ? content
        : content[..(char.IsHighSurrogate(content[LongestExcerpt - 1]) ? LongestExcerpt - 1 : LongestExcerpt)];

    // What a frame says of messages.
    void Affect(Frame frame)
    {
        var id = ChatOf(frame);
        var shown = Shown(id);
        if (shown is not null)
            shown.View = null;
        switch (frame.Type)
        {
            case "message":
                var message = Read(frame, CoteJson.Default.Message);
                if (shown is not null)
                    Put(shown, message);
                else if (!message.IsOpen)
                    _replies.Drop(message.Id);
                break;
            case "chat.created":
                if (shown is { IsOpened: true, IsLoaded: false, Fetch: null })
                    (shown.Want, shown.Refusal) = (new(id), null);
                break;
            case "chat.deleted":
                _shown.Remove(id);
                _wantedRows.Remove(id);
                _replies.DropAll(id);
                break;
            case "message.deleted" or "message.status" or "message.feedback" or "message.waiting" or "chat.path":
                AffectBy(frame.Type, Read(frame, CoteJson.Default.Change), shown);
                break;
            case "message.snapshot" or "message.delta" or "message.part" or "message.part.delta":
                Grow(frame, shown);
                break;
        }
    }

    void AffectBy(string type, Change change, ShownChat? shown)
    {
        var id = change.MessageId ?? "";
        switch (type)
        {
            case "message.deleted":
                Delete(change.ChatId, shown, id);
                break;
            case "message.status":
                ChangeMessage(shown, id,
                    x => Rank(x.Status) < Rank(change.Status) ? x with { Status = change.Status! } : x);
                break;
            case "message.feedback":
                ChangeMessage(shown, id, x => x with { Feedback = change.Feedback });
                break;
            case "message.waiting":
                _replies[id]?.Become(change.Calls is { Count: > 0 } ? "waiting" : "queued");
                break;
            case "chat.path":
                Cut(change.ChatId, shown, change.AfterSeq);
                break;
        }
    }

    void Grow(Frame frame, ShownChat? shown)
    {
        switch (frame.Type)
        {
            case "message.snapshot":
                var snapshot = Read(frame, CoteJson.Default.Snapshot);
                if (shown?.Has(snapshot.MessageId) == true)
                    break; // it has ended
                var asked = snapshot.ReplyToId is { } question ? shown?[question] : null;
                _replies.Show(snapshot, asked?.Timestamp ?? Chat(snapshot.ChatId)?.LastMessageTime ?? default);
                break;
            case "message.delta":
                var delta = Read(frame, CoteJson.Default.Delta);
                _replies[delta.MessageId]?.Take(delta);
                break;
            case "message.part.delta":
                var thought = Read(frame, CoteJson.Default.Delta);
                _replies[thought.MessageId]?.TakeThought(thought);
                break;
            case "message.part":
                var part = Read(frame, CoteJson.Default.PartChange);
                _replies[part.MessageId]?.Take(part);
                break;
        }
    }

    // Another path is active above a place.
    void Cut(string chatId, ShownChat? shown, long after)
    {
        if (shown is null)
            return;
        shown.Edition++;
        if (!shown.IsOpened)
            _shown.Remove(chatId);
        else if (shown.IsLoaded)
        {
            shown.RemoveAbove(after);
            Ask(chatId, shown, after);
        }
    }

    void Put(ShownChat shown, Message message)
    {
        if (message.IsOpen)
        {
            _replies.Merge(message);
            return;
        }
        _replies.Drop(message.Id);
        if (message.Seq <= shown.Floor)
            shown.Edition++; // an older page that is under way may have it as it was
        if (message.OnPath == false || message.Seq <= shown.Floor)
            shown.Remove(message.Id);
        else
            shown.Put(message);
    }

    // What followed it follows its parent.
    void Delete(string chatId, ShownChat? shown, string id)
    {
        var gone = shown?[id] ?? _replies[id]?.Now;
        _replies.Drop(id);
        // A queued reply may never have been seen: its parent is its question, which names it.
        var parent = gone is not null ? gone.ParentId : shown?.Items.FirstOrDefault(x => x.ReplyId == id)?.Id;
        if (gone is not null || parent is not null)
            _replies.Follow(id, parent);
        if (shown is null)
            return;
        shown.Edition++;
        shown.Remove(id);
        if (gone is null && parent is null)
        {
            // What a message below the floor followed is not known here: the server says what the oldest follows now.
            if (shown.Floor > 0 && shown.Items is [{ ParentId: var first }, ..] && first == id)
                Ask(chatId, shown, shown.Floor);
            return;
        }
        foreach (var child in shown.Items.Where(x => x.ParentId == id).ToList())
            shown.Put(child with { ParentId = parent });
    }

    void ChangeMessage(ShownChat? shown, string id, Func<Message, Message> change)
    {
        if (shown?[id] is { } message)
            shown.Put(change(message));
        else if (_replies[id] is { } reply)
            reply.Change(change);
        else if (shown is not null)
            shown.Edition++;
    }

    static int Rank(string? status) => status switch { "read" => 2, "delivered" => 1, _ => 0 };

    // The ids that events have told of: what answers a write is older than they are.
    void Tell(Frame frame)
    {
        var id = frame.Type is "message" or "chat.created" ? frame.Data.GetProperty("id").GetString()
            : frame.Type == "message.deleted" ? frame.Data.GetProperty("message_id").GetString()
            : frame.Type == "chat.deleted" ? ChatOf(frame) : null;
        if (id is null || !_told.Add(id))
            return;
        _toldInOrder.Enqueue(id);
        if (_toldInOrder.Count > MostTold)
            _told.Remove(_toldInOrder.Dequeue());
    }
}
