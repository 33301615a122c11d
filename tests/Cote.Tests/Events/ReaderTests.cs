using Cote.Cluster;
using Cote.Data;
using Cote.Delivery;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Events;

/// <summary>A reader over a log that the test writes by hand: orders of things that a whole server shows only by chance.</summary>
public sealed class ReaderTests : IAsyncLifetime
{
    const string User = "01990000-0000-7000-8000-000000000001";
    static readonly CancellationToken Ct = CancellationToken.None;

    readonly string _directory = Directory.CreateTempSubdirectory("cote-test-").FullName;
    readonly List<Frame> _log = [];
    readonly HashSet<string> _revoked = [];
    readonly EventsOptions _options = new();
    Task _reading = Task.CompletedTask; // how long a look at the log takes
    SqliteEngine _dialect = null!;
    Database _db = null!;
    Subscriptions _subscriptions = null!;

    public async ValueTask InitializeAsync()
    {
        var clock = new Clock(TimeProvider.System);
        var options = new DataOptions { Directory = _directory, Readers = 1 };
        _dialect = new SqliteEngine(options, new(options, NullLogger<DataFolder>.Instance), clock, NullLogger<Database>.Instance);
        await _dialect.OpenAsync(Ct);
        _db = new Database(_dialect);
        var hub = new Hub(clock, _options);
        var log = new EventLog(_db, hub, new SingleNodeNotifier(), NullLogger<EventLog>.Instance);
        await log.OpenAsync(null, Ct);
        _subscriptions = new(hub, log,
            async (_, after, _) =>
            {
                await _reading;
                return new EventPage([.. _log.Where(x => x.Seq > after)], false);
            },
            (_, _) => Task.FromResult<IReadOnlyList<PendingReply>>([]), _revoked.Contains, _options, clock);
        await WriteAsync($"""
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
            values ({User}, 'a', 'a', 'a', 'a', '', 0)
            """);
        await WriteAsync($"insert into heads (user_id) values ({User})");
    }

    public async ValueTask DisposeAsync()
    {
        await _dialect.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Who_meets_the_end_of_a_reply_before_its_text_is_shown_no_text_after_it()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        var streaming = _subscriptions.Feeds.Begin(User, new("chat", "reply", "question", 2, "m", 1, 1, ""));
        streaming.Append(1, "text");
        Append(1, "question");
        Append(2, "reply");

        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message", "message"]);
        subscription.PingIfIdle();
        subscription.Show(Frame.Pong);
        var after = (await subscription.NextAsync(Ct)).ToList();
        _subscriptions.Feeds.End(User, streaming);
        subscription.Show(Frame.Pong);
        after.AddRange(await subscription.NextAsync(Ct));

        after.Select(x => x.Type).ShouldNotContain("message.snapshot");
        after.Select(x => x.Type).ShouldNotContain("message.delta");
    }

    [Fact]
    public async Task Who_follows_a_reply_is_shown_all_of_its_text_and_then_the_whole()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        Append(1, "question");
        var streaming = _subscriptions.Feeds.Begin(User, new("chat", "reply", "question", 2, "m", 1, 1, ""));
        streaming.Append(1, "one ");
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message.snapshot", "typing"]);

        streaming.Append(1, "two");
        Append(2, "reply");
        var rest = await subscription.NextAsync(Ct);
        _subscriptions.Feeds.End(User, streaming);

