using System.Text.Json;

namespace Cote.BlackBox.Crash;

/// <summary>A call that waits for a person or a client.</summary>
sealed record WaitingCall(string Chat, string Reply, string Id, bool IsClients);

// The parts of replies, and the calls that wait.
sealed partial class Device
{
    readonly ReplyPartsSeen _parts = new();
    readonly Dictionary<string, IReadOnlyList<WaitingCall>> _waiting = [];
    readonly Dictionary<(string Reply, string Call), string> _outcomes = [];
    readonly Dictionary<string, HashSet<long>> _attempts = [];

    /// <summary>The calls that wait, as far as this device knows.</summary>
    public IReadOnlyList<WaitingCall> Waiting
    {
        get
        {
            lock (_gate)
                return [.. _waiting.Values.SelectMany(x => x)];
        }
    }

    /// <summary>The parts of a reply as they are on the screen.</summary>
    public IReadOnlyList<string> PartsOf(string reply)
    {
        lock (_gate)
            return _parts[reply];
    }

    /// <summary>Waits until these parts of a reply are on the screen; false where they do not come.</summary>
    public async Task<bool> ShowsAsync(string reply, IReadOnlyList<string> parts)
    {
        for (var limit = Patience.Begin(); ;)
        {
            Task moved;
            lock (_gate)
            {
                if (_parts[reply].SequenceEqual(parts))
                    return true;
                moved = _moved.Task;
            }
            if (await Task.WhenAny(moved, Task.Delay(limit.Left)) != moved)
                return false;
        }
    }

    /// <summary>The last frames of a reply.</summary>
    public string LatelyOf(string reply)
    {
        lock (_gate)
            return string.Join('\n', _lately.Where(x => x.Frame.MessageId == reply));
    }

    /// <summary>How many attempts of a reply were on the screen.</summary>
    public int AttemptsOf(string reply)
    {
        lock (_gate)
            return _attempts.TryGetValue(reply, out var attempts) ? attempts.Count : 0;
    }

    void TakeWaiting(TestFrame frame)
    {
        var calls = frame.Data.GetProperty("calls").EnumerateArray().Select(x => new WaitingCall(
            Text(frame.Data, "chat_id")!, frame.MessageId!, Text(x, "call_id")!, Text(x, "source") == "client"));
        _waiting[frame.MessageId!] = [.. calls];
    }

    void TakeParts(TestFrame frame)
    {
        if (frame.Type is not ("message.snapshot" or "message.delta" or "message.part" or "message.part.delta"
            or "message"))
            return;
        var holes = _parts.Faults.Count;
        _parts.Apply(frame);
        if (_parts.Faults.Count > holes && holes == 0)
            Faults.Enqueue($"Before that: {LatelyOf(frame.MessageId!)}");
        if (frame.Type is "message.part" or "message.part.delta")
            _lately.Enqueue((Connections, frame));
        if (frame.Data.TryGetProperty("attempt", out var attempt))
            (_attempts.TryGetValue(frame.MessageId!, out var known)
                ? known : _attempts[frame.MessageId!] = []).Add(attempt.GetInt64());
        if (frame.Type is "message.delta" or "message.part.delta" || Text(frame.Data, "sender") == "user")
            return;
        foreach (var part in _parts[frame.MessageId!])
            CheckOutcome(frame, JsonElement.Parse(part));
    }

    // What came of a call is said once, whatever is taken back after it.
    void CheckOutcome(TestFrame frame, JsonElement part)
    {
        if (Text(part, "type") != "tool" || Text(part, "state") is not ("done" or "failed" or "denied" or "unknown"))
            return;
        var key = (frame.MessageId!, Text(part, "call_id")!);
        var outcome = string.Join(' ', part.EnumerateObject().Where(x => x.Name is "state" or "output" or "error"));
        if (_outcomes.TryGetValue(key, out var known) && known != outcome)
            Faults.Enqueue($"{key} was {known}, and is {outcome}: {frame}");
        _outcomes[key] = outcome;
    }
}
