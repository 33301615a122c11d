using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cote.Client;
using static Cote.BlackBox.Clients.ScriptedServer;
using ChatClient = Cote.Client.CoteClient;

namespace Cote.BlackBox.Clients;

/// <summary>Cote.Client where something on the way, in the storage or in the program fails.</summary>
public sealed class DotNetClientFaultTests : IDisposable
{
    const string Chat = "c0000000-0000-4000-8000-000000000001";

    readonly ScriptedServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task A_page_of_something_on_the_way_is_no_answer()
    {
        var sends = 0;
        _server.Answer = async (asked, request) =>
            asked == "POST /token"
                ? (await request.Content!.ReadAsStringAsync()).Contains("refresh", StringComparison.Ordinal)
                    ? Page() : null
            : asked == $"POST /chats/{Chat}/messages/{Chat}/regenerate" ? Interlocked.Increment(ref sends) == 1
                ? Page() : Json("""{"id":"m2","chat_id":"c","seq":2,"sender":"ai"}""")
            : asked == "GET /models" ? Problem(401, "token_expired") : null;
        var storage = new MemoryStorage();
        await using var client = await _server.LiveAsync("ada", storage);

        (await client.RegenerateAsync(Chat, Chat).InTimeAsync()).Id.ShouldBe("m2");
        sends.ShouldBe(2);

        var error = await Should.ThrowAsync<CoteException>(() => client.RequestAsync(HttpMethod.Get, "/models"));
        error.Code.ShouldBe("network");
        (await storage.GetAsync("cote.tokens"))!.ShouldContain("refresh-ada");
        client.State.User!.Id.ShouldBe("ada");
    }

    [Fact]
    public async Task A_client_that_is_closed_ends_its_requests_and_repeats_none()
    {
        var (asked, never) = (new TaskCompletionSource(), new TaskCompletionSource<HttpResponseMessage?>());
        _server.Answer = async (what, _) =>
        {
            if (what != $"POST /chats/{Chat}/stop")
                return null;
            asked.TrySetResult();
            return await never.Task;
        };
        var client = await _server.LiveAsync("ada", new MemoryStorage());
        var stop = client.StopAsync(Chat);
        await asked.Task.WaitAsync(Patience.Deadline);

        await client.DisposeAsync();
        never.SetException(new HttpRequestException("The line was cut."));

        (await Should.ThrowAsync<CoteException>(() => stop)).Code.ShouldBe("closed");
        (await Should.ThrowAsync<CoteException>(() => client.StopAsync(Chat))).Code.ShouldBe("closed");
    }

