using System.Net.Sockets;
using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

/// <summary>
/// Two nodes on one database: what happens on one is known on the other, with a broker between them and without.
/// </summary>
[Trait("Stage", "slow")]
public sealed partial class NodesTests(NodesTests.Broker broker) : IClassFixture<NodesTests.Broker>
{
    /// <summary>One RabbitMQ for all tests that want one, started by the first, with a virtual host for each.</summary>
    public sealed class Broker : IAsyncLifetime
    {
        readonly Lazy<Task<RabbitNode>> _node = new(RabbitNode.StartAsync);

        public async Task<string> SettingAsync() => "RabbitMq:Url=" + (await _node.Value).NextUrl();

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            if (_node is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await _node.Value).DisposeAsync();
        }
    }

    // Two nodes, and somebody who is logged in once and speaks to both.
    sealed class Pair : IAsyncDisposable
    {
        public required LiveApp Live { get; init; }
        public required CoteApp There { get; init; }
        public required CoteClient Ada { get; init; }
        public required CoteClient AdaThere { get; init; }

        public static Task<Pair> StartAsync(params string[] settings) => StartAsync(null, settings);

        public static async Task<Pair> StartAsync(Action<CoteBuilder>? add, params string[] settings)
        {
            var live = await LiveApp.StartAsync(add, settings);
            var there = await live.App.StartNeighbourAsync(settings);
            var ada = await live.RegisterAsync();
            return new()
            {
                Live = live,
                There = there,
                Ada = ada,
                AdaThere = new CoteClient(there.Url) { Token = ada.Token }
            };
        }

        public async ValueTask DisposeAsync()
        {
            Ada.Dispose();
            AdaThere.Dispose();
            await There.DisposeAsync();
            await Live.DisposeAsync();
        }
    }

    // Whoever types until it is seen sends more frames than a person does.
    async Task<string[]> SettingsAsync(bool withBroker) =>
        withBroker ? [await broker.SettingAsync(), "Realtime:FramesPerSecond=1000000"] : [];

    [Fact]
    public async Task A_node_that_stops_beside_a_stuck_body_hands_its_replies_to_the_other_at_once()
    {
        // It waits five seconds for the body: a busy machine may need them for the reply, but not each time.
        var tries = 1;
        while (!await IsHandedOverFirstAsync())
            tries++.ShouldBeLessThan(10, "the stuck body was waited for each time");
    }

    static async Task<bool> IsHandedOverFirstAsync()
    {
        await using var pair = await Pair.StartAsync();
        var chat = await pair.Ada.CreateChatAsync();
        var gate = new Gate();
        var play = pair.Live.Play(FakeReply.Text("Half a ").ThenWaitFor(gate), FakeReply.Text("Half a ", "reply"));
        await using var socket = await pair.AdaThere.ConnectAsync();
        var (_, reply) = await pair.AdaThere.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "Half a ");
        using var stuck = new TcpClient();
        await stuck.ConnectAsync(pair.There.Url.Host, pair.There.Url.Port);
        await stuck.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /chats/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + $"{pair.Ada.Token}\r\nContent-Type: application/json\r\n"
            + "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"));
        // its body is waited for
        await stuck.GetStream().ReadExactlyAsync(new byte["HTTP/1.1 100 Continue\r\n\r\n".Length]);

        var stop = pair.There.StopAsync();
        var end = await pair.Ada.EndOfAsync(chat, reply);
        var isFirst = !stop.IsCompleted;
        await stop.InTimeAsync();

        end.Text("content").ShouldBe("Half a reply");
        end.Number("generation", "attempt").ShouldBe(2);
        pair.There.Logs.Where(x => x.StartsWith("Error", StringComparison.Ordinal)).ShouldBeEmpty();
        return isFirst;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_question_and_its_reply_stream_to_a_socket_on_the_other_node(bool withBroker)
    {
        await using var pair = await Pair.StartAsync(await SettingsAsync(withBroker));
        var chat = await pair.Ada.CreateChatAsync();
        await using var here = await pair.Ada.ConnectAsync();
        await using var there = await pair.AdaThere.ConnectAsync();
        var gate = new Gate();
        var play = pair.Live.Play(FakeReply.Text("One, ", "two, 🕊").ThenWaitFor(gate).Then("️ three."));

        var (question, reply) = await pair.Ada.AskForAsync(chat, play);
        var texts = await there.ShowsAsync(reply, "One, two, 🕊");
        gate.Open();
        var frames = await there.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        foreach (var frame in frames)
            texts.Apply(frame);

        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe("One, two, 🕊️ three.");
        play.Calls.ShouldBe(1);
        await here.EndOfAsync(reply);
        // A receipt may follow, and comes to one node before the other.
        IEnumerable<string?> upToTheEnd(TestSocket socket) =>
            socket.All.Durable().Where(x => x.Seq <= frames[^1].Seq).Select(x => x.Cursor);
        upToTheEnd(there).ShouldBe(upToTheEnd(here), "each event once, in order, on both");
        var shown = there.All.ToList();
        shown.FindIndex(x => x.MessageId == question)
            .ShouldBeLessThan(shown.FindIndex(x => x.MessageId == reply), "no text before its question");
        shown.Any(x => x.Type == "typing" && x.Data.Text("sender") == "ai").ShouldBeTrue();
        (await pair.AdaThere.MessagesAsync(chat)).Select(x => x.WithoutStatus())
            .ShouldBe((await pair.Ada.MessagesAsync(chat)).Select(x => x.WithoutStatus()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_on_the_other_node_ends_the_reply_with_all_its_text(bool withBroker)
    {
        await using var pair = await Pair.StartAsync(await SettingsAsync(withBroker));
        var chat = await pair.Ada.CreateChatAsync();
        await using var there = await pair.AdaThere.ConnectAsync();
        // Its maker ends it, unless that node is too busy for two seconds: then this one takes it.
        for (var (tries, attempt) = (1, 0L); attempt != 1; tries++)
        {
            tries.ShouldBeLessThanOrEqualTo(10, "its maker has not ended it in any try");
            attempt = await StopThereAsync(pair, chat, there);
        }
        (await pair.Ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped").ShouldBe(0);
    }

    static async Task<long> StopThereAsync(Pair pair, string chat, TestSocket there)
    {
        var play = pair.Live.Play(FakeReply.Text("as far as this").ThenStall());
        var (_, reply) = await pair.Ada.AskForAsync(chat, play);
        var call = await play.NextCallAsync();
        await there.ShowsAsync(reply, "as far as this");

        var stop = (await pair.AdaThere.PostAsync($"/chats/{chat}/stop")).Ok();

        stop.Json.Number("stopped").ShouldBe(1);
        await call.Closed.InTimeAsync();
        var end = await pair.AdaThere.MessageAsync(chat, reply);
        end.Text("generation", "state").ShouldBe("stopped");
        end.Text("content").ShouldBe("as far as this");
        return end.Number("generation", "attempt");
    }

    [Fact]
    public async Task A_list_that_one_node_has_written_is_never_older_than_what_the_other_has_committed()
    {
        await using var pair = await Pair.StartAsync();
        var chat = await pair.Ada.CreateChatAsync();
        for (var i = 0; i < 10; i++)
        {
            var (question, reply) = await pair.Ada.AskForAsync(chat, pair.Live.Play(FakeReply.Text($"answer {i}")));
            (await pair.AdaThere.MessagesAsync(chat)).ShouldContain(x => x.Text("id") == question);
            await pair.Ada.EndOfAsync(chat, reply);
            (await pair.AdaThere.MessagesAsync(chat)).ShouldContain(x => x.Text("content") == $"answer {i}");
            (await pair.AdaThere.GetAsync("/chats/")).Ok().Text.ShouldContain($"answer {i}");
        }
    }

    [Fact]
    public async Task A_logout_on_the_other_node_closes_sockets_and_refuses_the_token()
    {
        await using var pair = await Pair.StartAsync();
        await using var socket = await pair.Ada.ConnectAsync();
        (await pair.Ada.GetAsync("/users/me")).Ok();

        (await pair.AdaThere.PostAsync("/logout")).Ok();

        (await socket.Closed).ShouldBe(4503);
        (await pair.Ada.GetAsync("/users/me")).ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
    }

    [Fact]
    public async Task A_ticket_opens_one_socket_at_whatever_node()
    {
        await using var pair = await Pair.StartAsync();
        var ticket = (await pair.Ada.PostAsync("/ws/ticket")).Ok()["ticket"];

        await using var socket = await TestSocket.ConnectAsync(pair.There.Url, "/ws?ticket=" + ticket);

        socket.Ready.Type.ShouldBe("ready");
        await using var second =
            await TestSocket.ConnectAsync(pair.Live.App.Url, "/ws?ticket=" + ticket, awaitReady: false);
        (await second.Closed).ShouldBe(1008);
    }

    [Fact]
    public async Task One_id_sent_to_both_nodes_at_once_is_one_message_and_one_model_call()
    {
        await using var pair = await Pair.StartAsync();
        var chat = await pair.Ada.CreateChatAsync();
        for (var i = 0; i < 10; i++)
        {
            var (play, id) = (pair.Live.Play(FakeReply.Text("once")), Guid.CreateVersion7().ToString());

            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(x =>
                (x % 2 == 0 ? pair.Ada : pair.AdaThere)
                    .PostAsync($"/chats/{chat}/messages/", new { content = play.Question, id })));

            answers.Select(x => x.Status).Distinct().ShouldBe([200]);
            answers.Count(x => x.Header("Idempotent-Replayed") is null).ShouldBe(1);
            answers.Select(x => x["reply_id"]).Distinct().Count().ShouldBe(1);
            (await pair.AdaThere.EndOfAsync(chat, answers[0]["reply_id"])).Text("content").ShouldBe("once");
            play.Calls.ShouldBe(1);
        }
        (await pair.Ada.MessagesAsync(chat)).Count.ShouldBe(20);
    }

    [Fact]
    public async Task Writes_of_one_user_on_both_nodes_are_one_log_without_a_hole()
    {
        await using var pair = await Pair.StartAsync();
        await using var here = await pair.Ada.ConnectAsync();
        await using var there = await pair.AdaThere.ConnectAsync();
        const int each = 40;

        await Task.WhenAll(Enumerable.Range(0, 2 * each)
            .Select(x => (x % 2 == 0 ? pair.Ada : pair.AdaThere).CreateChatAsync($"chat {x}")));

        foreach (var socket in new[] { here, there })
        {
            var frames = await socket.UntilAsync(x => x.Seq == 2 * each);
            frames.Durable().Select(x => x.Seq).ShouldBe(Enumerable.Range(1, 2 * each).Select(x => (long)x));
        }
        there.All.Durable().Select(x => x.ToString()).ShouldBe(here.All.Durable().Select(x => x.ToString()));
    }

    [Fact]
    public async Task A_reply_that_was_shown_from_elsewhere_can_be_marked_as_read_before_its_first_checkpoint()
    {
        await using var pair = await Pair.StartAsync(await SettingsAsync(true));
        var chat = await pair.Ada.CreateChatAsync();
        await using var there = await pair.AdaThere.ConnectAsync();
        var gate = new Gate();
        var play = pair.Live.Play(FakeReply.Text("shown").ThenWaitFor(gate).Then("."));
        var (_, reply) = await pair.Ada.AskForAsync(chat, play);
        await there.ShowsAsync(reply, "shown");

        (await pair.AdaThere.PutAsync($"/chats/{chat}/messages/{reply}/read")).Ok();
        gate.Open();

        (await pair.Ada.EndOfAsync(chat, reply)).Text("status").ShouldBe("read");
    }
}
