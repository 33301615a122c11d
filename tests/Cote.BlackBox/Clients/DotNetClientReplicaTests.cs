using System.Text.Json;
using Cote.Client;

namespace Cote.BlackBox.Clients;

/// <summary>The replica of Cote.Client where answers and events overtake each other.</summary>
public sealed class DotNetClientReplicaTests
{
    [Fact]
    public void A_sync_between_a_first_fetch_and_its_answer_has_the_messages_fetched_again()
    {
        var replica = new Replica();
        replica.TakeSync(new("e-10", [Row("c", 10)], []));
        replica.Open("c");
        replica.Begin(new("c"));
        replica.NeedSync();
        replica.TakeSync(new("e-12", [Row("c", 12)], []));
        replica.TakeMessages(new("c"), [Message(1)], hasMore: false);
        replica.Wanted().ShouldBe([new Want("c")]);
    }

    [Theory]
    [InlineData("message.status", """{"chat_id":"c","message_id":"m2","status":"read"}""")]
    [InlineData("message.feedback", """{"chat_id":"c","message_id":"m2","feedback":{"rating":1}}""")]
    [InlineData("message", """{"chat_id":"c","id":"m2","seq":2,"sender":"user","on_path":false}""")]
    public void An_older_page_that_an_event_overtakes_is_fetched_once_more(string type, string data)
    {
        var replica = Opened();
        var (floor, edition) = (replica.Shown("c")!.Floor, replica.Shown("c")!.Edition);
        floor.ShouldBe(4);
        replica.Take(Frame(type, data, 11));
        replica.TakeOlder("c", floor, edition, Page(1, 4), hasMore: false).ShouldBeFalse();
        replica.TakeOlder("c", floor, replica.Shown("c")!.Edition, Page(1, 4), hasMore: false).ShouldBeTrue();
        replica.Messages("c").Count.ShouldBe(9);
    }

    [Fact]
    public void What_followed_a_reply_that_was_deleted_unseen_follows_its_question()
    {
        var replica = new Replica();
        replica.TakeSync(new("e-10", [Row("c", 10)], []));
        replica.Open("c");
        replica.Begin(new("c"));
        replica.TakeMessages(new("c"),
            [Message(1) with { ReplyId = "m2" }, Message(3) with { ReplyId = "m4" }], hasMore: false);
        replica.Messages("c").Select(x => x.ParentId).ShouldBe([null, "m2"]);
        replica.Take(Frame("message.deleted", """{"chat_id":"c","message_id":"m2"}""", 11));
        replica.Messages("c").Select(x => x.ParentId).ShouldBe([null, "m1"]);
    }

    [Fact]
    public void What_the_oldest_message_follows_is_fetched_where_its_parent_is_deleted()
    {
        var replica = Opened();
        replica.Take(Frame("message.deleted", """{"chat_id":"c","message_id":"m3"}""", 11));
        replica.Take(Frame("message.deleted", """{"chat_id":"c","message_id":"m4"}""", 12));
        var again = new Want("c", 4);
        replica.Wanted().Where(x => !x.IsRow).ShouldBe([again]);
        replica.Begin(again);
        replica.TakeMessages(again, [Message(5) with { ParentId = "m2" }, .. Page(6, 9)], hasMore: true);
        replica.Messages("c").Select(x => x.ParentId).ShouldBe(["m2", "m5", "m6", "m7", "m8"]);
    }

    [Fact]
    public void Imported_chats_stand_below_the_others_where_their_activity_says()
    {
        var replica = Opened();
        replica.Take(Frame("chat.created", """{"id":"older","changed":11,"activity":-9}""", 11));
        replica.Take(Frame("chat.created", """{"id":"old","changed":12,"activity":-5}""", 12));
        replica.Take(Frame("chat.created", """{"id":"new","changed":13,"activity":13}""", 13));
        replica.Wanted().ShouldBeEmpty();
        replica.Chats.Select(x => x.Id).ShouldBe(["new", "c", "old", "older"]);
    }

    [Fact]
    public void A_chat_whose_answer_comes_before_the_events_of_others_stays_above_them()
    {
        var replica = Opened();
        replica.TakeAnswer(Row("new", 12));
        replica.Take(Frame("message", """{"chat_id":"c","id":"m10","seq":10,"sender":"user"}""", 11));
        replica.Take(Frame("chat.created", """{"id":"new","changed":12,"activity":12}""", 12));
        replica.Chats.Select(x => x.Id).ShouldBe(["new", "c"]);
    }

