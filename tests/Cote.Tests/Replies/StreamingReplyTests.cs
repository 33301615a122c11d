using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Delivery;
using Cote.Events;
using Cote.Media;
using Cote.Primitives;
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
    static readonly MediaLinks Links = new(null!, new Clock(TimeProvider.System)); // No part here has a URL.
    static readonly StreamingReplies AtOnce =
        new(new EventsOptions { DeltaMilliseconds = 0 }, Links, new Clock(TimeProvider.System));
    static readonly string[] Pieces =
        ["a", "bc ", "ü", "鸽子", "🕊️", "👩‍👩‍👧", "\r\n", "\"\\", "<&>", "\u2028", "0123456789"];

    /// <summary>
    /// What may happen: text, a thought, a citation, another form of a part, a new attempt, client n looks,
    /// client n loses its connection (and what it was told last).
    /// </summary>
    public enum Kind { Text, Thought, Source, Change, Attempt, Look, Reconnect, Lose }

    public sealed record Happening(Kind Kind, int Client, string Text);

    static Arbitrary<List<Happening>> Histories() => Gen.ListOf(
        from kind in Gen.Frequency(
            (6, Gen.Constant(Kind.Text)), (4, Gen.Constant(Kind.Thought)), (1, Gen.Constant(Kind.Source)),
            (1, Gen.Constant(Kind.Change)), (1, Gen.Constant(Kind.Attempt)), (5, Gen.Constant(Kind.Look)),
            (2, Gen.Constant(Kind.Reconnect)), (1, Gen.Constant(Kind.Lose)))
        from client in Gen.Choose(0, 2)
        from text in Gen.Elements(Pieces)
        select new Happening(kind, client, text)).Select(x => x.ToList()).ToArbitrary();

    [Fact]
    public void Any_history_ends_in_the_same_text_for_every_client() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Histories(), history =>
        {
            using var streaming = Begin("");
            Client[] clients = [new(streaming), new(streaming, PartsView.All), new(streaming, PartsView.None)];
            var attempt = 1L;
            foreach (var happening in history)
                switch (happening.Kind)
                {
                    case Kind.Text or Kind.Thought or Kind.Source or Kind.Change:
                        Happen(streaming, attempt, happening);
                        break;
                    case Kind.Attempt:
                        attempt++;
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
                client.ShowsAll();
                client.Look().ShouldBeFalse("there is nothing more to show");
            }
        }));

    [Fact]
    public void A_client_that_never_loses_its_connection_is_always_where_the_reply_was_when_it_looked() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Histories(), history =>
        {
            using var streaming = Begin("kept by attempt one");
            Client[] clients = [new(streaming), new(streaming, PartsView.All), new(streaming, PartsView.None)];
            var attempt = 1L;
            foreach (var happening in history)
                if (happening.Kind == Kind.Attempt)
                    attempt++;
                else if (happening.Kind is Kind.Text or Kind.Thought or Kind.Source or Kind.Change)
                    Happen(streaming, attempt, happening);
                else
                {
                    clients[happening.Client].Look();
                    clients[happening.Client].ShowsAll();
                }
        }));

    [Fact]
    public void Another_node_that_is_sent_the_frames_has_the_same_parts() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Histories(), history =>
        {
            using var streaming = Begin("");
            using var remote = Begin("");
            var position = ReplyPosition.None;
            var attempt = 1L;
            foreach (var happening in history)
                if (happening.Kind == Kind.Attempt)
                    attempt++;
                else if (happening.Kind is Kind.Text or Kind.Thought or Kind.Source or Kind.Change)
                    Happen(streaming, attempt, happening);
                else
                    Send();
            Send();
            Json(remote.Read().Parts).ShouldBe(Json(streaming.Read().Parts));
            remote.Read().Content.ShouldBe(streaming.Read().Content);

            void Send()
            {
                var frames = new List<Frame>();
                streaming.Advance(ref position, frames, PartsView.All);
                foreach (var frame in frames)
                    FollowProtocol.ReadText(FollowProtocol.Text(User, frame))!.Value.Take(remote).ShouldBeTrue();
            }
        }));

    static void Happen(StreamingReply streaming, long attempt, Happening happening) =>
        streaming.Append(attempt, ReplyText.None, content =>
        {
            if (happening.Kind == Kind.Text)
                content.AddText(happening.Text);
            else if (happening.Kind == Kind.Thought)
                content.AddThought(happening.Text);
            else if (happening.Kind == Kind.Source)
                content.Add(new SourcePart(happening.Text));
            else if (content.Slots.ToList().FindIndex(x => x.Part is SourcePart) is >= 0 and var index)
                content.Change(index, new SourcePart(happening.Text, Snippet: "changed"));
        });

    static List<string> Json(ReplyParts parts, PartsView view = PartsView.All) =>
        [.. parts.Items.Select(x => JsonSerializer.Serialize(x.Part.In(view), WireJson.Part))];

    [Fact]
    public void The_old_text_stays_until_a_new_attempt_has_text_to_put_in_its_place()
    {
        using var streaming = Begin("old");
        var client = new Client(streaming);
        client.Look();
        client.Texts["reply"].ShouldBe("old");

        streaming.Append(2, ReplyText.None, x => x.AddText("n"));
        client.Look();
        client.Texts["reply"].ShouldBe("n");
        streaming.Append(2, ReplyText.None, x => x.AddText("ew"));
        client.Look();

        client.Texts["reply"].ShouldBe("new");
        client.Seen.ShouldBe([
            "message.snapshot", "message.delta", "message.snapshot", "message.delta", "message.delta"],
            "an empty snapshot begins each attempt, and all text follows as deltas");
    }

    [Fact]
    public void A_text_is_told_with_its_end_though_a_reader_looks_before_what_follows_it()
    {
        using var streaming = Begin("");
        var client = new Client(streaming, PartsView.All);
        foreach (var change in (Action<ReplyContent>[])
            [x => x.AddText("Let me look."), x => x.CloseLast(), x => x.Add(new StepPart())])
        {
            streaming.Append(1, ReplyText.None, change);
            client.Look();
        }

        client.ShowsAll();
    }

    [Fact]
    public void The_first_text_is_shown_at_once_and_what_follows_closely_a_little_later_together()
    {
        var time = new FakeTimeProvider();
        var pause = TimeSpan.FromMilliseconds(500);
        var shown = 0;
        var replies = new StreamingReplies(new EventsOptions { DeltaMilliseconds = (int)pause.TotalMilliseconds },
            Links, new Clock(time));
        using var streaming = new StreamingReply(User, Pending(""), replies, Links, new Clock(time));
        streaming.Changed += () => Interlocked.Increment(ref shown);
        time.Advance(TimeSpan.FromSeconds(1));

        streaming.Append(1, ReplyText.None, x => x.AddText("first"));
        shown.ShouldBe(1);
        streaming.Append(1, ReplyText.None, x => x.AddText("second"));
        streaming.Append(1, ReplyText.None, x => x.AddText("third"));
        shown.ShouldBe(1, "those are put off");
        time.Advance(pause);

        shown.ShouldBe(2);
        streaming.Read().Content.ShouldBe("firstsecondthird");
    }

    static PendingReply Pending(string content) =>
        new("chat", "reply", "question", 2, "m", 1, 1, content, ReplyParts.None, new("question"));

    static StreamingReply Begin(string content) =>
        new(User, Pending(content), AtOnce, Links, new Clock(TimeProvider.System));

    sealed class Client(StreamingReply streaming, PartsView view = PartsView.Light)
    {
        ReplyPosition _position = ReplyPosition.None;
        bool _wasThere = true;

        public ReplyTexts Texts { get; } = new();

        public ReplyPartsSeen Parts { get; } = new();

        public List<string> Seen { get; } = [];

        public bool Look()
        {
            var frames = new List<Frame>();
            streaming.Advance(ref _position, frames, view, wasThere: _wasThere);
            foreach (var frame in frames)
            {
                Seen.Add(frame.Type);
                var seen = TestFrame.Parse(Encoding.UTF8.GetString(frame.Json.Span));
                Texts.Apply(seen);
                Parts.Apply(seen);
            }
            return frames.Count > 0;
        }

        public void ShowsAll()
        {
            var (now, parts) = (streaming.Read(), Parts["reply"]);
            Texts.Faults.ShouldBeEmpty();
            Parts.Faults.ShouldBeEmpty();
            Texts["reply"].ShouldBe(now.Content);
            if (view == PartsView.None)
                parts.ShouldBeEmpty();
            else if (parts.Count > 0 || now.Parts.Items.Count > 0)
                parts.ShouldBe(Json(now.Parts, view).Select(x => JsonNode.Parse(x)!.ToJsonString()));
        }

        // A client that comes back after the reply began is told the whole text.
        public void Reconnect() => (_position, _wasThere) = (ReplyPosition.None, false);

        // The frames were written, and the connection broke before they arrived.
        public void Lose()
        {
            streaming.Advance(ref _position, [], view, wasThere: _wasThere);
            Reconnect();
        }
    }
}
