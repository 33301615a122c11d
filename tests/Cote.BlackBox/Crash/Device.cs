using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.BlackBox.Crash;

/// <summary>A message as events have told of it.</summary>
sealed record Known(JsonElement Data, string Status, long EventSeq);

/// <summary>
/// A socket that is there for good: it comes back with its cursor whenever the connection broke, keeps every frame,
/// builds its state from events alone, and writes down whatever the contract says it must never see.
/// </summary>
sealed class Device(Door door, CoteClient client, Story story) : IAsyncDisposable
{
    readonly CancellationTokenSource _over = new();
    readonly Dictionary<string, JsonElement> _chats = [];
    readonly Dictionary<string, Known> _messages = [];
    readonly Dictionary<string, string?> _parentsOfLost = []; // of replies that were deleted unseen
    readonly ConcurrentDictionary<string, (string Chat, string Question)> _replies = [];
    readonly ConcurrentDictionary<string, string> _open = [];
    readonly ReplyTexts _texts = new();
    readonly Queue<(int Connection, TestFrame Frame)> _lately = [];
    readonly Lock _gate = new();
    TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    TestSocket? _socket;
    Task _running = Task.CompletedTask;
    string? _epoch;
    long _seq;

    /// <summary>What went against the contract.</summary>
    public ConcurrentQueue<string> Faults { get; } = [];

    /// <summary>Which thing each event was about, and of which chat, by its number.</summary>
    public ConcurrentDictionary<long, (string About, string Chat)> Events { get; } = [];

    /// <summary>When how much of which reply was on the screen.</summary>
    public ConcurrentQueue<(long At, string Reply, string Text)> Shown { get; } = [];

    /// <summary>Whether it keeps what it showed: over a long time that is much.</summary>
    public bool KeepsShown { get; init; } = true;

    /// <summary>How long it showed nothing new while a reply was open.</summary>
    public Silence Silence { get; } = new();

    /// <summary>How long the text of a reply that had begun did not grow.</summary>
    public Silence TextSilence { get; } = new();

    public int Connections { get; private set; }

    public int Frames { get; private set; }

    public void Start() => _running = RunAsync();

    /// <summary>Replies of a chat that have not ended, as far as this device knows.</summary>
    public int OpenIn(string chat) => _open.Count(x => x.Value == chat);

    /// <summary>A tunnel.</summary>
    public void Cut() => _socket?.Cut();

