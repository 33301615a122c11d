using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.BlackBox.Crash;

/// <summary>
/// Somebody with two devices who writes, edits, regenerates, switches, retries, stops, names, searches and deletes, and
/// keeps what was acknowledged. At the end <see cref="CheckAsync"/> holds all of it against what the server says.
/// </summary>
sealed partial class Person : IAsyncDisposable
{
    const int MostChats = 4;
    const int MostOpen = 2;

    // A reply to a question: the first, or a further version of it.
    sealed class Made(string id)
    {
        public string Id => id;
        public bool Deleted { get; set; }
    }

    sealed class Sent(string chat, JsonObject body, JsonElement answer)
    {
        readonly List<Made> _replies = [new(answer.GetProperty("reply_id").GetString()!)];

        public string Chat => chat;
        public JsonObject Body => body;
        public string Id => (string)body["id"]!;
        public string Content => (string)body["content"]!;
        public JsonElement Answer => answer;
        public string ReplyId => _replies[0].Id;
        public string? Parent => answer.GetProperty("parent_id").GetString();
        public IReadOnlyList<Made> Replies => _replies;
        public IEnumerable<Made> LivingReplies => _replies.Where(x => !x.Deleted);
        public bool Deleted { get; private set; }

        public void Add(string reply) => _replies.Add(new(reply));

        // A question takes its replies with it.
        public void Delete()
        {
            Deleted = true;
            foreach (var reply in _replies)
                reply.Deleted = true;
        }
    }

    sealed class Chat(string id)
    {
        public string Id => id;

        /// <summary>What the person wrote; null where the title makes itself.</summary>
        public string? Title { get; set; }

        /// <summary>How often the title was given away: each time a model may be asked for one.</summary>
        public int Wishes { get; set; }

        public bool Deleted { get; set; }
    }

    readonly Door _door;
    readonly int _pause;
    readonly CoteClient _client;
    readonly Story _story;
    readonly Random _random;
    readonly List<Sent> _sent = [];
    readonly List<Chat> _chats = [];

    Person(Door door, CoteClient client, Story story, Random random, int pause)
    {
        (_door, _client, _story, _random, _pause) = (door, client, story, random, pause);
        Devices = [new(door, client, story) { KeepsShown = false }, new(door, client, story) { KeepsShown = false }];
    }

    public Device[] Devices { get; }

    /// <summary>What went against the contract.</summary>
    public ConcurrentQueue<string> Faults { get; } = [];

    public int Acknowledged => _sent.Count;

    /// <summary>How long requests waited for their answer, over all tries.</summary>
    public Silence Silence { get; } = new();

    /// <summary>Sends that were answered as a repetition.</summary>
    public int Replayed { get; private set; }

    /// <summary>Replies that were begun more than once, by the last check.</summary>
    public int TakenUp { get; private set; }

    /// <summary>Chats that have a title which a model made, by the last check.</summary>
    public int TitlesMade { get; private set; }

    /// <summary>
    /// A new account, with something done by it. Between two things it pauses, at most so many milliseconds.
    /// </summary>
    public static async Task<Person> MakeAsync(Door door, Story story, Random random, int pause = 80)
    {
        var person = new Person(door, await CoteClient.RegisterAsync(door.Url), story, random, pause);
        foreach (var device in person.Devices)
            device.Start();
        foreach (var device in person.Devices)
            await device.ReachAsync(0); // from here on a device has a cursor to come back with, and misses nothing
        await person.CreateChatAsync();
        return person;
    }

