using Cote.Tools;

namespace Cote.Chats;

/// <summary>
/// The parts of replies that become one: a chain, since a long row of replies would else be copied with each. Ranges
/// move with the text, what came of a call goes to its call, and ids of calls are unique.
/// </summary>
sealed class JoinedParts
{
    // A reply that is repeated costs something even where it is almost nothing.
    const int UnitsOfReply = 16;

    readonly JoinedParts? _before;
    readonly ImportedMessage _message;
    readonly int? _start;
    readonly bool _isPlain;

    /// <summary>The parts of a reply after those before it.</summary>
    /// <param name="before">Those before it; null where it is the first.</param>
    /// <param name="message">The reply.</param>
    /// <param name="start">Where its text begins in that of all; null where it is not in there.</param>
    public JoinedParts(JoinedParts? before, ImportedMessage message, int? start)
    {
        (_before, _message, _start) = (before, message, start);
        _isPlain = message.Parts.Count == 0 && before is not { _isPlain: false };
        Units = (before?.Units ?? 0) + UnitsOfReply + message.Text.Length + message.Parts.Sum(PartBounds.UnitsOf);
    }

    /// <summary>About how much text and parts take, in UTF-16 units.</summary>
    public long Units { get; }

    /// <summary>The parts in order; none where all is plain text.</summary>
    public IReadOnlyList<Part> ToList()
    {
        if (_isPlain)
            return [];
        var chain = new Stack<JoinedParts>();
        for (var next = this; next is not null; next = next._before)
            chain.Push(next);
        var joined = new Joining();
        foreach (var next in chain)
            joined.Add(next._message, next._start);
        return joined.Parts;
    }

    sealed class Joining
    {
        readonly HashSet<string> _ids = [];
        readonly Dictionary<string, Stack<int>> _open = []; // By the tool's name: calls of which nothing came yet.
        int _thought = -1; // The last one that may still be told how long it took.
        int _named;
        int _sources;

        public List<Part> Parts { get; } = [];

        public void Add(ImportedMessage message, int? start)
        {
            var length = message.Text.Length;
            if (message.Parts.Count == 0 && length > 0 && start is { } first && Parts.Count < PartBounds.MostParts)
                Parts.Add(new TextPart(first, first + length));
            var ids = new Dictionary<string, string>();
            foreach (var part in message.Parts)
                if (Parts.Count < PartBounds.MostParts && !(message.EndsPart && End(part)))
                    Add(part, length, start, ids);
        }

        void Add(Part part, int length, int? start, Dictionary<string, string> ids)
        {
            switch (part)
            {
                case TextPart text when start is null || text.Start < 0 || text.End < text.Start || text.End > length:
                    return;
                case TextPart text:
                    part = new TextPart(text.Start + start.Value, text.End + start.Value);
                    break;
                case SourcePart when ++_sources > PartBounds.MostSources:
                    return;
                case SourcePart { Start: not null } source:
                    part = source with { Start = source.Start + start, End = source.End + start };
                    break;
                case ToolPart call:
                    var id = NewId(call.CallId);
                    ids.TryAdd(call.CallId, id);
                    part = call with { CallId = id };
                    if (call.Output is null)
                        OpenOf(call.Name).Push(Parts.Count);
                    break;
                case FilePart { CallId: { } maker } file:
                    part = file with { CallId = ids.GetValueOrDefault(maker) };
                    break;
                case ReasoningPart thought:
                    _thought = thought.Ms is null ? Parts.Count : -1;
                    break;
            }
            Parts.Add(part);
        }

        // True where the part tells what came of one before it.
        bool End(Part part)
        {
            switch (part)
            {
                case ToolPart answer when OpenOf(answer.Name).TryPop(out var place):
                    var call = (ToolPart)Parts[place];
                    Parts[place] = call with { Output = answer.Output, Truncated = answer.Truncated ?? call.Truncated };
                    return true;
                case ReasoningPart { Text: null, Ms: { } ms } when _thought >= 0:
                    Parts[_thought] = (ReasoningPart)Parts[_thought] with { Ms = ms };
                    _thought = -1;
                    return true;
                default:
                    return false;
            }
        }

        Stack<int> OpenOf(string name)
        {
            if (!_open.TryGetValue(name, out var open))
                _open[name] = open = new();
            return open;
        }

        // Cote's own where the file has none, one that is no id, or one that comes twice.
        string NewId(string given)
        {
            var id = given;
            while (!ToolNames.IsName(id) || !_ids.Add(id))
                id = $"call_{_named++}";
            return id;
        }
    }
}
