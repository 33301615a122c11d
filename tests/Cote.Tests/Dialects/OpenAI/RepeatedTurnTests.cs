using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>A request that is sent again is one turn and one bill.</summary>
public sealed class RepeatedTurnTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task A_key_makes_a_turn_repeatable_with_pictures_too()
    {
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate).Then("Once."));
        var body = new
        {
            model = "openai",
            input = new[]
            {
                new
                {
                    role = "user",
                    content = new object[]
                    {
                        new { type = "input_text", text = play.Question },
                        new { type = "input_file", filename = "a.txt", file_data = "data:text/plain,hello" },
                    },
                },
            },
        };
        var tries = Enumerable.Range(0, 4).Select(_ => ada.RespondAsync(body, ("Idempotency-Key", "one"))).ToList();
        await play.NextCallAsync();
        gate.Open();
        var answers = await Task.WhenAll(tries);
        answers.Select(x => x.Ok().Text).Distinct().Count().ShouldBe(1);
        play.Calls.ShouldBe(1);
        var again = (await ada.RespondAsync(body, ("Idempotency-Key", "one"))).Ok();
        (again.Text, again.Header("Idempotent-Replayed")).ShouldBe((answers[0].Text, "true"));

        (await ada.RespondAsync(new { model = "openai", input = "else" }, ("Idempotency-Key", "one"))).Refusal()
            .Code.ShouldBe("id_conflict");
        using var bob = await live.RegisterAsync();
        var his = live.Play(FakeReply.Text("His."));
        (await bob.RespondAsync(new { model = "openai", input = his.Question }, ("Idempotency-Key", "one"))).Ok()
            .Json.OutputText().ShouldBe("His.");
    }

    [Fact]
    public async Task A_retry_of_the_official_client_is_known_by_its_request()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Once."));
        var body = new { model = "openai", input = play.Question };
        var first = (await ada.RespondAsync(body, ("X-Stainless-Retry-Count", "0"))).Ok();
        var retry = (await ada.RespondAsync(body, ("X-Stainless-Retry-Count", "1"))).Ok();
        retry["id"].ShouldBe(first["id"]);
        play.Calls.ShouldBe(1);
        (await ada.RespondAsync(body, ("X-Stainless-Retry-Count", "0"))).Ok()["id"].ShouldNotBe(
            first["id"], "who asks twice gets two answers");
    }

    [Fact]
    public async Task A_client_that_leaves_stops_nothing()
    {
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("On ").ThenWaitFor(gate).Then("and on."));
        string id;
        await using (var stream = await ada.StreamAsync(
            HttpMethod.Post, "/v1/responses", new { model = "openai", input = play.Question, stream = true }))
            id = System.Text.Json.JsonElement.Parse((await stream.NextRawAsync())!).GetProperty("response").Text("id");
        gate.Open();
        (await ada.EventsAsync(id)).Deltas().ShouldBe("On and on.");
    }

    [Fact]
    public async Task A_failed_completion_is_an_error_that_is_not_tried_again()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var play = live.Play(FakeReply.Refuse(400));
        var failed = await ada.CompleteAsync(new
        {
            metadata = new { chat_id = chat },
            messages = new[] { new { role = "user", content = play.Question } },
        });
        (failed.Status, failed.Header("x-should-retry")).ShouldBe((400, "false"));

        var half = live.Play(FakeReply.Text("Half").ThenCut());
        await using var stream = await ada.StreamAsync(HttpMethod.Post, "/v1/chat/completions", new
        {
            metadata = new { chat_id = chat },
            stream = true,
            messages = new[] { new { role = "user", content = half.Question } },
        });
        var lines = new List<string>();
        while (await stream.NextRawAsync() is { } line)
            lines.Add(line);
        lines[^1].ShouldContain("\"error\"");
        lines.ShouldNotContain("[DONE]");
    }
}
