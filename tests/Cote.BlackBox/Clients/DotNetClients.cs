using Cote.BlackBox.Harness;
using Cote.Client;
using ChatClient = Cote.Client.CoteClient;

namespace Cote.BlackBox.Clients;

/// <summary>Clients of Cote.Client against a server, and what tests wait for in their state.</summary>
static class DotNetClients
{
    public const string Password = "correct horse battery";

    static int _count;

    /// <summary>A name that nobody has.</summary>
    public static string NewName() => $"dotnet{Interlocked.Increment(ref _count)}-{Guid.CreateVersion7():N}"[..30];

    /// <summary>A client of a new account, live.</summary>
    public static async Task<ChatClient> RegisterAsync(
        Uri url, Transport transport = Transport.Auto, ICoteStorage? storage = null, string? name = null)
    {
        var client = new ChatClient(new CoteClientOptions(url) { Transport = transport, Storage = storage });
        name ??= NewName();
        await client.RegisterAsync(name, name + "@example.com", Password);
        await client.StartAsync().InTimeAsync();
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);
        return client;
    }

    /// <summary>The same account on another device, live.</summary>
    public static async Task<ChatClient> OtherAsync(
        Uri url, string name, Transport transport = Transport.Auto, ICoteStorage? storage = null)
    {
        var client = new ChatClient(new CoteClientOptions(url) { Transport = transport, Storage = storage });
        await client.LogInAsync(name, Password);
        await client.StartAsync().InTimeAsync();
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);
        return client;
    }

    /// <summary>Waits for a state of which something holds.</summary>
    public static async Task<State> WhenAsync(this ChatClient client, Func<State, bool> holds)
    {
        var done = new TaskCompletionSource<State>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(object? sender, EventArgs e)
        {
            var state = client.State;
            if (holds(state))
                done.TrySetResult(state);
        }
        client.Changed += Look;
        try
        {
            Look(null, EventArgs.Empty);
            return await done.Task.InTimeAsync();
        }
        catch (TimeoutException)
        {
            throw new TimeoutException("The state did not come to be: " + Describe(client.State));
        }
        finally
        {
            client.Changed -= Look;
        }
    }

    /// <summary>Waits for the reply to a question to end.</summary>
    public static async Task<Message> EndOfAsync(this ChatClient client, Message question)
    {
        bool IsEnd(Message x) => x.ReplyToId == question.Id && x is { Sender: "ai", IsOpen: false };
        var state = await client.WhenAsync(x => Of(x, question.ChatId).Any(IsEnd));
        return Of(state, question.ChatId).Last(IsEnd);
    }

    /// <summary>What is shown of a chat.</summary>
    public static IReadOnlyList<Message> Of(State state, string chat) =>
        state.Messages.TryGetValue(chat, out var messages) ? messages : [];

    /// <summary>A chat with a model, opened.</summary>
    public static async Task<string> ChatAsync(this ChatClient client, string? model = null)
    {
        var chat = await client.CreateChatAsync(new NewChat { Title = "chat", Model = model }).InTimeAsync();
        await client.OpenAsync(chat.Id).InTimeAsync();
        return chat.Id;
    }

    static string Describe(State state) => $"{state.Status} {state.Error?.Message}, "
        + string.Join("; ", state.Messages.Select(x => $"{x.Key}: "
            + string.Join(", ", x.Value.Select(y => $"{y.Sender} {y.Generation?.State} “{y.Content}”"))));
}

/// <summary>The published program with its demo models, for the tests of one class.</summary>
public sealed class DemoNode(PublishedProgram program) : IAsyncLifetime
{
    readonly Node _node = new(program)
    {
        Arguments =
        {
            "--Cote:RateLimits:LoginPerMinute=100000", "--Cote:RateLimits:RegistrationPerMinute=100000",
            "--Cote:RateLimits:MessagesPerMinute=100000", "--Cote:RateLimits:RequestsPerMinute=100000",
        },
    };

    public Uri Url => _node.Url;

    public async ValueTask InitializeAsync() => await _node.StartAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
