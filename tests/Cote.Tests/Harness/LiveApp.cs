using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Cote.Tests.Harness;

/// <summary>
/// A server whose model answers each question by a script of its own, so that tests may run beside each other and
/// replies of an earlier one disturb nobody.
/// </summary>
public sealed class LiveApp : IAsyncLifetime
{
    readonly ConcurrentDictionary<string, Play> _plays = [];
    Task<CoteApp> _app = null!;

    // As in SharedApp: each test says what is missing.
    public CoteApp App => _app.GetAwaiter().GetResult();

    public static Task<LiveApp> StartAsync(params string[] settings) => StartAsync(null, settings);

    public static async Task<LiveApp> StartAsync(Action<CoteBuilder>? add, params string[] settings)
    {
        var live = new LiveApp();
        await (live._app = live.StartAppAsync(add, settings));
        return live;
    }

    public async ValueTask InitializeAsync() => await Task.WhenAny(_app = StartAppAsync(null, []));

    public ValueTask DisposeAsync() => _app.IsCompletedSuccessfully ? App.DisposeAsync() : ValueTask.CompletedTask;

    public Task<CoteClient> RegisterAsync() => App.RegisterAsync();

    /// <summary>
    /// A question, and what the model does when it is asked: one reply a call, the last one for all that follow.
    /// </summary>
    public Play Play(params FakeReply[] replies)
    {
        var play = new Play(replies);
        _plays[play.Question] = play;
        return play;
    }

    async Task<CoteApp> StartAppAsync(Action<CoteBuilder>? add, string[] settings)
    {
        var app = await CoteApp.StartAsync(add, settings);
        app.Model.Answer = Answer;
        return app;
    }

    FakeReply Answer(FakeRequest request)
    {
        var messages = request.Messages.EnumerateArray().ToList();
        // A reply that is continued stands after the question, and so do the results of its tools.
        var asked = messages.FindLast(x => x.Text("role") == "user"
            && !x.ToString().Contains("\"tool_result\"", StringComparison.Ordinal)).ToString();
        // The last question of a joined turn is the one that is answered.
        var play = _plays.Values.Where(x => asked.Contains(x.Question, StringComparison.Ordinal))
            .MaxBy(x => asked.LastIndexOf(x.Question, StringComparison.Ordinal));
        return play is null ? FakeReply.Text("Hello", " world") : play.Take(request);
    }
}

/// <summary>One question and the script of its answers.</summary>
public sealed class Play(FakeReply[] replies)
{
    static int _count;

    readonly Channel<FakeRequest> _calls = Channel.CreateUnbounded<FakeRequest>();
    int _taken;

    /// <summary>A text that nobody else asks.</summary>
    public string Question { get; } = $"question {Interlocked.Increment(ref _count)}.";

    /// <summary>How often the model was called for it.</summary>
    public int Calls => Volatile.Read(ref _taken);

    /// <summary>Waits for one call more than were waited for before.</summary>
    public async Task<FakeRequest> NextCallAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Deadline);
        return await _calls.Reader.ReadAsync(limit.Token);
    }

    internal FakeReply Take(FakeRequest request)
    {
        var reply = replies[Math.Min(Interlocked.Increment(ref _taken), replies.Length) - 1];
        _calls.Writer.TryWrite(request);
        return reply;
    }
}

/// <summary>Short ways into JSON.</summary>
public static class Reading
{
    public static string Text(this JsonElement json, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            json = json.GetProperty(name);
        return json.ToString();
    }

    /// <summary>The parts of a message, each as JSON.</summary>
    public static IReadOnlyList<string> PartsOf(JsonElement message) =>
        [.. message.GetProperty("parts").EnumerateArray().Select(x => JsonNode.Parse(x.GetRawText())!.ToJsonString())];

    public static long Number(this JsonElement json, params ReadOnlySpan<string> path) =>
        long.Parse(json.Text(path), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The names of an object's fields, in alphabetical order.</summary>
    public static string Names(this JsonElement json) =>
        string.Join(' ', json.EnumerateObject().Select(x => x.Name).Order(StringComparer.Ordinal));

    /// <summary>
    /// A message as text but for its status, which moves by itself within seconds after its end was shown.
    /// </summary>
    public static string WithoutStatus(this JsonElement message)
    {
        var fields = JsonObject.Create(message)!;
        fields.Remove("status").ShouldBeTrue();
        return fields.ToJsonString();
    }

    public static IEnumerable<TestFrame> Durable(this IEnumerable<TestFrame> frames) =>
        frames.Where(x => x.Cursor is not null);

    /// <summary>A question and its reply's id.</summary>
    public static async Task<(string Question, string Reply)> AskForAsync(
        this CoteClient client, string chat, Play play)
    {
        var question = await client.AskAsync(chat, play.Question);
        return (question.Text("id"), question.Text("reply_id"));
    }

    /// <summary>The path of a call of a demo model that waits for its answer.</summary>
    public static async Task<string> WaitForToolAsync(this CoteClient client, string model, object? question = null)
    {
        var chat = await client.CreateChatAsync(model: model);
        var sent = (await client.PostAsync($"/chats/{chat}/messages/", question ?? new { content = "a" })).Ok().Json;
        var path = $"/chats/{chat}/messages/{sent.Text("reply_id")}";
        await Patience.UntilAsync(
            async () => (await client.GetAsync(path)).Ok().Json.Text("generation", "state") == "waiting", "it waits");
        return path + "/tool_calls/call_0_0";
    }

    /// <summary>The next frames up to one that fits, which is the last.</summary>
    public static async Task<List<TestFrame>> UntilAsync(this TestSocket socket, Func<TestFrame, bool> last)
    {
        var frames = new List<TestFrame>();
        var limit = Patience.Begin();
        do
            frames.Add(await socket.NextAsync(limit.Left));
        while (!last(frames[^1]));
        return frames;
    }
}
