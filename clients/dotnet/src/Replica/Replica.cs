using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cote.Client;

/// <summary>
/// What a device knows: chats, messages of the active paths, and the cursor. Frames, and answers to what it wants, lead
/// from one state to the next; it does no I/O and reads no clock. Not for several threads at once.
/// </summary>
sealed partial class Replica
{
    const int MostTold = 2000;
    const int MostShown = 20;

    readonly Dictionary<string, Chat> _rows = [];
    readonly Dictionary<string, ShownChat> _shown = [];
    readonly OpenReplies _replies = new();
    readonly HashSet<string> _wantedRows = [];
    readonly HashSet<string> _fetchedRows = [];
    readonly List<Frame> _kept = [];
    readonly HashSet<string> _told = [];
    readonly Queue<string> _toldInOrder = [];
    IReadOnlyList<Chat>? _list;
    SyncStage _sync = SyncStage.Wanted;
    long _lastOpening;

    enum SyncStage
    {
        No,
        Wanted,
        UnderWay,
    }

    /// <summary>The position in the event log up to which everything is applied; null before the first sync.</summary>
    public Cursor? Cursor { get; private set; }

    /// <summary>Whether it waits for the whole state.</summary>
    public bool NeedsSync => _sync != SyncStage.No;

    /// <summary>Counts the answers of <c>GET /sync</c>.</summary>
    public int Syncs { get; private set; }

    /// <summary>All chats, newest activity first.</summary>
    public IReadOnlyList<Chat> Chats => _list ??= [.. _rows.Values.OrderByDescending(x => x.Activity)];

    /// <summary>The chats whose messages are held.</summary>
    public IEnumerable<string> Held => _shown.Where(x => x.Value.IsLoaded).Select(x => x.Key);

    /// <summary>The chats whose messages are fetched for the first time.</summary>
    public IEnumerable<string> Loading =>
        _shown.Where(x => x.Value is { IsLoaded: false, Refusal: null }).Select(x => x.Key);

    public Chat? Chat(string id) => _rows.GetValueOrDefault(id);

    /// <summary>What is held of a chat; null where nothing is.</summary>
    public ShownChat? Shown(string chatId) => _shown.GetValueOrDefault(chatId);

    /// <summary>What is to be fetched, and is not being fetched yet.</summary>
    public IReadOnlyList<Want> Wanted() => _sync switch
    {
        SyncStage.Wanted => [Want.Sync],
        SyncStage.UnderWay => [],
        _ =>
        [
            .. _wantedRows.Where(x => !_fetchedRows.Contains(x)).Select(x => new Want(x, IsRow: true)),
            .. _shown.Values.Where(x => x is { Want: not null, Fetch: null }).Select(x => x.Want!),
        ],
    };

    /// <summary>A fetch begins: from now on frames are kept, to be applied again to its answer.</summary>
    public void Begin(Want want)
    {
        if (want.ChatId is not { } id)
            _sync = SyncStage.UnderWay;
        else if (want.IsRow)
        {
            _wantedRows.Remove(id);
            _fetchedRows.Add(id);
        }
        else if (Shown(id) is { } shown)
        {
            (shown.Fetch, shown.Want) = (want, null);
            shown.Log.Clear();
        }
    }

    /// <summary>
    /// A fetch got no answer: it is wanted again, but not where the server refuses it; then false.
    /// </summary>
    public bool Fail(Want want, CoteException? refusal)
    {
        if (want is { ChatId: { } asked, IsRow: false } && refusal?.Status == 404 && Chat(asked) is not null)
            refusal = null; // it was made meanwhile, or an event will say that it is gone
        var isGone = refusal is not null;
        if (want.ChatId is not { } id)
            _sync = SyncStage.Wanted;
        else if (want.IsRow)
        {
            _fetchedRows.Remove(id);
            if (!isGone)
                _wantedRows.Add(id);
        }
        else if (Shown(id) is { Fetch: not null } shown)
        {
            (shown.Fetch, shown.Refusal) = (null, refusal);
            if (!isGone)
                shown.Want = want.Or(shown.Want);
        }
        return !isGone;
    }

    /// <summary>Messages of this chat are wanted, and kept current from now on.</summary>
    public void Open(string chatId)
    {
        if (!_shown.TryGetValue(chatId, out var shown))
            shown = _shown[chatId] = new();
        (shown.IsOpened, shown.OpenedAt, shown.Refusal) = (true, ++_lastOpening, null);
        if (shown is { IsLoaded: false, Fetch: null })
            shown.Want = new(chatId);
        // The others are fetched again when they are opened.
        foreach (var (id, old) in _shown.Where(x => x.Value.IsLoaded).OrderBy(x => x.Value.OpenedAt).ToList())
            if (_shown.Count > MostShown && old != shown)
                _shown.Remove(id);
    }