        rest.Select(x => x.Type).ShouldBe(["message.delta", "message"]);
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["typing"]);
    }

    [Fact]
    public async Task Who_was_told_of_a_reply_and_meets_its_end_next_is_shown_the_rest_of_its_text_before_it_and_none_after()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        var reply = new PendingReply("chat", "reply", "question", 2, "m", 1, 1, "one ");
        subscription.Begin(reply).Type.ShouldBe("message.snapshot");
        Append(1, "question");
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
        var streaming = _subscriptions.Feeds.Begin(User, reply);
        streaming.Append(1, "two");
        Append(2, "reply");

        var end = await subscription.NextAsync(Ct);

        end.Select(x => x.Type).ShouldBe(["message.delta", "message"]);
        var rest = TestFrame.Parse(System.Text.Encoding.UTF8.GetString(end[0].Json.Span)).Data;
        (rest.GetProperty("offset").GetInt32(), rest.GetProperty("text").GetString()).ShouldBe((4, "two"));
        for (var i = 3; i < 30; i++) // however many others end before it is gone from here
        {
            Append(i, "other" + i);
            (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
            subscription.Show(Frame.Pong);
            (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["pong"]);
        }
        _subscriptions.Feeds.End(User, streaming);
    }

    [Fact]
    public async Task A_reader_whose_session_was_revoked_while_it_opened_shows_nothing()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        Append(1, "secret");
        _revoked.Add("session"); // by somebody who found no reader of it yet

        subscription.BindSession("session", new(long.MaxValue));

        subscription.Closed.ShouldBe(CloseReason.SessionRevoked);
        (await subscription.NextAsync(Ct)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reader_that_is_only_just_opening_is_not_pinged()
    {
        var held = await _db.SnapshotAsync(Ct);
        var opening = Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct); // it has joined, and waits for the one connection
        _subscriptions.Feeds.Find(User)!.Subscriptions.ShouldHaveSingleItem().PingIfIdle();
        await held.DisposeAsync();
        await using var subscription = await opening;
        subscription.Show(Frame.Pong);

        (await subscription.NextAsync(Ct)).ShouldBe([Frame.Pong]);
    }

    [Fact]
    public async Task A_reader_that_is_closed_while_it_reads_shows_nothing_of_what_it_read()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        subscription.BindSession("session", new(long.MaxValue));
        var read = new TaskCompletionSource();
        _reading = read.Task;
        Append(1, "secret");
        var next = subscription.NextAsync(Ct).AsTask();

        subscription.Close(CloseReason.SessionRevoked);
        read.SetResult();

        (await next).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_log_that_was_trimmed_under_a_reader_is_a_reset_and_never_a_silent_hole()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        for (var i = 1; i <= 5; i++)
            Append(i, "m" + i);
        _log.RemoveRange(0, 3);
        await WriteAsync($"update heads set seq = 5, tail = 3 where user_id = {User}");

        var frames = await subscription.NextAsync(Ct);

        frames.Select(x => x.Type).ShouldBe(["reset"]);
        var reset = TestFrame.Parse(System.Text.Encoding.UTF8.GetString(frames[0].Json.Span));
        reset.Data.GetProperty("reason").GetString().ShouldBe("trimmed");
        reset.Data.GetProperty("cursor").GetString().ShouldBe(_subscriptions.Log.Epoch + "-5");
        Append(6, "m6");
        (await subscription.NextAsync(Ct)).Select(x => x.Seq).ShouldBe([6]);
    }

    [Fact]
    public async Task No_text_of_a_reply_is_shown_before_its_question()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);
        var streaming = _subscriptions.Feeds.Begin(User, new("chat", "reply", "question", 2, "m", 1, 1, ""));
        streaming.Append(1, "early");
        subscription.Show(Frame.Pong);

        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["pong"]);
        Append(1, "question");
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message.snapshot", "typing"]);
        _subscriptions.Feeds.End(User, streaming);
    }

    [Fact]
    public async Task A_reader_that_does_not_come_for_its_frames_holds_only_a_few()
    {
        await using var subscription = await Subscription.OpenAsync(_subscriptions, User, (Cursor?)null, Ct);

        for (var i = 0; i < 10_000; i++)
            subscription.Show(Frame.Typing("chat", "user", true));

        (await subscription.NextAsync(Ct)).Count.ShouldBeInRange(1, 100);
    }

    async Task WriteAsync(Sql sql)
    {
        var batch = new WriteBatch();
        batch.Execute(sql);
        (await _db.WriteAsync(batch)).ShouldBe(Outcome.Committed);
    }

    void Append(long seq, string message)
    {
        _log.Add(Frame.Write("message", _ => { }, _subscriptions.Log.Epoch + "-" + seq) with { Seq = seq, MessageId = message, ChatId = "chat" });
        _subscriptions.Feeds.Wake(User);
    }
}