    /// <summary>Goes on until it is told to end, whatever happens to the server.</summary>
    public async Task LiveAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await (_story.Tools is null ? DoSomethingAsync() : UseToolsAsync());
            await Task.Delay(_random.Next(_pause / 16, _pause), CancellationToken.None); // a person's pace
        }
    }

    // How many chats there are, one of them, and one of the last messages.
    (int Chats, Chat? Chat, Sent? Some) Look()
    {
        var chats = _chats.Where(x => !x.Deleted).ToList();
        var sent = _sent.Where(x => !x.Deleted).ToList();
        return (chats.Count, chats.Count == 0 ? null : chats[_random.Next(chats.Count)],
            sent.Count == 0 ? null : sent[^_random.Next(1, Math.Min(sent.Count, 5) + 1)]);
    }

    async Task DoSomethingAsync()
    {
        var (chats, chat, some) = Look();
        switch (_random.Next(100))
        {
            case var _ when chat is null:
            case < 6 when chats < MostChats:
                await CreateChatAsync();
                break;
            case < 42 when Devices[0].OpenIn(chat.Id) < MostOpen:
                await SendAsync(chat.Id);
                break;
            case < 60 when some is not null && Devices[0].OpenIn(some.Chat) < MostOpen:
                await BranchAsync(some);
                break;
            case < 66 when some is not null:
                await SwitchAsync(some);
                break;
            case < 74 when some is not null:
                await RetryAsync(some);
                break;
            case < 79:
                await NameAsync(chat);
                break;
            case < 83 when some is not null:
                Expect(await InsistAsync(() => _client.PutAsync($"/chats/{some.Chat}/messages/{some.ReplyId}/read")),
                    200, 404, 409, 422);
                break;
            case < 86:
                Expect(await InsistAsync(() => _client.PostAsync($"/chats/{chat.Id}/stop")), 200);
                break;
            case < 90 when some is not null:
                await DeleteAsync(some);
                break;
            case < 92 when chats > 1:
                Expect(await InsistAsync(() => _client.DeleteAsync($"/chats/{chat.Id}")), 200, 404);
                chat.Deleted = true;
                foreach (var message in _sent.Where(x => x.Chat == chat.Id))
                    message.Delete();
                break;
            case < 95 when some is not null:
                await SearchAsync(some);
                break;
            default:
                Devices[_random.Next(Devices.Length)].Cut();
                break;
        }
    }

    async Task CreateChatAsync()
    {
        var chat = new Chat(Guid.CreateVersion7().ToString());
        if (_random.Next(2) == 0)
            chat.Wishes = 1;
        else
            chat.Title = $"chat {_random.Next()}";
        Expect(await InsistAsync(() => _client.PostAsync("/chats/", chat.Title is { } title
            ? new { title, id = chat.Id } : new { auto_title = true, id = chat.Id })), 200);
        _chats.Add(chat);
    }

    async Task SendAsync(string chat, string? where = null, string? message = null, bool stop = false,
        bool hasSteps = false)
    {
        var id = Guid.CreateVersion7().ToString();
        var content = (hasSteps ? Story.AsksForSteps : "question ") + id;
        var body = new JsonObject { ["content"] = content, ["id"] = id, ["stop"] = stop };
        if (hasSteps)
            (body["client_tools"], body["client_id"]) = (JsonNode.Parse(Story.ClientTools), "phone");
        if (where is not null)
            body[where] = message;
        var answer = await InsistAsync(() => _client.PostAsync($"/chats/{chat}/messages/", body));
        Expect(answer, 200);
        if (answer.Header("Idempotent-Replayed") == "true")
            Replayed++;
        _sent.Add(new(chat, body, answer.Json));
    }

    async Task RetryAsync(Sent sent)
    {
        var answer = await InsistAsync(
            () => _client.PostAsync($"/chats/{sent.Chat}/messages/", sent.Body));
        Expect(answer, 200);
        Replayed++;
        if (answer.Header("Idempotent-Replayed") != "true")
            Faults.Enqueue($"A repeated send was not called one: {answer.Text}");
        if (Constant(answer.Json) != Constant(sent.Answer))
            Faults.Enqueue($"A repeated send was answered {answer.Text} instead of {sent.Answer}");

        static string Constant(JsonElement message) => string.Join('|',
            new[] { "id", "content", "seq", "timestamp", "reply_id", "chat_id", "sender" }
                .Select(x => message.GetProperty(x).ToString()));
    }

    // What a client does with a timeout, a broken connection or a 5xx: it asks again with the same id.
    async Task<Reply> InsistAsync(Func<Task<Reply>> call)
    {
        Silence.Break(waits: true);
        string? last = null;
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < 5 * Patience.Deadline;)
        {
            await _door.Open().InTimeAsync();
            try
            {
                var answer = await call();
                if (answer.Status < 500)
                {
                    Silence.Break(waits: false);
                    return answer;
                }
                last = $"{answer.Status}: {answer.Text}";
                // What has no id was said by a proxy, in its own words, where no node answered.
                if (answer.Header("X-Request-Id") is not null
                    && (answer.Status is not (503 or 507)
                        || (answer.Status == 503 && answer.Header("Retry-After") is null)))
                    Faults.Enqueue($"{answer.Status}: {answer.Text}");
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
            {
                last = error.Message; // killed in between: whether it happened, the next answer will say
            }
            await Task.Delay(20);
        }
        throw new TimeoutException($"A request that was repeated again and again was never answered: {last}");
    }

    void Expect(Reply answer, params int[] statuses)
    {
        if (!statuses.Contains(answer.Status))
            Faults.Enqueue(
                $"{answer.Message.RequestMessage!.Method} {answer.Message.RequestMessage.RequestUri}: "
                + $"{answer.Status} {answer.Text}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var device in Devices)
        {
            await device.DisposeAsync();
            foreach (var fault in device.Faults)
                Faults.Enqueue(fault);
        }
        _client.Dispose();
    }
}
