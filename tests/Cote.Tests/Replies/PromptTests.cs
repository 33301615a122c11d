using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>What the model is given, read from what it received.</summary>
public sealed class PromptTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task The_history_goes_along_in_order_with_the_system_prompt_and_the_settings_of_the_chat(string wire)
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        (await ada.PatchAsync($"/chats/{chat}",
            new { system_prompt = "Be a dove.", temperature = 0.25, max_tokens = 123 })).Ok();
        var (first, second) = (live.Play(FakeReply.Text("answer one")), live.Play(FakeReply.Text("answer two")));
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, first)).Reply);
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, second)).Reply);

        var call = await second.NextCallAsync();

        call.Wire.ShouldBe(wire);
        Turns(call).ShouldBe([
            .. wire == "openai" ? ["system: Be a dove."] : Array.Empty<string>(),
            $"user: {first.Question}", "assistant: answer one", $"user: {second.Question}"]);
        if (wire == "anthropic")
            call.Body.GetProperty("system").ToString().ShouldContain("Be a dove.");
        if (wire == "openai") // the SDK of the other speaks a version of its API without one
            call.Body.GetProperty("temperature").GetDouble().ShouldBe(0.25, 0.001);
        call.Body.Number("max_tokens").ShouldBe(123);
        call.Body.GetProperty("stream").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_prompt_holds_nothing_that_was_asked_later_and_nothing_of_another_chat_or_user()
    {
        using var ada = await live.RegisterAsync();
        using var eve = await live.RegisterAsync();
        await Other(ada);
        await Other(eve);
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var (one, two, three) = (live.Play(FakeReply.After(gate).Then("1")), live.Play(FakeReply.Text("2")),
            live.Play(FakeReply.Text("3")));
        await ada.AskForAsync(chat, one);
        await ada.AskForAsync(chat, two);
        var (_, last) = await ada.AskForAsync(chat, three);
        await gate.Reached;
        gate.Open();
        await ada.EndOfAsync(chat, last);

        Turns(await one.NextCallAsync()).ShouldBe([$"user: {one.Question}"]);
        Turns(await two.NextCallAsync()).ShouldBe([$"user: {one.Question}", "assistant: 1", $"user: {two.Question}"]);
        Turns(await three.NextCallAsync()).ShouldBe(
            [$"user: {one.Question}", "assistant: 1", $"user: {two.Question}", "assistant: 2",
                $"user: {three.Question}"]);
    }

    [Fact]
    public async Task Empty_replies_are_left_out_neighbours_joined_and_partial_replies_kept()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var failed = live.Play(FakeReply.Refuse(401));
        var partial = live.Play(FakeReply.Text("as far as").ThenNothing());
        var last = live.Play(FakeReply.Text("x"));
        foreach (var play in new[] { failed, partial, last })
            await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);

        Turns(await last.NextCallAsync()).ShouldBe(
            [$"user: {failed.Question}\n\n{partial.Question}", "assistant: as far as", $"user: {last.Question}"]);
    }

    [Fact]
    public async Task A_deleted_turn_is_no_part_of_the_prompt()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (gone, last) = (live.Play(FakeReply.Text("gone")), live.Play(FakeReply.Text("x")));
        var (question, reply) = await ada.AskForAsync(chat, gone);
        await ada.EndOfAsync(chat, reply);
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question}")).Ok();
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, last)).Reply);

        Turns(await last.NextCallAsync()).ShouldBe([$"user: {last.Question}"]);
    }

    [Fact]
    public async Task Where_not_all_fits_the_low_go_first_then_the_normal_and_the_high_last_each_oldest_first()
    {
        // 1,000 tokens, of which 250 are kept for the reply. A turn here is about 130 tokens.
        await using var own = await LiveApp.StartAsync("Assistants:ContextTokens=1000");
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var filler = new string('x', 480);
        foreach (var (name, importance) in new[]
        {
            ("high1", "high"), ("low1", "low"), ("normal1", "normal"), ("high2", "high"), ("low2", "low"),
            ("normal2", "normal"), ("normal3", "normal"), ("normal4", "normal"), ("low3", "low"),
        })
        {
            var sent =
                (await ada.PostAsync($"/chats/{chat}/messages/",
                new { content = $"{name} {filler}", importance_level = importance })).Ok();
            await ada.EndOfAsync(chat, sent["reply_id"]);
        }
        var last = own.Play(FakeReply.Text("x"));
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, last)).Reply);

        var prompt = (await last.NextCallAsync()).Messages.ToString();

        foreach (var kept in new[] { "high1", "high2", "normal2", "normal3", "normal4", last.Question })
            prompt.ShouldContain(kept);
        foreach (var cut in new[] { "low1", "low2", "low3", "normal1" })
            prompt.ShouldNotContain(cut);
        prompt.IndexOf("high1", StringComparison.Ordinal)
            .ShouldBeLessThan(prompt.IndexOf("high2", StringComparison.Ordinal));
        prompt.IndexOf("high2", StringComparison.Ordinal)
            .ShouldBeLessThan(prompt.IndexOf("normal2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_question_that_does_not_fit_fails_without_a_model_call()
    {
        await using var own = await LiveApp.StartAsync("Assistants:ContextTokens=300");
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        var question = await ada.AskAsync(chat, new string('x', 2_000));
        var end = await ada.EndOfAsync(chat, question.Text("reply_id"));

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBe("context_too_long");
        end.Text("content").ShouldBe("");
        own.App.Model.Calls.ShouldBe(0);
        var (_, next) = await ada.AskForAsync(chat, own.Play(FakeReply.Text("a short one fits")));
        (await ada.EndOfAsync(chat, next)).Text("generation", "state").ShouldBe("completed");
    }

    [Fact]
    public async Task A_window_smaller_than_the_settings_say_is_learnt_from_refusals()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        // Its window holds 6,000 tokens, and it counts four characters for one.
        app.Model.Answer = x => x.Messages.ToString().Length > 24_000
            ? FakeReply.Refuse(400,
                """{"error":{"code":"context_length_exceeded","message":"maximum context length is 6000 tokens"}}""")
            : FakeReply.Text("fine");
        for (var turn = 0; turn < 5; turn++)
            await CompletedAsync($"turn {turn} " + new string('x', 4_000));
        app.Model.Calls.ShouldBe(5);

        var longer = await CompletedAsync("turn 5 " + new string('x', 6_000));

        longer.Number("generation", "attempt").ShouldBe(1, "nothing that was shown was taken back");
        app.Model.Calls.ShouldBe(7);
        app.Model.Requests[^1].Messages.ToString().ShouldContain("turn 4");
        app.Model.Requests[^1].Messages.ToString().ShouldNotContain("turn 0");
        for (var turn = 6; turn < 12; turn++)
            await CompletedAsync($"turn {turn} " + new string('x', 4_000));
        app.Model.Calls.ShouldBeLessThanOrEqualTo(15, "a refused length is not tried with each reply");

        var calls = app.Model.Calls;
        var hopeless = await EndedAsync(new string('x', 30_000));
        hopeless.Text("generation", "error", "code").ShouldBe("context_too_long");
        app.Model.Calls.ShouldBeLessThanOrEqualTo(calls + 4);
        await CompletedAsync("a short one goes on");

        async Task<System.Text.Json.JsonElement> EndedAsync(string content) =>
            await ada.EndOfAsync(chat, (await ada.AskAsync(chat, content)).Text("reply_id"));

        async Task<System.Text.Json.JsonElement> CompletedAsync(string content)
        {
            var end = await EndedAsync(content);
            end.Text("generation", "state").ShouldBe("completed");
            return end;
        }
    }

    [Fact]
    public async Task What_the_last_reply_reported_measures_the_next_prompt_of_its_model()
    {
        // 3,000 tokens of prompt; a turn here is about 1,000 by the estimate, and its answer next to none.
        await using var app = await CoteApp.StartAsync("Assistants:ContextTokens=4000");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await TurnAsync("first", counted: 2_000);
        await TurnAsync("second", counted: 2_000);
        app.Model.Requests[^1].Messages.ToString().ShouldNotContain("first", customMessage: "it counts twice as much");

        (await ada.PatchAsync($"/chats/{chat}", new { model = "anthropic/fake" })).Ok();
        await TurnAsync("third", 2_000, counted: 1_250);
        app.Model.Requests[^1].Messages.ToString().ShouldContain("first", customMessage: "each model counts its own");

        await TurnAsync("fourth", 10_000, counted: 11);
        app.Model.Requests[^1].Messages.ToString().ShouldContain("first", customMessage: "it counts half as much");
        await TurnAsync("fifth", 10_000, counted: 11);
        app.Model.Requests[^1].Messages.ToString().ShouldContain("fourth", customMessage: "11 is no count of it");

        async Task TurnAsync(string name, int units = 4_000, int counted = 0)
        {
            app.Model.Script = FakeReply.Text("fine") with { InputTokens = counted };
            var question = await ada.AskAsync(chat, $"{name} {new string('x', units)}");
            (await ada.EndOfAsync(chat, question.Text("reply_id"))).Text("generation", "state").ShouldBe("completed");
        }
    }

    async Task<string> Other(CoteClient client)
    {
        var chat = await client.CreateChatAsync();
        await client.EndOfAsync(chat,
            (await client.AskForAsync(chat, live.Play(FakeReply.Text("of another chat")))).Reply);
        return chat;
    }

    static IEnumerable<string> Turns(FakeRequest call) => call.Messages.EnumerateArray().Select(x =>
    {
        var content = x.GetProperty("content");
        return $"{x.Text("role")}: " + (content.ValueKind == System.Text.Json.JsonValueKind.Array
            ? string.Concat(content.EnumerateArray().Select(part => part.Text("text"))) : content.ToString());
    });
}
