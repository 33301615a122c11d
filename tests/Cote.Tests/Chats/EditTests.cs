using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

/// <summary>Questions that are put anywhere in the tree: <c>parent_id</c> and <c>version_of</c>.</summary>
public sealed class EditTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_version_of_a_question_has_its_parent_and_is_active_at_once()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, "two");
        var before = await ada.ChatAsync(chat);

        var edited = (await ada.PostAsync(
            $"/chats/{chat}/messages/", new { content = "two!", version_of = q2 })).Ok().Json;
        var (q3, r3) = (edited.Text("id"), edited.Text("reply_id"));
        await ada.EndOfAsync(chat, r3);

        (before.Text("leaf_id"), (await ada.ChatAsync(chat)).Text("leaf_id")).ShouldBe((r2, r3));
        edited.Text("parent_id").ShouldBe(r1);
        (edited.Versions(), edited.Text("siblings", "previous"), edited.Text("siblings", "next"))
            .ShouldBe(("2/2", q2, ""));
        (await ada.PathAsync(chat)).ShouldBe([q1, r1, q3, r3]);
        var all = await ada.BranchesAsync(chat);
        all.Select(x => (x.Text("id"), x.GetProperty("parent_id").ToString(), x.IsOnPath(), x.Versions())).ShouldBe(
        [
            (q1, "", true, null), (r1, q1, true, null), (q2, r1, false, "1/2"), (r2, q2, false, null),
            (q3, r1, true, "2/2"), (r3, q3, true, null),
        ]);
        var path = await socket.NextAsync("chat.path");
        var next = await socket.NextAsync("message");
        (next.Seq, next.MessageId).ShouldBe((path.Seq + 1, q3), "in one transaction, the path first");
        path.Data.Names().ShouldBe("after_seq chat_id last_message_content leaf_id");
        (path.Data.Text("chat_id"), path.Data.Text("leaf_id"), path.Data.Number("after_seq")).ShouldBe((chat, r3, 2));
        // As of the writing: the reply may have ended before it.
        path.Data.Text("last_message_content").ShouldBeOneOf("two!", "Hello world");
        next.Data.Versions().ShouldBe("2/2");
        (await ada.MessageAsync(chat, q2)).IsOnPath().ShouldBeFalse();
    }

    [Fact]
    public async Task The_first_question_has_versions_too()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, _) = await ada.TurnAsync(chat, "one");
        await using var socket = await ada.ConnectAsync();

        var (q2, r2) = await ada.TurnAsync(chat, "one!", new { version_of = q1 });

        (await socket.NextAsync("chat.path")).Data.Number("after_seq").ShouldBe(0);
        (await ada.PathAsync(chat)).ShouldBe([q2, r2]);
        (await ada.MessageAsync(chat, q2)).Versions().ShouldBe("2/2");
        (await ada.MessageAsync(chat, q1)).Versions().ShouldBe("1/2");
        (await ada.GetAsync($"/chats/{chat}/messages/{q1}/siblings")).Ok().Json.EnumerateArray()
            .Select(x => (x.Text("id"), x.Versions(), x.Text("siblings", "previous"), x.Text("siblings", "next")))
            .ShouldBe([(q1, "1/2", "", q2), (q2, "2/2", q1, "")]);
    }

    [Fact]
    public async Task A_question_follows_whatever_message_it_names()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, "two");

        var (q3, r3) = await ada.TurnAsync(chat, "after a reply", new { parent_id = r1 });
        (await ada.PathAsync(chat)).ShouldBe([q1, r1, q3, r3]);
        var (q4, r4) = await ada.TurnAsync(chat, "beside the path", new { parent_id = r2.ToUpperInvariant() });
        (await ada.PathAsync(chat)).ShouldBe([q1, r1, q2, r2, q4, r4]);
        var (q5, r5) = await ada.TurnAsync(chat, "after a question", new { parent_id = q1 });

        (await ada.PathAsync(chat)).ShouldBe([q1, q5, r5]);
        (await ada.MessageAsync(chat, q5)).Versions().ShouldBeNull("the reply beside it has another sender");
        (await ada.BranchesAsync(chat)).Count.ShouldBe(10);
    }

    [Fact]
    public async Task To_name_the_leaf_is_to_name_nothing()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (_, r1) = await ada.TurnAsync(chat, "one");
        await using var socket = await ada.ConnectAsync();

        var (q2, _) = await ada.TurnAsync(chat, "two", new { parent_id = r1 });
        (await ada.PatchAsync($"/chats/{chat}", new { title = "end" })).Ok();
        await socket.NextAsync("chat.updated");

        socket.All.ShouldAllBe(x => x.Type != "chat.path");
        (await ada.PathAsync(chat)).Length.ShouldBe(4);
        (await ada.MessageAsync(chat, q2)).Text("parent_id").ShouldBe(r1);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_followed_and_nothing_is_stored()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var eves = await eve.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (gone, _) = await ada.TurnAsync(chat, "two");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{gone}")).Ok();
        var (elsewhere, _) = await ada.TurnAsync(other, "one");
        var (hers, _) = await eve.TurnAsync(eves, "one");
        var before = (await ada.GetAsync("/events")).Ok()["cursor"];
        Task<Reply> send(object body) => ada.PostAsync($"/chats/{chat}/messages/", body);

        foreach (var id in new[] { gone, elsewhere, hers, Guid.CreateVersion7().ToString() })
        {
            (await send(new { content = "x", parent_id = id })).ShouldBeWrong("body.parent_id value_error");
            (await send(new { content = "x", version_of = id })).ShouldBeWrong("body.version_of value_error");
            (await send(new { content = "x", parent_id = id, stop = true }))
                .ShouldBeWrong("body.parent_id value_error");
        }
        (await send(new { content = "x", version_of = r1 })).ShouldBeWrong("body.version_of value_error");
        (await send(new { content = "x", parent_id = r1, version_of = q1 }))
            .ShouldBeWrong("body.version_of value_error");
        (await send(new { content = "x", parent_id = "no" })).ShouldBeWrong("body.parent_id uuid_parsing");
        (await send(new { content = "x", stop = "maybe" })).ShouldBeWrong("body.stop bool_type");

        (await ada.GetAsync($"/events?cursor={before}&wait=0")).Ok().Json.GetProperty("events").EnumerateArray()
            .ShouldAllBe(x => x.GetProperty("type").GetString() == "message.status"); // of what ended before
        (await ada.BranchesAsync(chat)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_repeated_edit_is_one_edit_wherever_the_leaf_went()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var id = Guid.CreateVersion7().ToString();
        Task<Reply> send(object? body = null) => ada.PostAsync(
            $"/chats/{chat}/messages/", body ?? new { content = "one!", version_of = q1, id, stop = true });

        var first = (await send()).Ok();
        await ada.EndOfAsync(chat, first["reply_id"]);
        (await ada.SwitchAsync(chat, r1)).Ok();
        var again = (await send()).Ok();

        again.Header("Idempotent-Replayed").ShouldBe("true");
        again["reply_id"].ShouldBe(first["reply_id"]);
        again.Json.IsOnPath().ShouldBeFalse("a retry does not switch");
        (await send(new { content = "one!", version_of = q1, id })).Ok(); // stop is no part of what was sent
        (await send(new { content = "one!", id })).Status.ShouldBe(409);
        (await ada.BranchesAsync(chat)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task More_than_ten_thousand_messages_do_not_move_at_once()
    {
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(x => x.Map(routes => services = routes.ServiceProvider));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, parent_id, timestamp,
              listed, event_seq)
            with recursive n (i) as (select 3 union all select i + 1 from n where i < 10003)
            select {ada.Id}, 'm' || n.i, {chat}, n.i, 'user', 'text', 'x', 'sent', 'normal',
              case when n.i = 3 then {r1} else 'm' || (n.i - 1) end, 0, 1, 1 from n
            """);
        batch.Execute($"update chats set last_seq = 10003, leaf_id = 'm10003' where id = {chat}");
        (await services.GetRequiredService<Database>().WriteAsync(batch)).ShouldBe(Outcome.Committed);
        Task<Reply> edit() => ada.PostAsync($"/chats/{chat}/messages/", new { content = "x", version_of = q1 });

        (await edit()).ShouldBeProblem(422, "path_too_long", Problems.PathTooLong.Detail);
        (await ada.PostAsync($"/chats/{chat}/messages/{r1}/regenerate")).ErrorCode.ShouldBe("path_too_long");
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "x", parent_id = q1 }))
            .ErrorCode.ShouldBe("path_too_long");
        var smaller = new WriteBatch();
        smaller.Execute($"update messages set deleted_at = 1, on_path = 0, parent_id = '' where seq > 10000");
        await services.GetRequiredService<Database>().WriteAsync(smaller);

        (await edit()).Ok();
        (await ada.SwitchAsync(chat, r1)).Ok();
        (await ada.ChatAsync(chat)).Text("leaf_id").ShouldBe("m10000");
    }

    [Fact]
    public async Task Two_devices_that_edit_a_question_at_once_make_two_versions()
    {
        using var ada = await _app.RegisterAsync();
        using var phone = await ada.OtherDeviceAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, _) = await ada.TurnAsync(chat, "one");

        var sent = await Task.WhenAll(Enumerable.Range(0, 10).Select(x => (x % 2 == 0 ? ada : phone)
            .PostAsync($"/chats/{chat}/messages/", new { content = $"one {x}", version_of = q1 })));
        foreach (var reply in sent)
            await ada.EndOfAsync(chat, reply.Ok()["reply_id"]);

        var versions = (await ada.GetAsync($"/chats/{chat}/messages/{q1}/siblings")).Ok()
            .Json.EnumerateArray().ToList();
        versions.Select(x => x.Versions()).ShouldBe(Enumerable.Range(1, 11).Select(x => $"{x}/11"));
        versions.Count(x => x.IsOnPath()).ShouldBe(1);
        var path = await ada.MessagesAsync(chat);
        path.Count.ShouldBe(2);
        (await ada.ChatAsync(chat)).Text("leaf_id").ShouldBe(path[1].Text("id"));
        path[0].Text("id").ShouldBe(versions.Single(x => x.IsOnPath()).Text("id"));
    }
}
