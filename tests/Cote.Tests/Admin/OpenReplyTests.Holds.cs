using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

// What is told of steps, of the replies of other nodes, and of two replies of one id.
public sealed partial class OpenReplyTests
{
    [Fact]
    public async Task A_reply_that_thinks_waits_for_nothing_and_one_that_has_its_tools_results_for_its_model()
    {
        using var root = await Live.App.RegisterAdminAsync();
        using var ada = await Live.RegisterAsync();
        var (gate, silence) = (new Gate(), new Gate());
        var (one, two) = (await ada.CreateChatAsync(model: "openai"), await ada.CreateChatAsync(model: "openai"));
        var (_, thinks) = await ada.AskForAsync(
            one, Live.Play(FakeReply.Thought(Secret).ThenWaitFor(gate).Then("so.")));
        await HoldAsync(root, thinks, null);
        (await FindAsync(root, thinks)).Number("length").ShouldBe(0);
        gate.Open();
        await ada.EndOfAsync(one, thinks);

        app.Tools.Does["look"] = (_, _, _) => Task.FromResult<object?>(Secret);
        var play = Live.Play(FakeReply.Text("I look.").ThenCall("look", """{"text":"x"}"""),
            FakeReply.After(silence).Then("I see."));
        var (_, looks) = await ada.AskForAsync(two, play);
        await play.NextCallAsync();
        await play.NextCallAsync();
        await HoldAsync(root, looks, "model");
        var held = await FindAsync(root, looks);
        held.Number("length").ShouldBe("I look.".Length, "of the step before");
        held.GetProperty("tool_calls").GetArrayLength().ShouldBe(0);
        silence.Open();
        await ada.EndOfAsync(two, looks);
    }

    [Fact]
    public async Task What_another_nodes_reply_waits_for_is_told_by_its_rows()
    {
        await using var live = await LiveApp.StartAsync(app.Tools.AddTo);
        using var root = await live.App.RegisterAdminAsync();
        using var ada = await live.RegisterAsync();
        var silence = new Gate();
        app.Tools.Does["look"] = (_, _, _) => Task.FromResult<object?>(Secret);
        var play = live.Play(FakeReply.Text("I look.").ThenCall("look", """{"text":"x"}"""),
            FakeReply.After(silence).Then("I see."));
        var (_, reply) = await ada.AskForAsync(await ada.CreateChatAsync(model: "openai"), play);
        await play.NextCallAsync();
        await play.NextCallAsync();

        (await ElsewhereAsync()).ShouldBe("model", "nothing comes after its tool");
        await live.App.SetRowsAsync($$"""
            insert into message_parts (user_id, message_id, idx, chunk, rev, data, text)
            values ('{{ada.Id}}', '{{reply}}', 90, 0, 90, '{"type":"file","name":"a","call_id":"call_0_0"}', '""')
            """);
        (await ElsewhereAsync()).ShouldBe("model", "the tool has made a file");
        await live.App.SetRowsAsync($$"""
            insert into message_parts (user_id, message_id, idx, chunk, rev, data, text)
            values ('{{ada.Id}}', '{{reply}}', 91, 0, 91, '{"type":"step"}', '""')
            """);
        (await ElsewhereAsync()).ShouldBeNullOrEmpty("the next step has begun");
        silence.Open();

        // The node takes the row that it has lost for another's, and so does not write to it.
        async Task<string?> ElsewhereAsync()
        {
            string? hold = null;
            var later = new Clock(TimeProvider.System).Now.Milliseconds + 600_000;
            await Patience.UntilAsync(
                async () =>
                {
                    await live.App.SetRowsAsync($"""
                        update messages set owner = 'elsewhere', lease_until = {later}
                        where id = '{reply}' and state = 'running'
                        """);
                    var found = await FindAsync(root, reply);
                    hold = found.Text("waits_for");
                    return found.Text("node") == "elsewhere";
                },
                "another node holds it");
            return hold;
        }
    }

    [Fact]
    public async Task Two_users_may_hold_one_id_and_the_reply_of_one_is_stopped_and_listed_by_itself()
    {
        using var root = await Live.App.RegisterAdminAsync();
        using var ada = await Live.RegisterAsync();
        using var eve = await Live.RegisterAsync();
        var gate = new Gate();
        var (id, others) = (await QueueAsync(ada), await QueueAsync(eve));
        await Live.App.SetRowsAsync(
            $"update chats set leaf_id = '{id}' where leaf_id = '{others}'",
            $"update messages set id = '{id}' where user_id = '{eve.Id}' and id = '{others}'");

        var seen = new List<string>();
        var page = (await root.GetAsync("/admin/replies?limit=1")).Ok();
        while (true)
        {
            seen.AddRange(page.Json.EnumerateArray().Select(x => $"{x.Text("id")} of {x.Text("user_id")}"));
            if (page.NextPage is not { } next)
                break;
            page = (await root.GetAsync(next)).Ok();
        }
        seen.ShouldBeUnique();
        seen.ShouldContain($"{id} of {ada.Id}");
        seen.ShouldContain($"{id} of {eve.Id}");

        var path = $"/admin/replies/{id}/stop";
        (await root.PostAsync(path)).ShouldBeProblem(
            409, "several_replies", "Several users have an open reply of this id; name the user by user_id");
        (await root.PostAsync(path + "?user_id=nonsense")).ShouldBeWrong("query.user_id uuid_parsing");
        (await root.PostAsync($"{path}?user_id={root.Id}")).ShouldBeProblem(
            404, "message_not_found", "No such open reply");
        (await root.PostAsync($"{path}?user_id={eve.Id}")).Ok().Json.Number("stopped").ShouldBe(1);
        (await root.GetAsync("/admin/replies?limit=1000")).Ok().Json.EnumerateArray()
            .Where(x => x.Text("id") == id).Select(x => x.Text("user_id")).ShouldBe([ada.Id]);
        (await root.PostAsync($"{path}?user_id={eve.Id}")).Status.ShouldBe(404);
        (await root.PostAsync(path)).Ok().Json.Number("stopped").ShouldBe(1, "one is left");
        foreach (var user in (string[])[ada.Id, eve.Id])
            (await root.GetAsync($"/admin/audit?user_id={user}")).Ok().Json.EnumerateArray()
                .Where(x => x.Text("action") == "reply_stopped").Select(x => x.Text("detail")).ShouldBe([id]);
        gate.Open();

        // One reply of the user runs, and this one waits for its slot.
        async Task<string> QueueAsync(CoteClient client)
        {
            var first = Live.Play(FakeReply.After(gate).Then("late"));
            await client.AskForAsync(await client.CreateChatAsync(model: "openai"), first);
            await first.NextCallAsync();
            return (await client.AskAsync(await client.CreateChatAsync(model: "openai"), Secret)).Text("reply_id");
        }
    }
}
