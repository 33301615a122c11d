using System.Diagnostics;
using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

/// <summary>
/// The database goes away under nodes that run, and comes back: a PostgreSQL of these tests' own, with its fsync on.
/// </summary>
[Trait("Stage", "slow")]
public sealed class OutageTests(OutageTests.Own own) : IClassFixture<OutageTests.Own>, IAsyncLifetime
{
    /// <summary>The PostgreSQL that these tests stop and freeze, one after the other; each leaves it running.</summary>
    public sealed class Own : IAsyncLifetime
    {
        readonly Lazy<Task<PostgresCluster>> _cluster = new(() => PostgresCluster.StartAsync(fsync: true));

        public Task<PostgresCluster> Cluster => _cluster.Value;

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            if (_cluster is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await _cluster.Value).DisposeAsync();
        }
    }

    PostgresCluster _postgres = null!;
    string _url = "";

    public async ValueTask InitializeAsync()
    {
        _postgres = await own.Cluster;
        _url = await _postgres.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task While_the_database_is_away_sockets_stay_replies_go_on_and_no_write_is_acknowledged()
    {
        await using var live = await LiveApp.StartAsync($"Data:Postgres={_url}");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        Gate[] gates = [new(), new()];
        var play = live.Play(
            FakeReply.Text("before, ").ThenWaitFor(gates[0]).Then("while, ").ThenWaitFor(gates[1]).Then("after"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        var texts = await socket.ShowsAsync(reply, "before, ");

        await _postgres.StopAsync(immediate: true);
        gates[0].Open();
        while (texts[reply] != "before, while, ")
            texts.Apply(await socket.NextAsync());
        var id = Guid.CreateVersion7().ToString();
        var refused = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "hello?", id });
        refused.ShouldBeProblem(503, "unavailable", "The database cannot be reached; try again shortly");
        (await ada.GetAsync("/health/ready")).Status.ShouldBe(503);
        (await ada.GetAsync("/sync"))
            .ShouldBeProblem(503, "unavailable", "The database cannot be reached; try again shortly");
        (await ada.GetAsync("/health/live")).Status.ShouldBe(200);
        gates[1].Open();
        while (texts[reply] != "before, while, after")
            texts.Apply(await socket.NextAsync());
        await _postgres.StartAgainAsync();

        // The same socket, which was never closed, is told the end, and what is written from now on.
        foreach (var frame in await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply))
            texts.Apply(frame);
        texts.Faults.ShouldBeEmpty();
        var end = await ada.MessageAsync(chat, reply);
        end.Text("content").ShouldBe("before, while, after");
        end.Text("generation", "state").ShouldBe("completed");
        play.Calls.ShouldBe(1);
        var again = (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "hello?", id })).Ok();
        again.Header("Idempotent-Replayed").ShouldBeNull("what was refused was not written");
        await socket.NextAsync("message", x => x.MessageId == id);
        var numbers = socket.All.Durable().Select(x => x.Seq).ToList();
        numbers.ShouldBe(Enumerable.Range(2, numbers.Count).Select(x => (long)x));
        (await ada.GetAsync("/health/ready")).Status.ShouldBe(200);
        live.App.Logs.ShouldNotContain(
            x => x.StartsWith("Error", StringComparison.Ordinal) || x.StartsWith("Critical", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_was_away_for_longer_than_a_lease_lets_no_node_steal_what_another_makes()
    {
        // long enough for several sweeps after the database is back, and before a lapsed lease counts
        const int lease = 6;
        await using var live = await LiveApp.StartAsync(CoteApp.LeaseFor(lease), $"Data:Postgres={_url}");
        await using var other = await live.App.StartNeighbourAsync($"Data:Postgres={_url}");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("mine").ThenWaitFor(gate).Then(" to the end"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "mine");

        await _postgres.StopAsync(immediate: true);
        await Task.Delay(TimeSpan.FromSeconds(lease + 0.5)); // no event tells that a lease has lapsed
        using var sweeps = new Sweeps(_url);
        await _postgres.StartAgainAsync();
        // two nodes sweep: the other one has had the lapsed lease before its eyes, and left it
        await sweeps.ReachedAsync(4);
        gate.Open();

        var end = await ada.EndOfAsync(chat, reply);
        end.Text("content").ShouldBe("mine to the end");
        end.Number("generation", "attempt").ShouldBe(1);
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_line_for_signals_that_fell_silent_costs_time_and_nothing_else()
    {
        await using var live = await LiveApp.StartAsync($"Data:Postgres={_url}");
        await using var other = await live.App.StartNeighbourAsync($"Data:Postgres={_url}");
        using var ada = await live.RegisterAsync();
        using var there = new CoteClient(other.Url) { Token = ada.Token };
        await using var socket = await there.ConnectAsync();
        await Patience.UntilAsync(
            async () => (await _postgres.BackendsAsync("cote listen", _url)).Length == 2, "both nodes listen");
        var backends = await _postgres.BackendsAsync("cote listen", _url);
        foreach (var backend in backends)
            await _postgres.FreezeAsync(backend);

        var chat = await ada.CreateChatAsync();
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("said in silence")));
        (await socket.EndOfAsync(reply)).Text("content").ShouldBe("said in silence");
        (await ada.PostAsync("/logout")).Ok();
        (await socket.Closed).ShouldBe(4503);

        foreach (var backend in backends)
            await _postgres.ThawAsync(backend);
    }

    [Fact]
    public async Task A_send_whose_commit_was_answered_to_nobody_is_one_message_and_gets_its_reply()
    {
        await using var proxy = new CuttingProxy(new Uri(_url).Port);
        var through = new UriBuilder(_url) { Port = proxy.Port }.ToString();
        await using var live = await LiveApp.StartAsync(
            CoteApp.LeaseFor(2), $"Data:Postgres={through}", $"Data:PostgresListen={_url}");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("here it is"));
        proxy.CutAnswerTo(play.Question);

        var sent = (await ada.PostAsync($"/chats/{chat}/messages/", new { content = play.Question })).Ok();

        proxy.Cuts.ShouldBe(1);
        (await ada.EndOfAsync(chat, sent["reply_id"])).Text("content").ShouldBe("here it is");
        (await ada.MessagesAsync(chat)).Count.ShouldBe(2);
        play.Calls.ShouldBe(1);
    }

    /// <summary>
    /// Counts the sweeps for waiting replies that this process makes in one database and that get an answer.
    /// </summary>
    sealed class Sweeps : IDisposable
    {
        readonly SemaphoreSlim _made = new(0);
        readonly ActivityListener _listener;

        public Sweeps(string url)
        {
            var database = new Uri(url).AbsolutePath.Trim('/');
            _listener = new()
            {
                ShouldListenTo = x => x.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = x =>
                {
                    var text = (string?)(x.GetTagItem("db.query.text") ?? x.GetTagItem("db.statement"));
                    if ((string?)(x.GetTagItem("db.namespace") ?? x.GetTagItem("db.name")) == database
                        && x.Status != ActivityStatusCode.Error
                        && text?.Contains("select m.user_id, m.chat_id from messages m",
                            StringComparison.Ordinal) == true)
                        _made.Release();
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public async Task ReachedAsync(int count)
        {
            for (var i = 0; i < count; i++)
                (await _made.WaitAsync(Patience.Deadline)).ShouldBeTrue("the nodes sweep");
        }

        public void Dispose()
        {
            _listener.Dispose();
            _made.Dispose();
        }
    }
}