    [Fact]
    public void A_message_whose_answer_comes_before_the_events_of_others_has_its_chat_above_them()
    {
        var replica = Opened();
        replica.Take(Frame("chat.created", """{"id":"b","changed":11,"activity":11}""", 11));
        replica.TakeAnswer(Message(10), replica.Syncs);
        replica.Chats.Select(x => x.Id).ShouldBe(["c", "b"]);
        replica.Take(Frame("message", """{"chat_id":"b","id":"m1","seq":1,"sender":"user"}""", 12));
        replica.Take(Frame("message", """{"chat_id":"c","id":"m10","seq":10,"sender":"user"}""", 13));
        replica.Chats.Select(x => x.Id).ShouldBe(["c", "b"]);
    }

    [Fact]
    public void A_deletion_moves_a_chat_down_below_one_of_the_same_millisecond()
    {
        var replica = Opened();
        replica.Take(Frame("chat.created", """{"id":"b","changed":11,"activity":11}""", 11));
        replica.Take(Frame("message", """{"chat_id":"c","id":"m10","seq":10,"sender":"user"}""", 12));
        replica.Take(Frame("message.deleted", """{"chat_id":"c","message_id":"m10"}""", 13));
        replica.Begin(new("c", IsRow: true));
        replica.Chats.Select(x => x.Id).ShouldBe(["c", "b"]);
        replica.TakeRow(Row("c", 13) with { Activity = 10 });
        replica.Chats.Select(x => x.Id).ShouldBe(["b", "c"]);
    }

    [Fact]
    public void A_saved_state_has_the_newest_messages_and_what_was_still_to_be_fetched()
    {
        var replica = Opened();
        replica.Take(Frame("message.deleted", """{"chat_id":"c","message_id":"m9"}""", 11));
        replica.Begin(new("c", IsRow: true));
        replica.Take(Frame("chat.path", """{"chat_id":"c","after_seq":7,"leaf_id":"m7"}""", 12));
        replica.Begin(new("c", 7));
        var saved = JsonSerializer.Serialize(replica.Save("ada", most: 2), CoteJson.Default.StoredState);

        var next = new Replica();
        next.Load(JsonSerializer.Deserialize(saved, CoteJson.Default.StoredState)!);

        next.Messages("c").Select(x => x.Seq).ShouldBe([6, 7]);
        next.Shown("c")!.Floor.ShouldBe(5);
        next.LastShown("c").ShouldBeNull();
        next.Wanted().ShouldBe([new Want("c", IsRow: true), new Want("c", 7)]);
    }

    [Fact]
    public void Of_many_opened_chats_the_last_ones_are_kept()
    {
        var replica = new Replica();
        replica.TakeSync(new("e-30", [.. Enumerable.Range(0, 30).Select(x => Row($"c{x}", x))], []));
        for (var at = 0; at < 30; at++)
        {
            replica.Open($"c{at}");
            replica.Begin(new($"c{at}"));
            replica.TakeMessages(new($"c{at}"), [], hasMore: false);
        }
        replica.Held.ShouldBe(Enumerable.Range(10, 20).Select(x => $"c{x}"), ignoreOrder: true);
    }

    // Of one chat the messages 5 to 9 are held; older ones were not fetched.
    static Replica Opened()
    {
        var replica = new Replica();
        replica.TakeSync(new("e-10", [Row("c", 10)], []));
        replica.Open("c");
        replica.Begin(new("c"));
        replica.TakeMessages(new("c"), Page(5, 9), hasMore: true);
        return replica;
    }

    static Chat Row(string id, long changed) => new()
    {
        Id = id,
        Changed = changed,
        Activity = changed,
        LastSeq = 9,
        CreatedAt = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero),
        LastMessageTime = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero),
    };

    static List<Message> Page(int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(x => Message(x))];

    static Message Message(long seq) => new()
    {
        Id = $"m{seq}",
        ChatId = "c",
        Seq = seq,
        Sender = "user",
        ParentId = seq > 1 ? $"m{seq - 1}" : null,
    };

    static Frame Frame(string type, string data, int number) =>
        new(type, JsonDocument.Parse(data).RootElement, $"e-{number}");
}