    /// <summary>Waits until it has seen an event.</summary>
    public async Task ReachAsync(long seq)
    {
        using var limit = new CancellationTokenSource(Patience.Deadline);
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_epoch is not null && _seq >= seq)
                    return;
                moved = _moved.Task;
            }
            await moved.WaitAsync(limit.Token);
        }
    }

    /// <summary>Its state, of one moment.</summary>
    public (long Seq, Dictionary<string, JsonElement> Chats, Dictionary<string, Known> Messages) State()
    {
        lock (_gate)
            return (_seq, new(_chats), new(_messages));
    }

    /// <summary>The text of a reply as it is on the screen.</summary>
    public string TextOf(string reply)
    {
        lock (_gate)
            return _texts[reply];
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        Cut();
        await _running;
        lock (_gate)
            foreach (var fault in _texts.Faults)
                Faults.Enqueue(fault);
    }

    async Task RunAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            TestSocket socket;
            try
            {
                await door.Open().WaitAsync(_over.Token);
                var cursor = _epoch is null ? "" : $"&cursor={_epoch}-{_seq}";
                socket = await TestSocket.ConnectAsync(
                    door.Url, $"/ws?token={client.Token}{cursor}", awaitReady: false);
            }
            catch (Exception error) when (
                error is WebSocketException or HttpRequestException or OperationCanceledException)
            {
                await Task.Delay(50); // it went down in between: not again at once
                continue;
            }
            await using (_socket = socket)
            {
                Connections++;
                while (await NextAsync(socket) is { } frame)
                    Take(frame);
                if (await socket.Closed is var code and not (1000 or 1001 or 1006 or 4001))
                    Faults.Enqueue($"The socket was closed with {code}");
            }
        }
    }

    static async Task<TestFrame?> NextAsync(TestSocket socket)
    {
        try
        {
            return await socket.NextAsync(TimeSpan.FromSeconds(60));
        }
        catch (InvalidOperationException)
        {
            return null; // closed
        }
    }

    void Take(TestFrame frame)
    {
        lock (_gate)
        {
            Frames++;
            try
            {
                if (frame.Type == "ready")
                    Begin(frame.Data.GetProperty("cursor").GetString()!);
                else if (frame.Type == "reset")
                    Faults.Enqueue($"A reset: {frame}");
                else if (frame.Cursor is not null)
                    TakeEvent(frame);
                else if (frame.Type is "message.snapshot" or "message.delta")
                    TakeText(frame);
                if (frame.Cursor is not null || frame.Type is "message.snapshot" or "message.delta")
                    Silence.Break(waits: !_open.IsEmpty);
            }
            catch (Exception error) when (
                error is InvalidOperationException or KeyNotFoundException or NullReferenceException)
            {
                Faults.Enqueue($"{error.Message} at {frame}");
            }
            _moved.TrySetResult();
            _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    void Begin(string cursor)
    {
        var (epoch, seq) = (cursor[..cursor.IndexOf('-')], long.Parse(cursor[(cursor.IndexOf('-') + 1)..]));
        if (_epoch is not null && (epoch != _epoch || seq != _seq))
            Faults.Enqueue($"It resumed at {cursor} instead of {_epoch}-{_seq}");
        (_epoch, _seq) = (epoch, seq);
    }

    void TakeEvent(TestFrame frame)
    {
        if (frame.Seq != _seq + 1)
            Faults.Enqueue($"After {_seq} came {frame}");
        _seq = frame.Seq;
        var data = frame.Data;
        var of = Text(data, "chat_id") ?? Text(data, "id")!;
        Events[frame.Seq] = (frame.MessageId ?? of, of);
        switch (frame.Type)
        {
            case "chat.created" or "chat.updated":
                _chats[Text(data, "id")!] = data;
                break;
            case "chat.deleted":
                var gone = Text(data, "chat_id")!;
                _chats.Remove(gone);
                foreach (var (id, message) in _messages.Where(x => Text(x.Value.Data, "chat_id") == gone).ToList())
                    _messages.Remove(id);
                foreach (var (id, chat) in _open.Where(x => x.Value == gone))
                    Close(id);
                break;
            case "message.deleted":
                Delete(frame.MessageId!);
                Close(frame.MessageId!);
                break;
            case "chat.path": // what it tells is in the other events too: these chats have one path
                break;
            case "message.status":
                if (_messages.TryGetValue(frame.MessageId!, out var known))
                    _messages[frame.MessageId!] = known with { Status = Text(data, "status")! };
                // of a reply still open: what ends it will carry the status
                else if (!_replies.ContainsKey(frame.MessageId!))
                    Faults.Enqueue($"A status of a message never seen: {frame}");
                break;
            case "message":
                TakeMessage(frame);
                break;
            default:
                Faults.Enqueue($"Unknown: {frame}");
                break;
        }
    }

    // What followed it follows its parent. An open reply was never seen: its question names it.
    void Delete(string id)
    {
        var parent = _messages.TryGetValue(id, out var gone) ? Text(gone.Data, "parent_id")
            : _parentsOfLost.TryGetValue(id, out var lost) ? lost
            : _messages.FirstOrDefault(x => Text(x.Value.Data, "reply_id") == id).Key;
        if (gone is not null && Text(gone.Data, "reply_id") is { } reply)
            _parentsOfLost[reply] = parent;
        _messages.Remove(id);
        foreach (var (child, known) in _messages.Where(x => Text(x.Value.Data, "parent_id") == id).ToList())
        {
            var data = JsonObject.Create(known.Data)!;
            data["parent_id"] = parent;
            _messages[child] = known with { Data = JsonElement.Parse(data.ToJsonString()) };
        }
    }

    void Close(string reply)
    {
        _open.TryRemove(reply, out _);
        TextSilence.Forget(reply);
    }

    void TakeMessage(TestFrame frame)
    {
        var data = frame.Data;
        _messages[frame.MessageId!] = new(data, Text(data, "status")!, frame.Seq);
        if (Text(data, "sender") == "user")
        {
            _replies[Text(data, "reply_id")!] = (Text(data, "chat_id")!, Text(data, "content")!);
            _open[Text(data, "reply_id")!] = Text(data, "chat_id")!;
            return;
        }
        TextSilence.Break(waits: false, frame.MessageId!);
        Close(frame.MessageId!);
        var shown = _texts[frame.MessageId!];
        _texts.Apply(frame);
        Check(frame, Text(data, "content")!);
        // The end may put another attempt's text in place, never less of the same.
        if (data.GetProperty("generation").GetProperty("state").GetString() == "completed"
            && shown.Length > Text(data, "content")!.Length)
            Faults.Enqueue($"{shown.Length} units were shown of what ended with fewer: {frame}");
    }

    void TakeText(TestFrame frame)
    {
        if (!_replies.ContainsKey(frame.MessageId!))
            Faults.Enqueue($"Text of a reply whose question was not seen: {frame}");
        var before = _texts[frame.MessageId!];
        var holes = _texts.Faults.Count;
        _texts.Apply(frame);
        if (_texts[frame.MessageId!] != before)
            TextSilence.Break(waits: true, frame.MessageId!);
        _lately.Enqueue((Connections, frame));
        if (_lately.Count > 500)
            _lately.Dequeue();
        if (_texts.Faults.Count > holes && holes == 0) // one frame alone does not say how it came to this
            Faults.Enqueue(
                $"Before that: {string.Join('\n', _lately.Where(x => x.Frame.MessageId == frame.MessageId))}");
        Check(frame, _texts[frame.MessageId!]);
        if (KeepsShown)
            Shown.Enqueue((Stopwatch.GetTimestamp(), frame.MessageId!, _texts[frame.MessageId!]));
    }

    void Check(TestFrame frame, string text)
    {
        if (_replies.TryGetValue(frame.MessageId!, out var reply)
            && !story.To(reply.Question).StartsWith(text, StringComparison.Ordinal))
            Faults.Enqueue($"A text with a hole, “{text}” of “{story.To(reply.Question)}”, at {frame}");
    }

    static string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
