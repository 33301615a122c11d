using System.Text;
using Cote.Events;
using Cote.Replies;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using Check = FsCheck.Check;

namespace Cote.Tests.Replies;

/// <summary>
/// The machinery of live text beside the contract's rules for clients: whatever the order in which text comes, attempts
/// begin, readers look and connections are replaced, every client that looks once more shows the same text.
/// </summary>
public sealed class StreamingReplyTests
{
    const string User = "user";
    static readonly StreamingReplies AtOnce =
        new(new EventsOptions { DeltaMilliseconds = 0 }, new Clock(TimeProvider.System));
    static readonly string[] Pieces =
        ["a", "bc ", "ü", "鸽子", "🕊️", "👩‍👩‍👧", "\r\n", "\"\\", "<&>", "\u2028", "0123456789"];

    /// <summary>
    /// What may happen: text, a new attempt, client n looks, client n loses its connection (and what it was told last).
    /// </summary>
    public enum Kind { Text, Attempt, Look, Reconnect, Lose }

    public sealed record Happening(Kind Kind, int Client, string Text);

    static Arbitrary<List<Happening>> Histories() => Gen.ListOf(
        from kind in Gen.Frequency(
            (6, Gen.Constant(Kind.Text)), (1, Gen.Constant(Kind.Attempt)), (5, Gen.Constant(Kind.Look)),
            (2, Gen.Constant(Kind.Reconnect)), (1, Gen.Constant(Kind.Lose)))
        from client in Gen.Choose(0, 2)
        from text in Gen.Elements(Pieces)
        select new Happening(kind, client, text)).Select(x => x.ToList()).ToArbitrary();

    [Fact]
    public void Any_history_ends_in_the_same_text_for_every_client() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Histories(), history =>
        {
            using var streaming = Begin("");
            var clients = Enumerable.Range(0, 3).Select(x => new Client(streaming)).ToArray();
            var (text, attempt) = ("", 1L);
            var renewed = false;
            foreach (var happening in history)
                switch (happening.Kind)
                {
                    case Kind.Text:
                        text = renewed ? happening.Text : text + happening.Text;
                        renewed = false;
                        streaming.Append(attempt, happening.Text);
                        break;
                    case Kind.Attempt:
                        (attempt, renewed) = (attempt + 1, true);
                        break;
                    case Kind.Look:
                        clients[happening.Client].Look();
                        break;
                    case Kind.Reconnect:
                        clients[happening.Client].Reconnect();
                        break;
                    default:
                        clients[happening.Client].Lose();
                        break;
                }
            foreach (var client in clients)
            {
                client.Reconnect();
                client.Look();
                client.Texts.Faults.ShouldBeEmpty();
                client.Texts["reply"].ShouldBe(text);
                client.Look().ShouldBeFalse("there is nothing more to show");
            }
            streaming.Read().Content.ShouldBe(text);
        }));

    [Fact]
    public void A_client_that_never_loses_its_connection_is_always_where_the_reply_was_when_it_looked() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Histories(), history =>
        {
            using var streaming = Begin("kept by attempt one");
            var client = new Client(streaming);
            var attempt = 1L;
            foreach (var happening in history)
            {
                if (happening.Kind == Kind.Attempt)
                    attempt++;
                else if (happening.Kind == Kind.Text)
                    streaming.Append(attempt, happening.Text);
                else
                    client.Look();
                if (happening.Kind is not (Kind.Attempt or Kind.Text))
                    client.Texts["reply"].ShouldBe(streaming.Read().Content);
            }
            client.Texts.Faults.ShouldBeEmpty();
        }));

    [Fact]
    public void The_old_text_stays_until_a_new_attempt_has_text_to_put_in_its_place()
    {
        using var streaming = Begin("old");
        var client = new Client(streaming);
        client.Look();
        client.Texts["reply"].ShouldBe("old");

        streaming.Append(2, "n");
        client.Look();
        client.Texts["reply"].ShouldBe("n");
        streaming.Append(2, "ew");
        client.Look();

        client.Texts["reply"].ShouldBe("new");
        client.Seen.ShouldBe([
            "message.snapshot", "message.delta", "message.snapshot", "message.delta", "message.delta"],
            "an empty snapshot begins each attempt, and all text follows as deltas");
    }

    [Fact]
    public void The_first_text_is_shown_at_once_and_what_follows_closely_a_little_later_together()
    {
        var time = new FakeTimeProvider();
        var pause = TimeSpan.FromMilliseconds(500);
        var shown = 0;
        var replies = new StreamingReplies(new EventsOptions { DeltaMilliseconds = (int)pause.TotalMilliseconds },
            new Clock(time));
        using var streaming = new StreamingReply(User, Pending(""), replies, new Clock(time));
        streaming.Changed += () => Interlocked.Increment(ref shown);
        time.Advance(TimeSpan.FromSeconds(1));

        streaming.Append(1, "first");
        shown.ShouldBe(1);
        streaming.Append(1, "second");
        streaming.Append(1, "third");
        shown.ShouldBe(1, "those are put off");
        time.Advance(pause);

        shown.ShouldBe(2);
        streaming.Read().Content.ShouldBe("firstsecondthird");
    }

    static PendingReply Pending(string content) =>
        new("chat", "reply", "question", 2, "m", 1, 1, content, new("question"));

    static StreamingReply Begin(string content) => new(User, Pending(content), AtOnce, new Clock(TimeProvider.System));

    sealed class Client(StreamingReply streaming)
    {
        TextPosition _position = TextPosition.None;
        bool _wasThere = true;

        public ReplyTexts Texts { get; } = new();

        public List<string> Seen { get; } = [];

        public bool Look()
        {
            var frames = new List<Frame>();
            streaming.Advance(ref _position, frames, wasThere: _wasThere);
            foreach (var frame in frames)
            {
                Seen.Add(frame.Type);
                Texts.Apply(TestFrame.Parse(Encoding.UTF8.GetString(frame.Json.Span)));
            }
            return frames.Count > 0;
        }

        // A client that comes back after the reply began is told the whole text.
        public void Reconnect() => (_position, _wasThere) = (TextPosition.None, false);

        // The frames were written, and the connection broke before they arrived.
        public void Lose()
        {
            streaming.Advance(ref _position, [], wasThere: _wasThere);
            Reconnect();
        }
    }
}
