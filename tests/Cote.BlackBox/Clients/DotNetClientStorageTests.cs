using Cote.Client;
using static Cote.BlackBox.Clients.ScriptedServer;

namespace Cote.BlackBox.Clients;

/// <summary>Cote.Client whose storage, session or server answers otherwise than it should.</summary>
public sealed class DotNetClientStorageTests : IDisposable
{
    readonly ScriptedServer _server = new();

    public DotNetClientStorageTests() => _server.Answer = AnswerAsync;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task A_lock_that_cannot_be_taken_at_all_stops_nothing()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("A link to itself needs a right on Windows.");
        var folder = Directory.CreateTempSubdirectory("cote-locks-");
        const string Lock = "cote.outbox.ada.lock";
        File.CreateSymbolicLink(Path.Combine(folder.FullName, Lock), Lock); // to itself
        await using (var client = _server.Client(new FileStorage(folder.FullName)))
        {
            await client.LogInAsync("ada", "any").InTimeAsync();
            (await client.SendAsync("c", "on").InTimeAsync()).Id.ShouldBe("m1");
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_a_killed_process_was_writing_goes_with_its_key()
    {
        var folder = Directory.CreateTempSubdirectory("cote-parts-");
        var storage = new FileStorage(folder.FullName);
        await storage.SetAsync("cote.tokens", "secret");
        foreach (var name in new[] { "cote.tokens.0.part", "cote.tokens.1.part", "cote.other.0.part" })
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), "secret", Token);
        foreach (var name in new[] { "cote.tokens.0.part", "cote.other.0.part" })
            File.SetLastWriteTimeUtc(Path.Combine(folder.FullName, name), DateTime.UnixEpoch);

        await storage.RemoveAsync("cote.tokens");

        folder.GetFiles().Select(x => x.Name).ShouldBe(
            ["cote.other.0.part", "cote.tokens.1.part"], ignoreOrder: true, "another process writes the newer one");
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_storage_that_gives_up_by_itself_stops_nothing()
    {
        var client = await _server.LiveAsync("ada", new TiredStorage());

        (await client.SendAsync("c", "on").InTimeAsync()).Id.ShouldBe("m1");
        (await client.SendAsync("c", "and on").InTimeAsync()).Id.ShouldBe("m1");
        await client.WhenAsync(x => x.Pending.Count == 0);
        await client.DisposeAsync().AsTask().InTimeAsync();
    }

    [Fact]
    public async Task A_session_that_could_not_be_stored_is_refreshed_all_the_same()
    {
        var isExpired = true;
        _server.Answer = (asked, request) => asked == "GET /models"
            ? Task.FromResult<HttpResponseMessage?>(isExpired ? Problem(401, "token_expired") : Json("[]"))
            : asked == "POST /token" ? TokenAsync(request) : AnswerAsync(asked, request);
        async Task<HttpResponseMessage?> TokenAsync(HttpRequestMessage request)
        {
            if ((await request.Content!.ReadAsStringAsync(Token)).Contains("refresh", StringComparison.Ordinal))
                isExpired = false;
            return null;
        }
        await using var client = await _server.LiveAsync("ada", new TiredStorage());

        await client.RequestAsync(HttpMethod.Get, "/models").InTimeAsync();

        client.State.User!.Id.ShouldBe("ada");
    }

    [Fact]
    public async Task A_chat_that_cannot_be_fetched_keeps_no_other_waiting()
    {
        var tries = 0;
        var isMended = false;
        _server.Answer = (asked, _) => Task.FromResult(
            asked.StartsWith("GET /chats/broken/", StringComparison.Ordinal)
                ? Interlocked.Increment(ref tries) > 0 && !isMended ? Problem(500, "internal") : Json("[]")
            : asked.StartsWith("GET /chats/", StringComparison.Ordinal) ? Json("[]") : null);
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());
        var broken = client.OpenAsync("broken");
        await Patience.UntilAsync(() => Task.FromResult(tries > 0), "it was tried");

        foreach (var chat in new[] { "one", "two", "three" })
            await client.OpenAsync(chat).InTimeAsync();
        broken.IsCompleted.ShouldBeFalse();
        isMended = true;
        client.Wake();
        await broken.InTimeAsync();
        client.State.Messages.Keys.ShouldBe(["broken", "one", "two", "three"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_a_dead_line_kept_waiting_comes_when_the_line_is_back()
    {
        var (tries, isMended) = (0, false);
        _server.Answer = (asked, _) => !asked.StartsWith("GET /chats/", StringComparison.Ordinal)
            ? Task.FromResult<HttpResponseMessage?>(null)
            : isMended ? Task.FromResult<HttpResponseMessage?>(Json("[]"))
            : Interlocked.Increment(ref tries) > 0 ? throw new HttpRequestException("The line is dead.") : null!;
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());
        Task[] openings = [client.OpenAsync("one"), client.OpenAsync("two")];
        while (tries < 16)
        {
            client.Wake();
            await Task.Delay(20, Token);
        }
        isMended = true;

        await Patience.UntilAsync(() =>
        {
            client.Wake();
            return Task.FromResult(openings.All(x => x.IsCompletedSuccessfully));
        }, "both are open");
    }

    [Fact]
    public async Task A_refresh_that_something_on_the_way_answers_does_not_end_the_connection()
    {
        var (polls, refreshes) = (0, 0);
        _server.Answer = async (asked, request) =>
        {
            if (asked == "POST /token"
                && (await request.Content!.ReadAsStringAsync(Token)).Contains("refresh", StringComparison.Ordinal))
                return ++refreshes == 1 ? Problem(404, "not_found") : null;
            return asked.StartsWith("GET /events", StringComparison.Ordinal) && ++polls == 2
                ? Problem(401, "token_expired") : null;
        };
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());

        await Patience.UntilAsync(() => Task.FromResult(refreshes == 1 && polls >= 4), "it polls again");
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);
    }

    [Fact]
    public async Task A_second_login_of_the_same_user_leaves_the_connection_as_it_stands()
    {
        await using var client = await _server.LiveAsync("ada", new MemoryStorage());

        await client.LogInAsync("ada", "any").InTimeAsync();

        client.State.Status.ShouldBe(ConnectionStatus.Live);
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    static Task<HttpResponseMessage?> AnswerAsync(string asked, HttpRequestMessage request) =>
        Task.FromResult(asked == "POST /chats/c/messages/"
            ? Json("""{"id":"m1","chat_id":"c","seq":1,"sender":"user","content":"on"}""") : null);

    /// <summary>Each of its writes ends with a cancellation that nobody has asked for.</summary>
    sealed class TiredStorage : ICoteStorage
    {
        public ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<string?>(null);

        public ValueTask SetAsync(string key, string value, CancellationToken cancellationToken = default) =>
            throw new TaskCanceledException("The storage has not answered in time.");

        public ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) =>
            throw new TaskCanceledException("The storage has not answered in time.");
    }
}
