using Cote.Tests.Chats.Import;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Notices;

/// <summary>What is told, and to whom.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    Task<LiveApp> StartAsync(params string[] settings) => LiveApp.StartAsync(
        WebhookSteps.Trust(_receiver), [.. _receiver.Settings(), .. settings]);

    [Fact]
    public async Task A_turn_is_told_by_its_ids_signed_and_without_a_word_of_it()
    {
        await using var live = await StartAsync();
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("a secret answer"));
        var chat = await ada.CreateChatAsync("a secret title");

        var (question, reply) = await ada.AskForAsync(chat, play);
        var sent = await _receiver.NextAsync("message.sent");
        var ended = await _receiver.NextAsync("reply.ended");
        await live.App.UntilAllAreToldAsync();

        var created = await _receiver.NextAsync("user.created");
        created.Body.ShouldBe($$$"""{"type":"user.created","at":"{{{created.Json.Text("at")}}}","data":{"user_id":"{{{ada.Id}}}"}}""");
        sent.Json.GetProperty("data").Names().ShouldBe("chat_id cursor message_id user_id");
        (sent.Data("user_id"), sent.Data("chat_id"), sent.Data("message_id")).ShouldBe((ada.Id, chat, question));
        (ended.Data("user_id"), ended.Data("chat_id"), ended.Data("message_id")).ShouldBe((ada.Id, chat, reply));
        var page = (await ada.GetAsync($"/events?cursor={sent.Data("cursor")}&wait=0")).Ok().Json;
        var end = page.GetProperty("events").EnumerateArray().Last(x => x.Text("type") == "message");
        end.Text("cursor").ShouldBe(ended.Data("cursor"), "it is the event of the end");
        foreach (var webhook in _receiver.Received)
        {
            webhook.IsSignedBy(WebhookSteps.Secret).ShouldBeTrue();
            webhook.Headers["content-type"].ShouldBe("application/json");
            webhook.Headers.Keys.ShouldNotContain("traceparent");
            webhook.Body.ShouldNotContain("secret");
            webhook.Body.ShouldNotContain(play.Question);
        }
        _receiver.Received.Select(x => x.Type).Order().ShouldBe(["message.sent", "reply.ended", "user.created"]);
        _receiver.Received.Select(x => x.Id).ShouldBeUnique();
        live.App.Logs.ShouldNotContain(x => x.Contains("whsec_"));
    }

    [Fact]
    public async Task Every_way_in_which_a_reply_ends_is_told_once()
    {
        await using var live = await StartAsync("Webhooks:main:Events=reply.ended");
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var chat = await ada.CreateChatAsync();
        var (running, fails) = (live.Play(FakeReply.Text("so").ThenWaitFor(gate)), live.Play(FakeReply.Refuse(400)));

        var (_, stopped) = await ada.AskForAsync(chat, running);
        await running.NextCallAsync();
        var (_, queued) = await ada.AskForAsync(chat, running);
        (await ada.PostAsync($"/chats/{chat}/stop")).Ok();
        var (_, failed) = await ada.AskForAsync(chat, fails);
        await ada.EndOfAsync(chat, failed);
        var again = (await ada.PostAsync($"/chats/{chat}/messages/{failed}/regenerate")).Ok()["id"];
        await ada.EndOfAsync(chat, again);
        var (question, deleted) = await ada.AskForAsync(chat, running);
        await running.NextCallAsync();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question}")).Ok();
        var (_, gone) = await ada.AskForAsync(chat, running);
        await running.NextCallAsync();
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        gate.Open();
        await _receiver.NextAsync(x => x.Data("message_id") == gone);
        await live.App.UntilAllAreToldAsync();

        _receiver.Received.Select(x => x.Data("message_id")).Order()
            .ShouldBe(new[] { stopped, queued, failed, again, deleted, gone }.Order());
        _receiver.Received.ShouldAllBe(x => x.Type == "reply.ended" && x.Data("chat_id") == chat);
    }

    [Fact]
    public async Task A_reply_that_waits_a_deleted_chat_and_an_erased_user_are_told()
    {
        await using var live = await StartAsync();
        using var ada = await live.RegisterAsync();

        var path = await ada.WaitForToolAsync("demo/approval");
        var waiting = await _receiver.NextAsync("reply.waiting");
        (await ada.PostAsync(path, new { approve = true })).Ok();
        await _receiver.NextAsync("reply.ended");
        var chat = await ada.CreateChatAsync();
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        var deleted = await _receiver.NextAsync("chat.deleted");
        (await ada.DeleteAsync("/users/me")).Ok();
        var erased = await _receiver.NextAsync("user.erased");
        await live.App.UntilAllAreToldAsync();

        path.ShouldContain(waiting.Data("message_id")!);
        waiting.Data("cursor").ShouldNotBeNull();
        (deleted.Data("chat_id"), deleted.Data("message_id")).ShouldBe((chat, null));
        erased.Json.GetProperty("data").Names().ShouldBe("user_id");
        erased.Data("user_id").ShouldBe(ada.Id);
        _receiver.Received.Count(x => x.Type == "user.erased").ShouldBe(1);
    }

    [Fact]
    public async Task A_budget_is_told_once_in_its_window()
    {
        await using var live = await StartAsync("Budgets:DayTokens=1000", "Webhooks:main:Events=budget.reached");
        using var ada = await live.RegisterAsync();
        using var eve = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var much = live.Play(FakeReply.Text("much") with { InputTokens = 800, OutputTokens = 7 });
        var (_, reply) = await ada.AskForAsync(chat, much);
        await ada.EndOfAsync(chat, reply);
        (await live.App.WebhooksAsync()).ShouldBeEmpty("there is room yet");

        for (var n = 0; n < 3; n++)
            (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "more" })).Status.ShouldBe(429);
        await _receiver.NextAsync("budget.reached", ada.Id);
        var more = live.Play(FakeReply.Text("more") with { InputTokens = 1_100, OutputTokens = 7 });
        var other = await eve.CreateChatAsync();
        await eve.EndOfAsync(other, (await eve.AskForAsync(other, more)).Reply);
        var reached = await _receiver.NextAsync("budget.reached", eve.Id);
        (await eve.PostAsync($"/chats/{other}/messages/", new { content = "more" })).Status.ShouldBe(429);
        await live.App.UntilAllAreToldAsync();

        reached.Json.GetProperty("data").Names().ShouldBe("user_id");
        _receiver.Received.Count.ShouldBe(2, "by each once, though both were refused afterwards");
    }

    [Fact]
    public async Task A_budget_that_an_admin_gave_is_told_when_a_reply_reaches_it()
    {
        await using var live = await StartAsync("Webhooks:main:Events=budget.reached");
        using var root = await live.App.RegisterAdminAsync();
        using var ada = await live.RegisterAsync();
        using var eve = await live.RegisterAsync();
        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = 1_000 })).Ok();

        foreach (var user in new[] { eve, ada })
        {
            var much = live.Play(FakeReply.Text("much") with { InputTokens = 1_100, OutputTokens = 7 });
            var chat = await user.CreateChatAsync();
            await user.EndOfAsync(chat, (await user.AskForAsync(chat, much)).Reply);
        }

        await _receiver.NextAsync("budget.reached", ada.Id);
        await live.App.UntilAllAreToldAsync();
        _receiver.Received.ShouldHaveSingleItem("the other one has no budget");
    }

    [Fact]
    public async Task Imported_and_forked_messages_were_not_sent()
    {
        await using var live = await StartAsync("Webhooks:main:Events=message.sent,reply.ended,chat.deleted");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("hello")));
        await ada.EndOfAsync(chat, reply);
        await live.App.UntilAllAreToldAsync();

        (await ada.PostAsync($"/chats/{chat}/fork", new { message_id = reply })).Ok();
        (await ada.ImportAsync(Exports.File(Exports.Straight("c1", 2)))).Ok().Json.Number("messages").ShouldBe(4);
        var later = (await ada.ImportLaterAsync(Exports.File(Exports.Straight("c2", 2)))).Json.Text("id");
        (await ada.EndOfImportAsync(later)).Text("state").ShouldBe("done");

        (await live.App.WebhooksAsync()).ShouldBeEmpty();
        _receiver.Received.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Without_an_endpoint_that_wants_it_nothing_is_written()
    {
        await using var plain = await CoteApp.StartAsync();
        await using var other = await CoteApp.StartAsync(
            WebhookSteps.Trust(_receiver), _receiver.Settings("main", "budget.reached"));
        foreach (var app in new[] { plain, other })
        {
            using var ada = await app.RegisterAsync();
            var chat = await ada.CreateChatAsync();
            await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "hello")).Text("reply_id"));
            (await ada.DeleteAsync($"/chats/{chat}")).Ok();
            (await ada.DeleteAsync("/users/me")).Ok();

            (await app.WebhooksAsync()).ShouldBeEmpty();
        }
        _receiver.Received.ShouldBeEmpty();
        (await plain.RowsAsync())["webhook_endpoints"].ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_secret_signs_so_that_one_can_replace_another()
    {
        var both = $"{WebhookSteps.SecretOf(2)} {WebhookSteps.Secret}";
        await using var live = await StartAsync("Webhooks:main:Secret=" + both);
        using var ada = await live.RegisterAsync();

        var created = await _receiver.NextAsync("user.created");

        created.Headers["webhook-signature"].Split(' ').Length.ShouldBe(2);
        created.IsSignedBy(WebhookSteps.Secret).ShouldBeTrue();
        created.IsSignedBy(WebhookSteps.SecretOf(2)).ShouldBeTrue();
        created.IsSignedBy(WebhookSteps.SecretOf(3)).ShouldBeFalse();
    }
}
