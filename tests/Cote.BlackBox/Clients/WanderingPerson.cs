using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;
using Cote.Client;
using static Cote.BlackBox.Clients.DotNetClients;
using ChatClient = Cote.Client.CoteClient;

namespace Cote.BlackBox.Clients;

/// <summary>Somebody with three devices, each on another transport, who does anything.</summary>
sealed class WanderingPerson : IAsyncDisposable
{
    static readonly Transport[] Transports = [Transport.Auto, Transport.ServerSentEvents, Transport.Poll];

    readonly Uri[] _urls;
    readonly Random _random;
    readonly Random _devices;
    readonly string _name = NewName();
    readonly ICoteStorage[] _storages = [new MemoryStorage(), new MemoryStorage(), new MemoryStorage()];
    readonly ChatClient[] _clients = new ChatClient[3];
    readonly List<Task> _writes = [];
    readonly List<string> _refused = [];
    readonly Dictionary<string, string> _sent = [];
    readonly LosingHandler _handler;
    ChatClient? _asking;

    WanderingPerson(Node node, CuttingProxy line, Random random)
    {
        (_random, _devices) = (random, new(random.Next()));
        _urls = [new($"http://127.0.0.1:{line.Port}"), node.Url, node.Url];
        _handler = new(new(random.Next()));
    }

    public int Acknowledged
    {
        get
        {
            lock (_sent)
                return _sent.Count;
        }
    }

    public int Branches { get; private set; }

    public int LostAnswers => _handler.Lost;

    public string Summary => $"{Acknowledged} messages acknowledged, {Branches} branches, {LostAnswers} answers lost, "
        + $"{_refused.Count} writes refused.";

    public static async Task<WanderingPerson> BeginAsync(Node node, CuttingProxy line, Random random)
    {
        var person = new WanderingPerson(node, line, random);
        await (await RegisterAsync(node.Url, name: person._name)).DisposeAsync();
        for (var i = 0; i < person._clients.Length; i++)
            await person.MakeAsync(i, logsIn: true);
        return person;
    }

