namespace Cote.Chats;

/// <summary>
/// Who follows whom in an imported chat, repaired: a parent that is missing, itself or a descendant makes a beginning,
/// and what followed a message that is left out follows its parent. Ids that come twice are told apart.
/// </summary>
sealed class ImportedLinks
{
    const int None = -1;

    readonly List<ImportedMessage> _messages = [];
    readonly Dictionary<string, int> _places = [];
    readonly Dictionary<string, int> _repeats = [];
    readonly int[] _parents;
    readonly bool[] _isKept;
    readonly List<int>[] _children;
    readonly List<int> _roots = [];

    public ImportedLinks(IReadOnlyList<ImportedMessage> messages, Func<ImportedMessage, bool> isKept)
    {
        foreach (var message in messages)
            Add(message);
        _parents = [.. _messages.Select((x, i) =>
            x.ParentId is { } id && _places.TryGetValue(id, out var parent) && parent != i ? parent : None)];
        OpenCircles();
        _isKept = [.. _messages.Select(isKept)];
        BridgeLeftOut();
        _children = [.. _messages.Select(_ => new List<int>())];
        for (var i = 0; i < _messages.Count; i++)
            if (_isKept[i])
                (_parents[i] == None ? _roots : _children[_parents[i]]).Add(i);
    }

    /// <summary>All messages, those that are left out too, in the order of the file.</summary>
    public IReadOnlyList<ImportedMessage> Messages => _messages;

    /// <summary>The places of the kept messages at a beginning.</summary>
    public IReadOnlyList<int> Roots => _roots;

    /// <summary>The places of the kept messages that follow one.</summary>
    public IReadOnlyList<int> ChildrenOf(int place) => _children[place];

    /// <summary>
    /// The place of the kept message with this id, or of the nearest before it; -1 where there is none.
    /// </summary>
    public int PlaceOf(string? id) => id is null || !_places.TryGetValue(id, out var place) ? None
        : _isKept[place] ? place : _parents[place];

    /// <summary>The places of all kept messages that follow one, however far.</summary>
    public IEnumerable<int> Below(int place)
    {
        var left = new Stack<int>(_children[place]);
        while (left.TryPop(out var next))
        {
            yield return next;
            foreach (var child in _children[next])
                left.Push(child);
        }
    }

    // The same message twice is one; another message under a known id gets a name of its own.
    void Add(ImportedMessage message)
    {
        if (_places.TryAdd(message.Id, _messages.Count))
        {
            _messages.Add(message);
            return;
        }
        var known = _messages[_places[message.Id]];
        if (known.Text == message.Text && known.ParentId == message.ParentId && known.Role == message.Role)
            return;
        string id;
        do
        {
            _repeats[message.Id] = _repeats.GetValueOrDefault(message.Id, 1) + 1;
            id = $"{message.Id}#{_repeats[message.Id]}";
        }
        while (!_places.TryAdd(id, _messages.Count));
        _messages.Add(message with { Id = id });
    }

    // Of a circle the first in the file becomes a beginning. Every message is walked over once.
    void OpenCircles()
    {
        var walks = new int[_parents.Length];
        for (var i = 0; i < _parents.Length; i++)
        {
            var at = i;
            for (; at != None && walks[at] == 0; at = _parents[at])
                walks[at] = i + 1;
            if (at == None || walks[at] != i + 1)
                continue;
            var first = at;
            for (var next = _parents[at]; next != at; next = _parents[next])
                first = Math.Min(first, next);
            _parents[first] = None;
        }
    }

    void BridgeLeftOut()
    {
        // From each up to the nearest that is kept; what was passed over is shortened for those that come later.
        var passed = new List<int>();
        for (var i = 0; i < _parents.Length; i++)
        {
            passed.Clear();
            var parent = _parents[i];
            for (; parent != None && !_isKept[parent]; parent = _parents[parent])
                passed.Add(parent);
            _parents[i] = parent;
            foreach (var place in passed)
                _parents[place] = parent;
        }
    }
}
