using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;

namespace Cote.BlackBox.Crash;

/// <summary>A message as events have told of it.</summary>
sealed record Known(JsonElement Data, string Status, long EventSeq);

/// <summary>
/// A socket that is there for good: it comes back with its cursor whenever the connection broke, keeps every frame,
/// builds the trees of its chats and the paths that they show from events and from the fetches that these ask for, and
/// writes down whatever the contract says it must never see.
/// </summary>
sealed partial class Device(Door door, CoteClient client, Story story) : IAsyncDisposable
{
    readonly CancellationTokenSource _over = new();
    readonly Dictionary<string, JsonElement> _chats = [];
    readonly Dictionary<string, Known> _messages = [];
    readonly Dictionary<string, ShownPath> _paths = [];
    readonly Dictionary<string, string?> _parentsOfLost = []; // of replies that were deleted unseen
    readonly ConcurrentDictionary<string, (string Question, string Content)> _replies = [];
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

    /// <summary>The path of a chat as it is on the screen.</summary>
    public IReadOnlyList<JsonElement> PathOf(string chat)
    {
        lock (_gate)
            return _paths.TryGetValue(chat, out var path) ? [.. path.Messages] : [];
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
            foreach (var fault in _texts.Faults.Concat(_parts.Faults))
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
                    door.Url, $"/ws?token={client.Token}&parts=all{cursor}", awaitReady: false);
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
                    await TakeAsync(frame);
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
}
