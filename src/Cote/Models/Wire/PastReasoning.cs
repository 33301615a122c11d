using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Cote.Models;

/// <summary>
/// What OpenAI-compatible servers want back of a model's thoughts with the results of its tools: DeepSeek and Moonshot
/// <c>reasoning_content</c> as one text, OpenRouter its <c>reasoning_details</c>, which come in pieces.
/// </summary>
sealed class PastReasoning
{
    const int MaxUnits = 512 * 1024;
    const int MaxDetails = 1_000;

    // Members of a detail that grow from piece to piece.
    static readonly string[] Growing = ["text", "summary", "data"];

    readonly StringBuilder _text = new();
    readonly List<Dictionary<string, object>> _details = [];
    int _units;
    bool _isTooLong;

    /// <summary>Whether there is anything to give back.</summary>
    public bool Any => !_isTooLong && (_text.Length > 0 || _details.Count > 0);

    /// <summary>Takes a part of <c>reasoning_content</c>.</summary>
    public void AddText(string text)
    {
        if (Counts(text.Length))
            _text.Append(text);
    }

    /// <summary>Takes a piece of <c>reasoning_details</c>.</summary>
    public void AddDetail(JsonElement piece)
    {
        if (piece.ValueKind != JsonValueKind.Object || !Counts(JsonLength(piece)))
            return;
        var last = _details.LastOrDefault();
        if (last is null || !IsSame(last, piece, "type") || !IsSame(last, piece, "index")
            || piece.String("id") is not null && !IsSame(last, piece, "id"))
        {
            _isTooLong |= _details.Count == MaxDetails;
            _details.Add(last = new(StringComparer.Ordinal));
        }
        foreach (var member in piece.EnumerateObject())
            if (Growing.Contains(member.Name) && member.Value.String() is { } more)
            {
                if (last.TryGetValue(member.Name, out var known) && known is StringBuilder text)
                    text.Append(more);
                else
                    last[member.Name] = new StringBuilder(more);
            }
            else if (member.Value.ValueKind != JsonValueKind.Null || !last.ContainsKey(member.Name))
                last[member.Name] = member.Value.Clone();
    }

    /// <summary>Writes it as it stands in a message.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (_text.Length > 0)
            json.WriteString("reasoning_content", WellFormedText.Of(_text.ToString()));
        if (_details.Count > 0)
        {
            json.WriteStartArray("reasoning_details");
            foreach (var detail in _details)
            {
                json.WriteStartObject();
                foreach (var (name, value) in detail)
                    if (value is StringBuilder text)
                        json.WriteString(name, WellFormedText.Of(text.ToString()));
                    else if (((JsonElement)value).String() is { } word)
                        json.WriteString(name, WellFormedText.Of(word));
                    else
                    {
                        json.WritePropertyName(name);
                        ((JsonElement)value).WriteTo(json);
                    }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    bool Counts(int units)
    {
        _units += units;
        _isTooLong |= _units > MaxUnits;
        return !_isTooLong;
    }

    static int JsonLength(JsonElement json) => JsonMarshal.GetRawUtf8Value(json).Length;

    static bool IsSame(Dictionary<string, object> known, JsonElement piece, string name) =>
        (known.TryGetValue(name, out var value) ? ((JsonElement)value).ToString() : "")
        == (piece.Member(name)?.ToString() ?? "");
}
