namespace Cote.Tests.Harness;

/// <summary>A server with <see cref="TestTools"/> for all tests of a class, which run one after the other.</summary>
public class ToolApp : IAsyncLifetime
{
    LiveApp _live = null!;

    public LiveApp Live => _live;

    public TestTools Tools { get; } = new();

    protected virtual string[] Settings => [];

    protected virtual void AddTo(CoteBuilder server) => Tools.AddTo(server);

    public async ValueTask InitializeAsync() => _live = await LiveApp.StartAsync(AddTo, Settings);

    public async ValueTask DisposeAsync()
    {
        await _live.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A person with a chat for one test; nothing has run yet.</summary>
    public async Task<(CoteClient Ada, string Chat)> BeginAsync()
    {
        Tools.Clear();
        var ada = await _live.RegisterAsync();
        return (ada, await ada.CreateChatAsync(model: "openai"));
    }
}

/// <summary>Tests against one <see cref="ToolApp"/>, each with a person and a chat of its own.</summary>
public abstract class ToolAppTests(ToolApp app) : IAsyncLifetime
{
    protected TestTools Tools => app.Tools;

    protected LiveApp Live => app.Live;

    protected CoteClient Ada { get; set; } = null!;

    protected string Chat { get; private set; } = "";

    public async ValueTask InitializeAsync() => (Ada, Chat) = await app.BeginAsync();

    // The type of the next event but for receipts, whose time is nobody's; no poll may end without an event.
    protected async Task<string> PollAsync(string cursor)
    {
        while (true)
        {
            var poll = (await Ada.GetAsync($"/events?cursor={cursor}&wait=25")).Ok();
            var types = poll.Json.GetProperty("events").EnumerateArray().Select(x => x.Text("type")).ToList();
            types.ShouldNotBeEmpty();
            if (types.Find(x => x != "message.status") is { } type)
                return type;
            cursor = poll["cursor"];
        }
    }

    public ValueTask DisposeAsync()
    {
        Ada.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