    /// <summary>Does one thing after the other until it is told to end.</summary>
    public async Task LiveAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await DoSomethingAsync(_clients[_random.Next(_clients.Length)]);
            await Task.Delay(_random.Next(5, 60), CancellationToken.None); // a person's pace
        }
    }

    /// <summary>A device ends in the middle, and another process takes up its storage.</summary>
    public async Task BeginAnewAsync()
    {
        var i = _devices.Next(_clients.Length);
        await _clients[i].DisposeAsync();
        await MakeAsync(i, logsIn: false);
    }

    /// <summary>Waits until all is acknowledged and has ended, and compares each device with the server.</summary>
    public async Task<List<string>> CheckAsync(Story story)
    {
        List<string> faults = [];
        try
        {
            await Patience.UntilAsync(async () => (faults = await CompareAsync(story)).Count == 0, "they are the same");
        }
        catch (TimeoutException)
        {
            return faults;
        }
        await Task.WhenAll(_writes).InTimeAsync();
        return [.. _refused];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        if (_asking is not null)
            await _asking.DisposeAsync();
        _handler.Dispose();
    }

    async Task MakeAsync(int i, bool logsIn)
    {
        _clients[i] = new(new CoteClientOptions(_urls[i])
        {
            Transport = Transports[i],
            Storage = _storages[i],
            Handler = i == 0 ? null : _handler,
            PageSize = 5,
        });
        if (logsIn)
            await InsistAsync(() => _clients[i].LogInAsync(_name, Password));
        var started = _clients[i].StartAsync();
        if (logsIn)
            await started.InTimeAsync();
        foreach (var chat in _clients[i].State.Chats)
            _ = _clients[i].OpenAsync(chat.Id);
    }

    async Task DoSomethingAsync(ChatClient client)
    {
        var chats = client.State.Chats;
        var chat = chats.Count == 0 ? null : chats[_random.Next(chats.Count)].Id;
        var shown = chat is null ? [] : Of(client.State, chat);
        var (some, question) = (Any(shown), Any([.. shown.Where(x => x.Sender == "user")]));
        switch (_random.Next(100))
        {
            case var _ when chat is null:
            case < 6 when chats.Count < 4:
                Write(client.CreateChatAsync(new NewChat { Title = $"chat {_random.Next()}" }));
                break;
            case < 15 when !client.State.Messages.ContainsKey(chat):
                _ = client.OpenAsync(chat);
                break;
            case < 40 when shown.Count(x => x.IsOpen) < 2:
                Write(SendAsync(client, chat, new("question " + Guid.CreateVersion7())));
                break;
            case < 52 when question is not null && shown.Count(x => x.IsOpen) < 2:
                Branches++;
                Write(SendAsync(client, chat,
                    new("question " + Guid.CreateVersion7()) { VersionOf = question.Id, Stop = _random.Next(2) == 0 }));
                break;
            case < 62 when some is not null && shown.Count(x => x.IsOpen) < 2:
                Branches++;
                Write(client.RegenerateAsync(chat, some.Id, new() { Stop = _random.Next(2) == 0 }));
                break;
            case < 70 when some?.Siblings is { } siblings:
                await TryAsync(client.SwitchToAsync(chat, siblings.Previous ?? siblings.Next!));
                break;
            case < 76:
                await TryAsync(client.StopAsync(chat));
                break;
            case < 84 when some is not null:
                await TryAsync(client.DeleteMessageAsync(chat, some.Id));
                break;
            case < 86 when chats.Count > 2:
                await TryAsync(client.DeleteChatAsync(chat));
                break;
            case < 90 when some?.Sender == "ai":
                await TryAsync(client.RateAsync(chat, some.Id, _random.Next(2) == 0 ? 1 : null));
                break;
            case < 94:
                await TryAsync(client.UpdateChatAsync(chat, new() { ["title"] = $"chat {_random.Next()}" }));
                break;
            case < 97 when client.State.HasMore.Contains(chat):
                await TryAsync(client.MoreAsync(chat));
                break;
        }
    }

    Message? Any(IReadOnlyList<Message> messages) =>
        messages.Count == 0 ? null : messages[_random.Next(messages.Count)];

    async Task SendAsync(ChatClient client, string chat, NewMessage message)
    {
        var sent = await client.SendAsync(chat, message);
        lock (_sent)
            _sent.Add(sent.Id, message.Content);
    }

    // Waits for the network; what is refused is so since its chat or message is gone, or its reply open.
    void Write(Task write) => _writes.Add(Task.Run(async () =>
    {
        try
        {
            await write;
        }
        catch (CoteException error) when (error.Status is 404 or 409 or 410 or 422 or 429 || error.Code == "closed")
        {
            // As the server may say, and as a device that was just ended.
        }
        catch (CoteException error)
        {
            lock (_refused)
                _refused.Add($"{error.Status} {error.Code}: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            // The device ended, or the chat was deleted: what the device kept is sent by the next one.
        }
    }, CancellationToken.None));

    // Does not wait for the network.
    static async Task TryAsync(Task act)
    {
        try
        {
            await act;
        }
        catch (CoteException error) when (error.Status is 0 or 401 or 404 or 409 or 422 or 429 or >= 500)
        {
            // The server is away, or what it was about is gone.
        }
    }

    static async Task InsistAsync(Func<Task> act)
    {
        for (var tries = 0; ; tries++)
            try
            {
                await act();
                return;
            }
            catch (CoteException error) when (error.Status == 0 && tries < 50)
            {
                // The answer was lost.
            }
    }

    async Task<List<string>> CompareAsync(Story story)
    {
        var faults = new List<string>();
        foreach (var client in _clients)
            client.Wake(); // a handler that loses answers is no reason to wait for long
        _asking ??= await OtherAsync(_urls[1], _name);
        async Task<JsonNode> getAsync(string path) =>
            JsonNode.Parse((await _asking.RequestAsync(HttpMethod.Get, path)).GetRawText())!;

        var sync = await getAsync("/sync");
        if (sync["running"]!.AsArray().Count > 0)
            return ["Replies are open."];
        for (var i = 0; i < _clients.Length; i++)
        {
            var state = _clients[i].State;
            faults.AddRange(state.Pending.SelectMany(x => x.Value).Where(x => !x.IsFailed || x.Error?.Status == 0)
                .Select(x => $"{i} has not sent {x}, {state.Status}."));
            Compare($"Chats of {i}",
                state.Chats.Select(x => JsonSerializer.SerializeToNode(x, CoteJson.Default.Chat)!),
                sync["chats"]!.AsArray()!, faults);
        }
        foreach (var chat in sync["chats"]!.AsArray().Select(x => (string)x!["id"]!))
        {
            var path = (await getAsync($"/chats/{chat}/messages/?after=0&limit=1000")).AsArray();
            for (var i = 0; i < _clients.Length; i++)
            {
                var state = _clients[i].State;
                if (!state.Messages.TryGetValue(chat, out var shown))
                    _ = _clients[i].OpenAsync(chat);
                var first = shown is [var oldest, ..] ? oldest.Seq : long.MaxValue;
                var hasMore = state.HasMore.Contains(chat);
                Compare($"Messages of {i}",
                    (shown ?? []).Select(x => JsonSerializer.SerializeToNode(x, CoteJson.Default.Message)!),
                    path.Where(x => !hasMore || (long)x!["seq"]! >= first)!, faults);
            }
            var tree = await getAsync($"/chats/{chat}/messages/?branches=all&after=0&limit=1000");
            CheckOnce(tree.AsArray(), story, faults);
        }
        return faults;
    }

    // Each text stands once, and a reply that is completed is what the model said.
    static void CheckOnce(JsonArray tree, Story story, List<string> faults)
    {
        var questions = tree.Where(x => (string)x!["sender"]! == "user")
            .ToDictionary(x => (string)x!["id"]!, x => (string)x!["content"]!);
        faults.AddRange(questions.GroupBy(x => x.Value).Where(x => x.Count() > 1).Select(x => $"Twice: {x.Key}"));
        foreach (var reply in tree.Where(x => (string?)x!["generation"]?["state"] == "completed"))
            if (questions.TryGetValue((string?)reply!["reply_to_id"] ?? "", out var asked)
                && story.To(asked) != (string)reply["content"]!)
                faults.Add($"To {asked}: {reply["content"]}");
    }

    static void Compare(string what, IEnumerable<JsonNode> held, IEnumerable<JsonNode> expected, List<string> faults)
    {
        // The status moves by being looked at, and `changed` names the last of the events that were stored together.
        var (one, other) = (held.Select(x => PlainJson.Of(x, "status", "changed")).ToList(),
            expected.Select(x => PlainJson.Of(x, "status", "changed")).ToList());
        if (!one.SequenceEqual(other))
            faults.Add($"{what}: held {one.Count}, the server has {other.Count}. Only held: "
                + string.Join('\n', one.Except(other)) + "\nOnly there: " + string.Join('\n', other.Except(one)));
    }
}