    /// <summary>Messages of this chat are kept no longer.</summary>
    public void Close(string chatId) => _shown.Remove(chatId);

    /// <summary>The whole state is wanted: there is no cursor, or the server refuses it.</summary>
    public void NeedSync()
    {
        if (_sync == SyncStage.No)
            _sync = SyncStage.Wanted;
    }

    /// <summary>All that another life needs to go on from here; of each chat at most so many messages.</summary>
    public StoredState Save(string? userId, int most = int.MaxValue)
    {
        var paths = _shown.Where(x => x.Value.IsLoaded).OrderBy(x => x.Value.OpenedAt).ToList();
        var wants = _wantedRows.Union(_fetchedRows).Select(x => new Want(x, IsRow: true)).Concat(paths
            .SelectMany(x => new[] { x.Value.Want, x.Value.Fetch }).OfType<Want>());
        return new(
            StoredState.Form, userId, Cursor?.ToString(), [.. _rows.Values],
            paths.ToDictionary(x => x.Key, x => x.Value.Newest(most)), [.. _replies.All], [.. wants]);
    }

    /// <summary>Takes up what another life of this device has stored.</summary>
    public void Load(StoredState stored)
    {
        Cursor = Client.Cursor.Read(stored.Cursor);
        _sync = Cursor is null ? SyncStage.Wanted : SyncStage.No;
        ReplaceRows(stored.Chats);
        _replies.Restore(stored.Open);
        foreach (var (id, path) in stored.Paths)
        {
            var isOpened = Shown(id)?.IsOpened == true;
            var shown = _shown[id] = new() { Floor = path.Floor, IsLoaded = true, IsOpened = isOpened };
            foreach (var message in path.Items)
                shown.Put(message);
        }
        foreach (var want in stored.Wants)
            if (want is { IsRow: true, ChatId: { } row })
                _wantedRows.Add(row);
            else if (want.ChatId is { } id && Shown(id) is { } shown)
                Ask(id, shown, want.After);
    }

    // Of several fetches the lowest, which is the whole.
    static void Ask(string chatId, ShownChat shown, long? after) =>
        shown.Want = new Want(chatId, after < shown.Floor ? null : after).Or(shown.Want);

    /// <summary>The active path, by <c>seq</c>, with the open replies on it.</summary>
    public IReadOnlyList<Message> Messages(string chatId) =>
        Shown(chatId) is { } shown ? shown.View ??= Path(chatId, shown) : [];

    /// <summary>The message that a new one follows; null where that is for the server to say.</summary>
    public string? LastShown(string chatId)
    {
        if (NeedsSync || Shown(chatId) is not { IsLoaded: true, Want: null, Fetch: null }
            || Messages(chatId) is not [.., var last])
            return null;
        // A reply that is not shown yet follows its question all the same.
        var leaf = Chat(chatId)?.LeafId;
        return last.ReplyId is not null && last.ReplyId == leaf ? leaf : last.Id;
    }

    // An open reply is on the path where it is the leaf or something follows it there.
    List<Message> Path(string chatId, ShownChat shown)
    {
        var followed = shown.Items.Select(x => x.ParentId).ToHashSet();
        var leaf = Chat(chatId)?.LeafId;
        var open = _replies.Of(chatId).Where(x => x.Seq > shown.Floor).Select(x => x.Now)
            .Where(x => x.Id == leaf || followed.Contains(x.Id));
        var all = shown.Items.Concat(open).OrderBy(x => x.Seq).ToList();
        var ids = all.Select(x => x.Id).ToHashSet();
        for (var at = 0; at < all.Count; at++)
        {
            var (message, before) = (all[at], at > 0 ? all[at - 1] : null);
            if ((message.ParentId is not null && ids.Contains(message.ParentId)) || (before is null && shown.Floor > 0)
                || (before?.ReplyId is not null && before.ReplyId == message.ParentId))
                continue;
            // A frame that was written before a deletion names the parent of then.
            if (message.ParentId != before?.Id)
                all[at] = message with { ParentId = before?.Id };
        }
        return all;
    }

    public static T Read<T>(Frame frame, JsonTypeInfo<T> type) => frame.Data.Deserialize(type)!;

    void ReplaceRows(IEnumerable<Chat> chats)
    {
        _list = null;
        _rows.Clear();
        foreach (var chat in chats)
            _rows[chat.Id] = chat;
    }

    void Put(Chat chat)
    {
        _list = null;
        _rows[chat.Id] = chat;
        if (Shown(chat.Id) is { } shown)
            shown.View = null;
    }

    void RemoveRow(string id)
    {
        _list = null;
        _rows.Remove(id);
    }
}
