using System.Text.Json.Nodes;
using Cote.Client;
using static Cote.BlackBox.Clients.ScriptedServer;

namespace Cote.BlackBox.Clients;

/// <summary>Cote.Client at its end: closed, logged out, or used afterwards.</summary>
public sealed class DotNetClientClosingTests : IDisposable
{
    const int Closings = 100;

    readonly ScriptedServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task What_waits_when_the_client_is_closed_is_sent_by_the_next_one()
    {
        _server.Answer = async (asked, _) =>
        {
            if (!asked.StartsWith("POST /chats/", StringComparison.Ordinal))
                return null;
            await Task.Yield();
            throw new HttpRequestException("The line was cut.");
        };
        var random = new Random(1);
        for (var i = 0; i < Closings; i++)
        {
            var storage = new MemoryStorage();
            var client = _server.Client(storage);
            await client.LogInAsync("ada", "any").InTimeAsync();
            var writes = Enumerable.Range(0, 20).SelectMany(x => new Task[]
            {
                client.CreateChatAsync($"chat {x}"), client.SendAsync($"c{x}", "text"),
            }).ToList();
            client.Wake();
            await Task.Delay(random.Next(5), CancellationToken.None); // the moment of the closing is what is tried out
            client.Wake();
            await client.DisposeAsync().AsTask().InTimeAsync();

            await Task.WhenAll(writes).InTimeAsync().ContinueWith(_ => { }, TaskScheduler.Default);
            writes.ShouldAllBe(x => x.IsCanceled);
            var stored = JsonNode.Parse((await storage.GetAsync("cote.outbox.ada"))!)!.AsArray();
            stored.Count.ShouldBe(40);
            stored.ShouldAllBe(x => x!["failure"] == null);
        }
    }

    [Fact]
    public async Task Calls_of_a_client_that_is_closed_end()
    {
        _server.Answer = async (asked, request) =>
        {
            if (asked.StartsWith("GET /chats/held", StringComparison.Ordinal))
                await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            return asked == "POST /chats/c/messages/" ? Problem(403, "forbidden") : null;
        };
        var client = await _server.LiveAsync("ada", new MemoryStorage());
        await Should.ThrowAsync<CoteException>(() => client.SendAsync("c", "refused").InTimeAsync());
        var refused = client.State.Pending["c"].Single().Id;
        var opening = client.OpenAsync("held");

        await client.DisposeAsync().AsTask().InTimeAsync();

        Func<Task>[] calls =
        [
            () => opening, () => client.OpenAsync("other"), () => client.RetrySendAsync(refused),
            () => client.SendAsync("c", "late"), () => client.CreateChatAsync("late"), () => client.StopAsync("c"),
        ];
        foreach (var call in calls)
            (await Should.ThrowAsync<CoteException>(() => call().InTimeAsync())).Code.ShouldBe("closed");
        var never = _server.Client(new MemoryStorage());
        await never.DisposeAsync();
        (await Should.ThrowAsync<CoteException>(() => never.StartAsync().InTimeAsync())).Code.ShouldBe("closed");
    }

