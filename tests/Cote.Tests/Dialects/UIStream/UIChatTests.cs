using System.Security.Cryptography;
using System.Text;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

/// <summary>Sends, edits and regenerations of useChat, and what becomes of them in the chat.</summary>
public sealed partial class UIChatTests(LiveApp live) : IClassFixture<LiveApp>
{
    static object Edit(string id, string messageId, params object[] messages) =>
        new { id, messages, messageId, trigger = "submit-message" };

    static object Again(string id, string? messageId, params object[] messages) =>
        new { id, messages, messageId, trigger = "regenerate-message" };

    // UUIDv5 (RFC 9562) of a user and a name, as anybody computes it.
    static string Uuid5(string user, string name)
    {
#pragma warning disable CA5350 // UUIDv5 is defined with SHA-1.
        var hash = SHA1.HashData([.. Guid.Parse(user).ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]);
#pragma warning restore CA5350
        (hash[6], hash[8]) = ((byte)(hash[6] & 0x0F | 0x50), (byte)(hash[8] & 0x3F | 0x80));
        return new Guid(hash.AsSpan(0, 16), bigEndian: true).ToString();
    }

    static async Task<(string Reply, List<string> Shape)> RunAsync(CoteClient client, object body)
    {
        await using var stream = await client.ChatAsync(body);
        var shape = await stream.ToEndAsync();
        return (stream.MessageId, shape);
    }

    static async Task<List<string>> PathAsync(CoteClient client, string chat) =>
        [.. (await client.MessagesAsync(chat)).Select(x => x.Text("content"))];

    [Fact]
    public async Task An_unknown_chat_is_made_and_titled_by_its_first_question()
    {
        using var ada = await live.RegisterAsync();
        var (reply, _) = await RunAsync(ada, Body("page/7", User("m1", "What is a dove?")));

        var chat = (await ada.GetAsync($"/chats/{Uuid5(ada.Id, "page/7")}")).Ok().Json;
        (chat.Text("title"), chat.Text("title_source")).ShouldBe(("What is a dove?", "auto"));
        var messages = await ada.MessagesAsync(chat.Text("id"));
        messages.Select(x => x.Text("id")).ShouldBe([Uuid5(ada.Id, "m1"), reply]);
        (await ada.GetAsync("/api/chat/page%2F7/stream")).Status.ShouldBe(204);
        (await ada.PostAsync("/api/chat/page%2F7/stop")).Ok()["stopped"].ShouldBe("0");
    }

