namespace Cote.Client;

/// <summary>What is known of the messages of one chat.</summary>
sealed class ShownChat
{
    readonly SortedList<long, Message> _items = [];
    readonly Dictionary<string, long> _places = [];

    /// <summary>What is at or below this <c>seq</c> was not fetched.</summary>
    public long Floor { get; set; }

    /// <summary>Whether it is fetched again by itself.</summary>
    public bool IsOpened { get; set; }

    public bool IsLoaded { get; set; }

    /// <summary>Grows with each opening of any chat: the lowest was opened the longest ago.</summary>
    public long OpenedAt { get; set; }

    /// <summary>Why the server does not give its messages.</summary>
    public CoteException? Refusal { get; set; }

    /// <summary>What is to be fetched.</summary>
    public Want? Want { get; set; }

    /// <summary>The fetch that is under way.</summary>
    public Want? Fetch { get; set; }

    /// <summary>The frames that came since it began.</summary>
    public List<Frame> Log { get; } = [];

    /// <summary>Counts how often messages went or moved.</summary>
    public int Edition { get; set; }

    /// <summary>What is shown; null where it is to be made.</summary>
    public IReadOnlyList<Message>? View { get; set; }

    /// <summary>Questions and ended replies of the active path above <see cref="Floor"/>, by <c>seq</c>.</summary>
    public IList<Message> Items => _items.Values;

    public Message? this[string id] => _places.TryGetValue(id, out var seq) ? _items[seq] : null;

    public bool Has(string id) => _places.ContainsKey(id);

    public void Put(Message message)
    {
        Remove(message.Id);
        _items[message.Seq] = message;
        _places[message.Id] = message.Seq;
        View = null;
    }

    public void Remove(string id)
    {
        if (_places.Remove(id, out var seq))
            _items.Remove(seq);
        View = null;
    }

    /// <summary>What is stored of it: at most so many messages.</summary>
    public StoredPath Newest(int most) => Items.Count <= most ? new(Floor, [.. Items])
        : new(Items[^most].Seq - 1, [.. Items.Skip(Items.Count - most)]);

    public void RemoveAbove(long seq)
    {
        foreach (var message in _items.Values.Where(x => x.Seq > seq).ToList())
            Remove(message.Id);
    }
}

/// <summary>What a replica lacks: the whole state, the row of a chat, or messages of one.</summary>
/// <param name="ChatId">Null: the whole state.</param>
/// <param name="After">The place above which messages are wanted; null for the newest page.</param>
/// <param name="IsRow">Whether the row alone is wanted.</param>
sealed record Want(string? ChatId, long? After = null, bool IsRow = false)
{
    public static readonly Want Sync = new((string?)null);

    /// <summary>Of two fetches the lowest, which is the whole.</summary>
    public Want Or(Want? other) => other is null ? this
        : this with { After = After is { } one && other.After is { } two ? Math.Min(one, two) : null };
}