    [Fact]
    public async Task A_logout_that_is_given_up_is_one_on_this_device()
    {
        var asked = new TaskCompletionSource();
        _server.Answer = async (what, _) =>
        {
            if (what == "POST /logout")
            {
                asked.TrySetResult();
                await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            }
            return null;
        };
        var storage = new MemoryStorage();
        await using var client = await _server.LiveAsync("ada", storage);
        using var patience = new CancellationTokenSource();
        var logout = client.LogOutAsync(patience.Token);
        await asked.Task.InTimeAsync();

        await patience.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => logout.InTimeAsync());
        (await client.WhenAsync(x => x.Status == ConnectionStatus.LoggedOut)).User.ShouldBeNull();
        (await storage.GetAsync("cote.tokens")).ShouldBeNull();
        (await storage.GetAsync("cote.state.ada")).ShouldBeNull();
    }

    [Fact]
    public async Task A_logout_that_is_under_way_when_the_client_is_closed_is_one_on_this_device()
    {
        var asked = new TaskCompletionSource();
        _server.Answer = async (what, _) =>
        {
            if (what != "POST /logout")
                return null;
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            return null;
        };
        var storage = new MemoryStorage();
        var client = await _server.LiveAsync("ada", storage);
        var logout = client.LogOutAsync();
        await asked.Task.InTimeAsync();

        await client.DisposeAsync().AsTask().InTimeAsync();
        await logout.InTimeAsync();

        (await storage.GetAsync("cote.tokens")).ShouldBeNull();
        (await storage.GetAsync("cote.state.ada")).ShouldBeNull();
        (await Should.ThrowAsync<CoteException>(() => client.LogOutAsync().InTimeAsync())).Code.ShouldBe("closed");
    }

    [Fact]
    public async Task What_one_user_has_begun_neither_ends_nor_goes_on_as_another()
    {
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource<HttpResponseMessage?>());
        _server.Answer = async (what, request) =>
        {
            if (what == "POST /upload/resumable")
                return Problem(503, "busy");
            if (what != "POST /logout")
                return null;
            asked.TrySetResult();
            return await answer.Task;
        };
        var storage = new MemoryStorage();
        await using var client = await _server.LiveAsync("ada", storage);
        var upload = client.UploadAsync(new MemoryStream(new byte[10]), "of ada");
        await Patience.UntilAsync(
            () => Task.FromResult(_server.Seen.Contains("ada POST /upload/resumable")), "it was tried");
        var logout = client.LogOutAsync();
        await asked.Task.InTimeAsync();

        await client.LogInAsync("bob", "any").InTimeAsync();
        answer.SetResult(null);
        await logout.InTimeAsync();

        (await Should.ThrowAsync<CoteException>(() => upload.InTimeAsync())).Code.ShouldBe("logged_out");
        _server.Seen.ShouldNotContain("bob POST /upload/resumable");
        client.State.User!.Id.ShouldBe("bob");
        (await storage.GetAsync("cote.tokens"))!.ShouldContain("refresh-bob");
    }

    [Fact]
    public async Task A_listener_may_wait_for_what_a_change_ends()
    {
        _server.Answer = (asked, _) => Task.FromResult(
            asked.StartsWith("GET /chats/", StringComparison.Ordinal) ? Json("[]") : null);
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());
        var (calls, waited) = (0, new TaskCompletionSource<bool>());
        client.Changed += (_, _) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
                waited.SetResult(EndsInTime(client.OpenAsync("inner")));
        };

        await client.OpenAsync("outer").InTimeAsync();

        (await waited.Task.InTimeAsync()).ShouldBeTrue();
    }

    static bool EndsInTime(Task task) => task.Wait(Patience.Deadline / 2);

    [Fact]
    public async Task An_outbox_that_is_read_late_stays_with_its_user()
    {
        var storage = new SlowStorage();
        _server.Answer = (asked, _) => Task.FromResult(
            asked == "POST /chats/c/messages/" ? Problem(503, "busy") : null);
        var first = await _server.LiveAsync("ada", storage);
        _ = first.SendAsync("c", "of ada");
        await first.WhenAsync(x => x.Pending.Count == 1);
        await Patience.UntilAsync(
            async () => await storage.GetAsync("cote.outbox.ada") is not null, "the message is stored");
        await first.DisposeAsync();
        _server.Answer = (_, _) => Task.FromResult<HttpResponseMessage?>(null);
        await using var client = _server.Client(storage);
        await storage.RemoveAsync("cote.tokens");

        storage.Held = new();
        var login = client.LogInAsync("ada", "any");
        await storage.Asked.Task.InTimeAsync();
        await client.LogInAsync("bob", "any").InTimeAsync();
        storage.Held.SetResult();
        await login.InTimeAsync();
        await client.StartAsync().InTimeAsync();
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live && x.User?.Id == "bob");

        client.State.Pending.ShouldBeEmpty();
        _server.Seen.ShouldNotContain(x => x.StartsWith("bob POST /chats/", StringComparison.Ordinal));
        (await storage.GetAsync("cote.outbox.ada"))!.ShouldContain("of ada");
    }

    /// <summary>Keeps the first reader of ada's outbox waiting while it is held.</summary>
    sealed class SlowStorage : ICoteStorage
    {
        readonly MemoryStorage _storage = new();

        public TaskCompletionSource Asked { get; } = new();

        public TaskCompletionSource? Held { get; set; }

        public async ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken = default)
        {
            var value = await _storage.GetAsync(key, cancellationToken);
            if (key == "cote.outbox.ada" && Held is { } held && Asked.TrySetResult())
                await held.Task.WaitAsync(cancellationToken);
            return value;
        }

        public ValueTask SetAsync(string key, string value, CancellationToken cancellationToken = default) =>
            _storage.SetAsync(key, value, cancellationToken);

        public ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) =>
            _storage.RemoveAsync(key, cancellationToken);
    }
}