    [Fact]
    public async Task Ids_that_are_uuids_are_those_ids()
    {
        using var ada = await live.RegisterAsync();
        var (chat, message) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());
        var (reply, _) = await RunAsync(ada, Body(chat.ToUpperInvariant(), User(message, "Hello")));
        (await ada.MessagesAsync(chat)).Select(x => x.Text("id")).ShouldBe([message, reply]);
    }

    [Fact]
    public async Task The_same_message_again_attaches_and_calls_no_model()
    {
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one ").ThenWaitFor(gate).Then("two"));
        await using var first = await ada.ChatAsync(Body("c", User("m1", play.Question)));
        await first.UntilTextAsync("one ");
        await using var second = await ada.ChatAsync(Body("c", User("m1", play.Question)));
        second.Response.Headers.GetValues("Idempotent-Replayed").ShouldBe(["true"]);
        first.Response.Headers.Contains("Idempotent-Replayed").ShouldBeFalse();
        await second.UntilTextAsync("one ");
        gate.Open();
        var shape = await first.ToEndAsync();
        (await second.ToEndAsync()).ShouldBe(shape);
        var (reply, late) = await RunAsync(ada, Body("c", User("m1", play.Question)));
        late.ShouldBe(shape);
        reply.ShouldBe(first.MessageId);
        play.Calls.ShouldBe(1);
        (await ada.PostAsync("/api/chat", Body("c", User("m1", "another text")))).ErrorCode.ShouldBe("id_conflict");
        (await ada.PostAsync("/api/chat", Body("other", User("m1", "another text")))).ErrorCode
            .ShouldBe("id_conflict");
    }

    [Fact]
    public async Task A_message_follows_the_last_one_before_it_that_exists_here()
    {
        using var ada = await live.RegisterAsync();
        var (one, _) = await RunAsync(ada, Body("c", User("m1", "1")));
        await RunAsync(ada, Body("c", User("m1", "1"), Assistant(one), User("m2", "2")));
        await RunAsync(ada, Body("c", User("m1", "1"), Assistant(one), Assistant("never here"), User("m3", "3")));
        var chat = Uuid5(ada.Id, "c");
        (await PathAsync(ada, chat)).ShouldBe(["1", "Hello world", "3", "Hello world"]);
        (await ada.MessageAsync(chat, Uuid5(ada.Id, "m3"))).Text("parent_id").ShouldBe(one);
        // Nothing before it is known here: it follows the end of the path.
        await RunAsync(ada, Body("c", User("m4", "4")));
        (await PathAsync(ada, chat))[2..].ShouldBe(["3", "Hello world", "4", "Hello world"]);
    }

    [Fact]
    public async Task A_known_message_that_is_sent_again_by_its_id_is_edited()
    {
        using var ada = await live.RegisterAsync();
        var chat = Uuid5(ada.Id, "c");
        var (first, _) = await RunAsync(ada, Body("c", User("m1", "dog")));
        var (edited, _) = await RunAsync(ada, Edit("c", "m1", User("m1", "cat")));
        (await PathAsync(ada, chat)).ShouldBe(["cat", "Hello world"]);
        (await RunAsync(ada, Edit("c", "m1", User("m1", "cat")))).Reply.ShouldBe(edited, "it is the same request");
        // Back and forth: each is a version of its own, and the page keeps calling it m1.
        var (back, _) = await RunAsync(ada, Edit("c", "m1", User("m1", "dog")));
        var (forth, _) = await RunAsync(ada, Edit("c", "m1", User("m1", "cat")));
        new[] { first, edited, back, forth }.Distinct().Count().ShouldBe(4);
        var path = await ada.MessagesAsync(chat);
        path.Select(x => x.Text("content")).ShouldBe(["cat", "Hello world"]);
        path[0].Number("siblings", "count").ShouldBe(4);
        // What follows the page's m1 follows the version that it shows.
        await RunAsync(ada, Body("c", User("m1", "cat"), User("m2", "and?")));
        (await PathAsync(ada, chat)).ShouldBe(["cat", "and?", "Hello world"]);
        (await ada.MessageAsync(chat, Uuid5(ada.Id, "m2"))).Text("parent_id").ShouldBe(path[0].Text("id"));
    }

    [Fact]
    public async Task A_message_of_another_id_may_take_the_place_of_a_known_one()
    {
        using var ada = await live.RegisterAsync();
        await RunAsync(ada, Body("c", User("m1", "dog")));
        await RunAsync(ada, Edit("c", "m1", User("m2", "cat")));
        var path = await ada.MessagesAsync(Uuid5(ada.Id, "c"));
        path.Select(x => x.Text("content")).ShouldBe(["cat", "Hello world"]);
        path[0].Text("id").ShouldBe(Uuid5(ada.Id, "m2"));
    }

    [Fact]
    public async Task An_edit_of_an_unknown_message_is_a_send_and_its_repetition_attaches()
    {
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one ").ThenWaitFor(gate).Then("two"));
        var body = Edit("c", "m1", User("m1", play.Question));
        await using var first = await ada.ChatAsync(body);
        await first.UntilTextAsync("one ");
        await using var second = await ada.ChatAsync(body);
        await second.UntilTextAsync("one ");
        gate.Open();
        await second.ToEndAsync();
        second.MessageId.ShouldBe(first.MessageId);
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task Regenerate_means_the_leaf_or_the_message_that_it_names()
    {
        using var ada = await live.RegisterAsync();
        var chat = Uuid5(ada.Id, "c");
        var (one, _) = await RunAsync(ada, Body("c", User("m1", "1")));
        var (two, _) = await RunAsync(ada, Again("c", null, User("m1", "1")));
        two.ShouldNotBe(one);
        var (three, _) = await RunAsync(ada, Again("c", one, User("m1", "1")));
        var (four, _) = await RunAsync(ada, Again("c", "m1", User("m1", "1")));
        var path = await ada.MessagesAsync(chat);
        path.Select(x => x.Text("id")).ShouldBe([Uuid5(ada.Id, "m1"), four]);
        path[1].Number("siblings", "count").ShouldBe(4);
        three.ShouldNotBe(four);
    }

    [Fact]
    public async Task Regenerate_while_the_reply_is_open_is_refused_unless_it_is_to_be_stopped()
    {
        using var ada = await live.RegisterAsync();
        var never = new Gate();
        var play = live.Play(FakeReply.Text("one").ThenWaitFor(never), FakeReply.Text("two"));
        await using var first = await ada.ChatAsync(Body("c", User("m1", play.Question)));
        await first.UntilTextAsync("one");
        (await ada.PostAsync("/api/chat", Again("c", null))).ErrorCode.ShouldBe("reply_open");
        var (_, shape) = await RunAsync(ada,
            new { id = "c", messages = Array.Empty<object>(), trigger = "regenerate-message", stop = true });
        shape.ShouldContain("text-delta two");
        (await first.ToEndAsync())[^1].ShouldBe("abort");
    }

    [Fact]
    public async Task What_is_anothers_is_as_good_as_not_there()
    {
        using var ada = await live.RegisterAsync();
        using var bob = await live.RegisterAsync();
        var never = new Gate();
        var chat = await ada.CreateChatAsync();
        await using var stream = await ada.ChatAsync(
            Body(chat, User("m1", live.Play(FakeReply.Text("secret").ThenWaitFor(never)).Question)));
        await stream.UntilTextAsync("secret");
        var none = Guid.CreateVersion7().ToString();
        foreach (var id in (string[])[chat, none])
        {
            (await bob.GetAsync($"/api/chat/{id}/stream")).Status.ShouldBe(204);
            (await bob.PostAsync($"/api/chat/{id}/stop")).ShouldBeNoChat();
            (await bob.PostAsync("/api/chat", Again(id, null))).ShouldBeNoMessage();
            (await bob.PostAsync("/api/chat", Again(id, stream.MessageId))).ShouldBeNoMessage();
            var answer = Assistant(stream.MessageId, Allowed(stream.MessageId, "call_0_0", true));
            (await bob.PostAsync("/api/chat", Body(id, answer))).ShouldBeNoMessage();
        }
        // An id belongs to its owner: his first message makes a chat of his own.
        var (_, shape) = await RunAsync(bob, Body(chat, User("m1", "Hello")));
        shape.ShouldContain("text-delta Hello world");
        (await ada.GetAsync($"/chats/{chat}/messages/{stream.MessageId}")).Ok()
            .Json.Text("generation", "state").ShouldBe("running");
        (await PathAsync(bob, chat)).ShouldBe(["Hello", "Hello world"]);
    }

    [Fact]
    public async Task The_id_of_a_deleted_chat_stays_used()
    {
        using var ada = await live.RegisterAsync();
        await RunAsync(ada, Body("c", User("m1", "1")));
        (await ada.DeleteAsync($"/chats/{Uuid5(ada.Id, "c")}")).Ok();
        (await ada.PostAsync("/api/chat", Body("c", User("m2", "2")))).ErrorCode.ShouldBe("gone");
        (await ada.GetAsync("/api/chat/c/stream")).Status.ShouldBe(204);
    }

    [Fact]
    public async Task A_key_needs_both_scopes()
    {
        using var ada = await live.RegisterAsync();
        foreach (var scopes in (string[][])[["read"], ["write"], ["v1", "approve"]])
        {
            using var robot = await ada.WithKeyAsync(scopes);
            (await robot.PostAsync("/api/chat", Body("c", User("m1", "1")))).ErrorCode.ShouldBe("insufficient_scope");
        }
        using var both = await ada.WithKeyAsync("read", "write");
        (await RunAsync(both, Body("c", User("m1", "1")))).Shape.ShouldContain("text-delta Hello world");
    }
}
