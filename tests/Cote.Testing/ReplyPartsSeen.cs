using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Testing;

/// <summary>
/// The parts of replies as a client keeps them by the rules of the contract and by nothing else, beside
/// <see cref="ReplyTexts"/>, which keeps their text.
/// </summary>
public sealed class ReplyPartsSeen
{
    sealed class Kept
    {
        public long Attempt = -1;
        public int Length;
        public bool HasEnded;
        public List<(JsonObject Part, long Rev)> Parts = [];
    }

    readonly Dictionary<string, Kept> _replies = [];

    /// <summary>What went against the contract.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The parts of a reply as JSON, as this client shows them.</summary>
    public IReadOnlyList<string> this[string id] => !_replies.TryGetValue(id, out var reply) ? []
        : [.. reply.Parts.Select((x, index) => Shown(x.Part, index == reply.Parts.Count - 1, reply).ToJsonString())];

    public void Apply(TestFrame frame)
    {
        if (frame.MessageId is not { } id)
            return;
        var data = frame.Data;
        var reply = _replies.TryGetValue(id, out var known) ? known : _replies[id] = new();
        if (frame.Type == "message")
        {
            (reply.HasEnded, reply.Length) = (true, data.GetProperty("content").GetString()!.Length);
            reply.Parts = Read(data, 0);
        }
        if (reply.HasEnded || !data.TryGetProperty("attempt", out var number))
            return;
        var attempt = number.GetInt64();
        if (attempt < reply.Attempt)
            return;
        switch (frame.Type)
        {
            case "message.snapshot":
                (reply.Attempt, reply.Length) = (attempt, data.GetProperty("content").GetString()!.Length);
                reply.Parts = Read(data, data.TryGetProperty("rev", out var rev) ? rev.GetInt64() : 0);
                break;
            case "message.delta":
                var offset = data.GetProperty("offset").GetInt32();
                if (attempt > reply.Attempt && offset == 0)
                    (reply.Attempt, reply.Length, reply.Parts) = (attempt, 0, []);
                if (attempt == reply.Attempt && offset == reply.Length)
                    reply.Length += data.GetProperty("text").GetString()!.Length;
                break;
            case "message.part" when attempt == reply.Attempt:
                ApplyPart(frame, reply);
                break;
            case "message.part.delta" when attempt == reply.Attempt:
                ApplyDelta(frame, reply);
                break;
        }
    }

    void ApplyPart(TestFrame frame, Kept reply)
    {
        var (index, rev) = (frame.Data.GetProperty("index").GetInt32(), frame.Data.GetProperty("rev").GetInt64());
        var part = JsonObject.Create(frame.Data.GetProperty("part"))!;
        if (index > reply.Parts.Count)
            Faults.Add($"A hole among {reply.Parts.Count} parts: {frame}");
        else if (index == reply.Parts.Count)
            reply.Parts.Add((part, rev));
        else if (rev > reply.Parts[index].Rev)
            reply.Parts[index] = (part, rev);
    }

    void ApplyDelta(TestFrame frame, Kept reply)
    {
        var (index, offset) = (frame.Data.GetProperty("index").GetInt32(), frame.Data.GetProperty("offset").GetInt32());
        if (index >= reply.Parts.Count)
        {
            Faults.Add($"A delta of no part: {frame}");
            return;
        }
        var (part, text) = (reply.Parts[index].Part, frame.Data.GetProperty("text").GetString()!);
        var length = part["text"] is { } whole ? whole.GetValue<string>().Length : part["length"]!.GetValue<int>();
        if (offset > length)
            Faults.Add($"A hole in a thought of {length} units: {frame}");
        if (offset != length)
            return;
        if (part["text"] is { } kept)
            part["text"] = kept.GetValue<string>() + text;
        part["length"] = length + text.Length;
    }

    static List<(JsonObject, long)> Read(JsonElement data, long rev) =>
        !data.TryGetProperty("parts", out var parts) ? []
            : [.. parts.EnumerateArray().Select(x => (JsonObject.Create(x)!, rev))];

    // The end of a text follows the content while it is the last part.
    static JsonObject Shown(JsonObject part, bool isLast, Kept reply)
    {
        var shown = part.DeepClone().AsObject();
        if (isLast && !reply.HasEnded && (string?)shown["type"] == "text")
            shown["end"] = reply.Length;
        return shown;
    }
}
