using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>What an event says about one tool call.</summary>
/// <param name="Index">Its place among the calls of the answer; some servers leave it out, or send 0 for all.</param>
/// <param name="Id">Its id; in the first piece, in every piece, or never.</param>
/// <param name="Name">The tool; in the first piece, in every piece, or in pieces itself.</param>
/// <param name="Arguments">The next part of the JSON.</param>
/// <param name="IsWhole">Whether nothing more comes of this call.</param>
readonly record struct ToolCallPiece(long? Index, string? Id, string? Name, string? Arguments, bool IsWhole);

/// <summary>Puts the tool calls of one answer together from the pieces that servers send.</summary>
sealed class ToolCallPieces
{
    const int MaxCalls = 256;
    const int MaxName = 256;

    // Arguments beyond it are cut, and so are no JSON: the call fails, and the memory is bounded.
    const int MaxArguments = 1024 * 1024;

    readonly List<Call> _calls = [];
    int _given;

    /// <summary>Whether there is any call.</summary>
    public bool Any => _calls.Count > 0;

    /// <summary>Takes a piece; one that belongs to no call is passed over.</summary>
    public void Add(ToolCallPiece piece)
    {
        var call = Find(piece);
        if (call is null && (_calls.Count == MaxCalls || (piece.Id, piece.Name) is (null or "", null or "")))
            return;
        if (call is null)
            _calls.Add(call = new Call { Index = piece.Index });
        call.Add(piece);
    }

    /// <summary>The calls that were not given yet.</summary>
    /// <param name="isCut">Whether a limit ended the answer: arguments that have not begun are then missing.</param>
    public IEnumerable<FunctionCallContent> Take(bool isCut)
    {
        for (; _given < _calls.Count; _given++)
            yield return _calls[_given].ToContent(
                isTaken: id => _calls.Take(_given).Any(x => x.Id == id), isCut);
    }

    Call? Find(ToolCallPiece piece)
    {
        var (isNamed, hasId) = (!string.IsNullOrEmpty(piece.Name), !string.IsNullOrEmpty(piece.Id));
        var known = !hasId ? null
            : _calls.Find(x => x.Id == piece.Id && (piece.Index ?? x.Index) == (x.Index ?? piece.Index));
        if (known is not null)
            return known;
        if (piece.IsWhole)
            return null;
        var last = piece.Index is null ? _calls.LastOrDefault() : _calls.FindLast(x => x.Index == piece.Index);
        if (last is null || !isNamed)
            return last;
        // A name begins a call, unless the server repeats it in each piece or sends it in pieces.
        var isOther = hasId && last.Id.Length > 0
            || !string.IsNullOrEmpty(piece.Arguments) && last.IsComplete
            || piece.Index is null && last.Name != piece.Name;
        return isOther ? null : last;
    }

    sealed class Call
    {
        readonly StringBuilder _arguments = new();
        bool _isWhole;

        public long? Index { get; init; }

        public string Id { get; private set; } = "";

        public string Name { get; private set; } = "";

        public bool IsComplete => _isWhole || _arguments is { Length: > 1 } && _arguments[^1] == '}'
            && ObjectIn(_arguments.ToString()) is not null;

        public void Add(ToolCallPiece piece)
        {
            if (_isWhole)
                return;
            if (Id.Length == 0 && piece.Id is { Length: > 0 and <= MaxName })
                Id = WellFormedText.Of(piece.Id);
            if (_arguments.Length == 0 && piece.Name is { Length: > 0 } name && name != Name)
                Name = name.StartsWith(Name, StringComparison.Ordinal) ? name : Name + name;
            if (Name.Length > MaxName)
                Name = Name[..MaxName];
            if (piece.IsWhole)
                _arguments.Clear();
            if (piece.Arguments is { } more)
                _arguments.Append(more.AsSpan(0, Math.Min(more.Length, MaxArguments - _arguments.Length)));
            _isWhole = piece.IsWhole;
        }

        public FunctionCallContent ToContent(Predicate<string> isTaken, bool isCut)
        {
            if (Id.Length == 0 || isTaken(Id))
                Id = "call_" + RandomNumberGenerator.GetHexString(16, lowercase: true);
            var raw = WellFormedText.Of(_arguments.ToString());
            // A tool without parameters is called with nothing, or with null.
            if (!isCut && raw.Trim() is "" or "null")
                raw = "{}";
            else if (StringIn(raw) is { } inner && ObjectIn(inner) is not null)
                raw = inner; // The object is written into a string once more.
            return new(Id, Name.Length == 0 ? "unknown" : WellFormedText.Of(Name), ObjectIn(raw))
            {
                RawRepresentation = raw,
            };
        }

        static Dictionary<string, object?>? ObjectIn(string json)
        {
            try
            {
                using var document = JsonDocument.Parse(json);
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    return null;
                var members = new Dictionary<string, object?>(StringComparer.Ordinal);
                foreach (var member in document.RootElement.EnumerateObject())
                    members[member.Name] = member.Value.Clone();
                return members;
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                return null; // Broken, or with a name that is no text.
            }
        }

        static string? StringIn(string json)
        {
            if (!json.StartsWith('"'))
                return null;
            try
            {
                using var document = JsonDocument.Parse(json);
                return document.RootElement.String();
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }
}