    [Fact]
    public async Task A_request_that_ends_its_own_session_is_answered()
    {
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource<HttpResponseMessage?>());
        _server.Answer = async (what, _) =>
        {
            if (what != "POST /logout/all")
                return null;
            asked.TrySetResult();
            return await answer.Task;
        };
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());
        var ended = client.RequestAsync(HttpMethod.Post, "/logout/all");
        await asked.Task.WaitAsync(Patience.Deadline);

        await client.LogOutAsync(); // as the close code of the connection does
        answer.SetResult(Json("""{"success":true}"""));

        (await ended.InTimeAsync()).GetProperty("success").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task What_one_user_sends_never_becomes_another_users()
    {
        var held = new TaskCompletionSource();
        _server.Answer = async (asked, _) =>
        {
            if (asked != $"POST /chats/{Chat}/messages/")
                return null;
            await held.Task;
            return Problem(401, "token_expired");
        };
        var storage = new MemoryStorage();
        await using var client = await _server.LiveAsync("ada", storage);
        var send = client.SendAsync(Chat, "of ada");
        await client.WhenAsync(x => x.Pending.Count == 1);

        await client.LogInAsync("bob", "any").InTimeAsync();
        held.SetResult();

        (await Should.ThrowAsync<CoteException>(() => send.InTimeAsync())).Code.ShouldBe("logged_out");
        var state = await client.WhenAsync(x => x.Status == ConnectionStatus.Live && x.User?.Id == "bob");
        state.Pending.ShouldBeEmpty();
        _server.Seen.ShouldNotContain(x => x.StartsWith("bob POST /chats/", StringComparison.Ordinal));
        (await storage.GetAsync("cote.outbox.ada"))!.ShouldContain("of ada", Case.Sensitive, "it waits for its user");

        await client.LogInAsync("ada", "any").InTimeAsync();
        await client.WhenAsync(x => x.Pending.Count == 1 && x.Pending[Chat][0].Content == "of ada");
    }

    [Fact]
    public async Task Another_users_login_in_the_same_storage_is_not_taken_over()
    {
        _server.Answer = (asked, _) => Task.FromResult(asked == "GET /models" ? Problem(401, "token_expired") : null);
        var storage = new MemoryStorage();
        await using var ada = await _server.LiveAsync("ada", storage);
        await using var bob = _server.Client(storage);
        await bob.LogInAsync("bob", "any").InTimeAsync();

        var error = await Should.ThrowAsync<CoteException>(() => ada.RequestAsync(HttpMethod.Get, "/models"));

        error.Code.ShouldBe("logged_out");
        (await ada.WhenAsync(x => x.Status == ConnectionStatus.LoggedOut)).User.ShouldBeNull();
        (await storage.GetAsync("cote.tokens"))!.ShouldContain("refresh-bob");
        _server.Seen.ShouldNotContain("bob GET /models");
    }

    [Fact]
    public async Task A_registration_whose_answer_is_lost_logs_in()
    {
        var tries = 0;
        _server.Answer = (asked, _) => Task.FromResult(asked != "POST /users/" ? null
            : Interlocked.Increment(ref tries) == 1 ? throw new HttpRequestException("The answer is lost.")
            : Problem(409, "username_taken"));
        await using var client = _server.Client(new MemoryStorage());

        (await client.RegisterAsync("ada", "ada@example.com", "any").InTimeAsync()).Id.ShouldBe("ada");
        await Should.ThrowAsync<CoteException>(() => client.RegisterAsync("ada", "ada@example.com", "any"));
    }

    [Fact]
    public async Task A_deletion_whose_answer_is_lost_is_done_and_one_that_fails_leaves_what_waits()
    {
        var deletions = 0;
        var isOffline = true;
        _server.Answer = (asked, _) => Task.FromResult(
            asked.StartsWith("POST /chats/", StringComparison.Ordinal) ? throw new HttpRequestException("No network.")
            : !asked.StartsWith("DELETE", StringComparison.Ordinal) ? null
            : isOffline || Interlocked.Increment(ref deletions) == 1 ? throw new HttpRequestException("It is lost.")
            : Problem(404, "chat_not_found"));
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());
        var send = client.SendAsync(Chat, "still to be sent");
        await client.WhenAsync(x => x.Pending.Count == 1);

        await Should.ThrowAsync<CoteException>(() => client.DeleteChatAsync(Chat).InTimeAsync());
        client.State.Pending.Count.ShouldBe(1);
        isOffline = false;
        await client.DeleteChatAsync(Chat.ToUpperInvariant()).InTimeAsync();
        deletions.ShouldBe(2);
        await client.WhenAsync(x => x.Pending.Count == 0);
        await Should.ThrowAsync<OperationCanceledException>(() => send.InTimeAsync());
    }

    [Fact]
    public async Task Clients_that_share_a_storage_keep_each_others_messages()
    {
        _server.Answer = (asked, _) => asked.StartsWith("POST /chats/", StringComparison.Ordinal)
            ? throw new HttpRequestException("No network.") : Task.FromResult<HttpResponseMessage?>(null);
        var storage = new MemoryStorage();
        await using var one = await _server.LiveAsync("ada", storage);
        await using var other = await _server.LiveAsync("ada", storage);
        _ = one.SendAsync(Chat, "of one");
        await one.WhenAsync(x => x.Pending.Count == 1);
        _ = other.SendAsync(Chat, "of the other");
        await other.WhenAsync(x => x.Pending.Count == 1);
        await one.DisposeAsync();
        await other.DisposeAsync();

        await using var next = _server.Client(storage);
        await next.StartAsync().InTimeAsync();
        next.State.Pending[Chat].Select(x => x.Content)
            .ShouldBe(["of one", "of the other"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_refused_chat_holds_up_no_other_and_its_opening_says_so()
    {
        _server.Answer = (asked, _) => Task.FromResult(
            asked.StartsWith("GET /chats/refused", StringComparison.Ordinal) ? Problem(403, "forbidden")
            : asked.StartsWith($"GET /chats/{Chat}", StringComparison.Ordinal) ? Json("[]") : null);
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());

        var refused = client.OpenAsync("refused");
        await client.OpenAsync(Chat).InTimeAsync();

        (await Should.ThrowAsync<CoteException>(() => refused.InTimeAsync())).Code.ShouldBe("forbidden");
        client.State.Loading.ShouldBeEmpty();
        await client.LogOutAsync().InTimeAsync();
        (await Should.ThrowAsync<CoteException>(() => client.OpenAsync(Chat).InTimeAsync())).Status.ShouldBe(401);
        (await Should.ThrowAsync<CoteException>(() => client.SendAsync(Chat, "too late").InTimeAsync())).Status
            .ShouldBe(401);
    }

    [Fact]
    public async Task A_full_storage_and_a_listener_that_throws_stop_nothing()
    {
        _server.Answer = (asked, _) => Task.FromResult(asked == $"POST /chats/{Chat}/messages/"
            ? Json($$"""{"id":"m1","chat_id":"{{Chat}}","seq":1,"sender":"user","content":"on"}""") : null);
        await using var client = _server.Client(new FullStorage());
        client.Changed += (_, _) => throw new InvalidOperationException("This listener is broken.");
        await client.LogInAsync("ada", "any").InTimeAsync();
        await client.StartAsync().InTimeAsync();
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);

        (await client.SendAsync(Chat, "on").InTimeAsync()).Id.ShouldBe("m1");
        await client.WhenAsync(x => x.Pending.Count == 0);
    }

    [Fact]
    public async Task Making_a_chat_twice_with_one_id_is_one_write()
    {
        var held = new TaskCompletionSource<HttpResponseMessage?>();
        _server.Answer = (asked, _) =>
            asked == "POST /chats/" ? held.Task : Task.FromResult<HttpResponseMessage?>(null);
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());
        var chat = new NewChat { Id = Chat, Title = "once" };

        var makes = new[] { client.CreateChatAsync(chat), client.CreateChatAsync(chat) };
        await client.WhenAsync(x => x.Chats.Count == 1);
        held.SetResult(Json(new JsonObject { ["id"] = Chat, ["title"] = "once" }.ToJsonString()));

        (await Task.WhenAll(makes).InTimeAsync()).ShouldAllBe(x => x.Title == "once");
        _server.Seen.Count(x => x == "ada POST /chats/").ShouldBe(1);
    }

    static HttpResponseMessage Page() =>
        new(HttpStatusCode.OK) { Content = new StringContent("<html>Log in here</html>", Encoding.UTF8, "text/html") };

    sealed class FullStorage : ICoteStorage
    {
        public ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken = default) =>
            key == "cote.tokens" ? ValueTask.FromResult<string?>(null) : throw new IOException("It cannot be read.");

        public ValueTask SetAsync(string key, string value, CancellationToken cancellationToken = default) =>
            throw new IOException("There is no room.");

        public ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) =>
            ValueTask.CompletedTask;
    }
}
