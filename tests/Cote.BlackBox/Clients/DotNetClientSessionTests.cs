using Cote.BlackBox.Harness;
using Cote.Client;
using static Cote.BlackBox.Clients.DotNetClients;
using ChatClient = Cote.Client.CoteClient;

namespace Cote.BlackBox.Clients;

/// <summary>Cote.Client over expired tokens, shared storages, and no network.</summary>
public sealed class DotNetClientSessionTests(PublishedProgram program)
{
    [Fact]
    public async Task Clients_that_share_a_storage_refresh_one_after_the_other()
    {
        await using var node = await new Node(program).StartAsync();
        var storage = new MemoryStorage();
        await using var one = await RegisterAsync(node.Url, storage: storage);
        await using var other = new ChatClient(new CoteClientOptions(node.Url) { Storage = storage });
        await other.StartAsync().InTimeAsync();
        await other.WhenAsync(x => x.Status == ConnectionStatus.Live);
        var before = await storage.GetAsync("cote.tokens");

        for (var round = 0; round < 3; round++)
        {
            // Both hold a token that is refused, and go for the next one at once.
            await ForgeAsync(storage);
            await using var third = new ChatClient(new CoteClientOptions(node.Url) { Storage = storage });
            await using var fourth = new ChatClient(new CoteClientOptions(node.Url) { Storage = storage });
            await Task.WhenAll(third.StartAsync(), fourth.StartAsync()).InTimeAsync();
            await Task.WhenAll(Enumerable.Range(0, 8).Select(x =>
                (x % 2 == 0 ? third : fourth).RequestAsync(HttpMethod.Get, "/users/me"))).InTimeAsync();
            await third.WhenAsync(x => x.Status == ConnectionStatus.Live);
            await fourth.WhenAsync(x => x.Status == ConnectionStatus.Live);
        }

        (await storage.GetAsync("cote.tokens")).ShouldNotBe(before);
        (await one.RequestAsync(HttpMethod.Get, "/users/me")).GetProperty("id").GetString()
            .ShouldBe(one.State.User!.Id);
        other.State.Status.ShouldBe(ConnectionStatus.Live);
        (await one.RequestAsync(HttpMethod.Get, "/sessions/")).GetArrayLength().ShouldBe(1);
    }

    [Fact, Trait("Stage", "slow")]
    public async Task A_token_that_expires_is_renewed_and_a_session_that_is_ended_logs_out()
    {
        await using var node =
            await new Node(program) { Arguments = { "--Cote:Auth:AccessTokenMinutes=1" } }.StartAsync();
        var name = NewName();
        var storage = new MemoryStorage();
        await using var client = await RegisterAsync(node.Url, storage: storage, name: name);
        var token = await storage.GetAsync("cote.tokens");
        var states = new List<ConnectionStatus>();
        client.Changed += (_, _) =>
        {
            lock (states)
                states.Add(client.State.Status);
        };

        // The minute is the shortest life of a token: its end closes the socket with 4011.
        using var limit = new CancellationTokenSource(3 * Patience.Deadline);
        while (await storage.GetAsync("cote.tokens") == token)
            await Task.Delay(100, limit.Token); // nothing tells of a token that is stored
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);
        lock (states)
            states.ShouldNotContain(ConnectionStatus.LoggedOut);

        await using var other = await OtherAsync(node.Url, name);
        await other.RequestAsync(HttpMethod.Post, "/logout/all");
        await client.WhenAsync(x => x.Status == ConnectionStatus.LoggedOut);
        // The client stands logged out at once, and forgets what is stored after it.
        while (await storage.GetAsync("cote.tokens") is not null)
            await Task.Delay(20, limit.Token);
        var error = await Should.ThrowAsync<CoteException>(() => client.RequestAsync(HttpMethod.Get, "/users/me"));
        error.Status.ShouldBe(401);
    }

    [Fact]
    public async Task What_is_written_without_a_network_is_sent_once_by_the_next_client()
    {
        await using var node = await new Node(program).StartAsync();
        var folder = Directory.CreateTempSubdirectory("cote-client-");
        var name = NewName();
        string chat;
        await using (var client = await RegisterAsync(node.Url, storage: new FileStorage(folder.FullName), name: name))
        {
            chat = await client.ChatAsync("demo/instant");
            await client.EndOfAsync(await client.SendAsync(chat, "with a network").InTimeAsync());
        }
        await node.KillAsync();

        string made;
        await using (var client = new ChatClient(
            new CoteClientOptions(node.Url) { Storage = new FileStorage(folder.FullName) }))
        {
            await client.StartAsync().InTimeAsync();
            await client.OpenAsync(chat).InTimeAsync();
            Of(client.State, chat).Count.ShouldBe(2, "what was shown is stored");
            var sends = new[] { client.SendAsync(chat, "without one"), client.SendAsync(chat, "and another") };
            made = new NewChat().Id;
            var create = client.CreateChatAsync(new NewChat { Id = made, Title = "made without one" });
            var first = client.SendAsync(made, "into it");
            await client.WhenAsync(x => x.Pending.Count == 2 && x.Pending[chat].Count == 2
                && x.Chats is [{ Title: "made without one" }, ..]);
            await client.WhenAsync(x => x.Status == ConnectionStatus.Offline);
            sends.ShouldAllBe(x => !x.IsCompleted);
        }

        await node.StartAsync();
        await using var later = new ChatClient(
            new CoteClientOptions(node.Url) { Storage = new FileStorage(folder.FullName) });
        await later.StartAsync().InTimeAsync();
        await later.OpenAsync(chat).InTimeAsync();
        await later.OpenAsync(made).InTimeAsync();
        var state = await later.WhenAsync(x => x.Pending.Count == 0 && Of(x, chat).Count == 6 && Of(x, made).Count == 2
            && Of(x, chat).All(y => !y.IsOpen) && Of(x, made).All(y => !y.IsOpen));
        Of(state, chat).Where(x => x.Sender == "user").Select(x => x.Content)
            .ShouldBe(["with a network", "without one", "and another"]);
        (await later.RequestAsync(HttpMethod.Get, $"/chats/{chat}/messages/")).GetArrayLength().ShouldBe(6);

        await later.LogOutAsync();
        later.State.Chats.ShouldBeEmpty();
        folder.EnumerateFiles("cote.*").Where(x => x.Extension != ".lock").Select(x => File.ReadAllText(x.FullName))
            .ShouldAllBe(x => x == "[]");
        folder.Delete(recursive: true);
    }

    // As it is when the token has expired while no client ran.
    static async Task ForgeAsync(MemoryStorage storage)
    {
        var stored = System.Text.Json.Nodes.JsonNode.Parse((await storage.GetAsync("cote.tokens"))!)!;
        stored["access_token"] = (string)stored["access_token"]! + "x";
        await storage.SetAsync("cote.tokens", stored.ToJsonString());
    }
}
