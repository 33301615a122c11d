namespace Cote.Testing;

/// <summary>
/// A client's view of its replies, kept by the rules of the contract and by nothing else: (attempt, text) for each.
/// It says what a client must never have to see: a delta that leaves a hole, or text after the end.
/// </summary>
public sealed class ReplyTexts
{
    readonly Dictionary<string, (long Attempt, string Text, bool Ended)> _replies = [];

    /// <summary>What went against the contract.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The text of a reply as this client shows it.</summary>
    public string this[string id] => _replies.TryGetValue(id, out var reply) ? reply.Text : "";

    public bool HasEnded(string id) => _replies.TryGetValue(id, out var reply) && reply.Ended;

    /// <summary>Call it when the connection was replaced: what is held back is forgotten.</summary>
    public void Apply(TestFrame frame)
    {
        var data = frame.Data;
        if (frame.Type == "message" && data.GetProperty("sender").GetString() == "ai")
        {
            _replies[data.GetProperty("id").GetString()!] =
                (data.GetProperty("generation").GetProperty("attempt").GetInt64(),
                    data.GetProperty("content").GetString()!, true);
            return;
        }
        if (frame.Type is not ("message.snapshot" or "message.delta"))
            return;
        var id = frame.MessageId!;
        var attempt = data.GetProperty("attempt").GetInt64();
        var known = _replies.TryGetValue(id, out var reply);
        if (reply.Ended)
            return;
        if (frame.Type == "message.snapshot")
        {
            var content = data.GetProperty("content").GetString()!;
            if (!known || attempt > reply.Attempt || (attempt == reply.Attempt && content.Length > reply.Text.Length))
                _replies[id] = (attempt, content, false);
            return;
        }
        var offset = data.GetProperty("offset").GetInt32();
        var text = data.GetProperty("text").GetString()!;
        if (attempt < reply.Attempt)
            return;
        if (attempt > reply.Attempt && offset == 0)
            _replies[id] = (attempt, text, false);
        else if (attempt == reply.Attempt && offset == reply.Text.Length)
            _replies[id] = (attempt, reply.Text + text, false);
        else if (attempt > reply.Attempt || offset > reply.Text.Length)
            Faults.Add($"A hole: {frame} over attempt {reply.Attempt} with {reply.Text.Length} units");
        if (text.Length > 0 && (char.IsLowSurrogate(text[0]) || char.IsHighSurrogate(text[^1])))
            Faults.Add($"A pair was split: {frame}");
    }
}
