using System.Text.Json;

namespace Cote.Client;

sealed partial class Replica
{
    /// <summary>The answer of <c>GET /sync</c>.</summary>
    public void TakeSync(SyncAnswer answer)
    {
        var (old, now) = (Cursor, Client.Cursor.Read(answer.Cursor));
        var isOther = old?.Epoch != now?.Epoch || old?.Number > now?.Number;
        _wantedRows.Clear();
        ReplaceRows(answer.Chats);
        _replies.Sync(answer.Running);
        foreach (var (id, shown) in _shown.ToList())
        {
            var row = Chat(id);
            shown.View = null;
            var isStale = row is null || isOther || row.Changed > old?.Number;
            if ((row is null && shown.IsLoaded) || (!shown.IsOpened && isStale))
                _shown.Remove(id);
            else if (row is not null && isStale && (shown.IsLoaded || shown.Fetch is not null))
            {
                shown.Edition++; // an answer that is under way may be of before
                Ask(id, shown, isOther || !shown.IsLoaded ? null : shown.Floor);
            }
            else if (row is not null && shown.Refusal is not null)
                (shown.Want, shown.Refusal) = (new(id), null);
        }
        (Cursor, _sync, Syncs) = (now, SyncStage.No, Syncs + 1);
        var kept = _kept.ToList();
        _kept.Clear();
        foreach (var frame in kept)
            if (IsOlderThan(now, frame))
                _replies.Close(frame);
            else
                Take(frame);
    }

    /// <summary>The answer of <c>GET /chats/{id}</c>.</summary>
    public void TakeRow(Chat chat)
    {
        _fetchedRows.Remove(chat.Id);
        if (Chat(chat.Id) is not { } old)
            return;
        if (old.Changed > chat.Changed)
        {
            _wantedRows.Add(chat.Id); // it was read before what has come since
            return;
        }
        Put(chat);
    }

    /// <summary>The answer of <c>GET …/messages/</c> to its end; <c>hasMore</c>: there are older ones.</summary>
    public void TakeMessages(Want want, IReadOnlyList<Message> items, bool hasMore)
    {
        var id = want.ChatId!;
        if (Shown(id) is not { Fetch: { } fetch } shown || fetch.After != want.After)
            return;
        shown.Fetch = null;
        var known = shown.Items.ToDictionary(x => x.Id);
        shown.RemoveAbove(want.After ?? 0);
        if (want.After is null)
        {
            shown.Floor = hasMore && items.Count > 0 ? items[0].Seq - 1 : 0;
            shown.Edition++;
        }
        foreach (var item in items)
            // What is open by the answer may have ended since.
            Put(shown, item.IsOpen && known.TryGetValue(item.Id, out var ended) ? ended : item);
        shown.IsLoaded = true;
        shown.View = null;
        var log = shown.Log.ToList();
        shown.Log.Clear();
        foreach (var frame in log)
            Affect(frame);
    }

    /// <summary>
    /// The page before the messages that are held, as they were at this edition; false where something went meanwhile.
    /// </summary>
    public bool TakeOlder(string chatId, long floor, int edition, IReadOnlyList<Message> items, bool hasMore)
    {
        if (Shown(chatId) is not { } shown || shown.Floor != floor || shown.Edition != edition)
            return false;
        shown.Floor = hasMore && items.Count > 0 ? items[0].Seq - 1 : 0;
        foreach (var item in items)
            Put(shown, item);
        shown.View = null;
        return true;
    }

    /// <summary>A chat that answers a write of one's own, unless its event has come already.</summary>
    public void TakeAnswer(Chat chat)
    {
        if (Chat(chat.Id) is { } old ? old.Changed < chat.Changed : !_told.Contains(chat.Id))
            Put(chat);
        if (Shown(chat.Id) is { Refusal: not null } shown)
            (shown.Want, shown.Refusal) = (new(chat.Id), null); // it was asked for before it was made
    }

    /// <summary>
    /// A message that answers a send, unless its event has come already: what follows it is yet to come, and is applied
    /// to it. A sync since the send began may have told of it, and of what followed; so may another life.
    /// </summary>
    public void TakeAnswer(Message message, int syncs)
    {
        if (_told.Contains(message.Id) || message.Seq <= Chat(message.ChatId)?.LastSeq)
            return;
        if (syncs != Syncs)
        {
            if (Shown(message.ChatId) is { IsLoaded: true } shown && !shown.Has(message.Id))
                shown.Want = new Want(message.ChatId, shown.Floor).Or(shown.Want);
            return;
        }
        var frame = new Frame("message", JsonSerializer.SerializeToElement(message, CoteJson.Default.Message));
        ChangeRow(frame, null);
        Shown(message.ChatId)?.Log.Add(frame);
        Affect(frame);
    }

    // Of another log, or a reset that this sync has answered.
    static bool IsOlderThan(Cursor? sync, Frame frame) => frame.Type == "reset"
        ? Client.Cursor.Read(Read(frame, CoteJson.Default.Ready).Cursor)?.Epoch == sync?.Epoch
        : frame.Cursor is not null && Client.Cursor.Read(frame.Cursor)?.Epoch != sync?.Epoch;
}
