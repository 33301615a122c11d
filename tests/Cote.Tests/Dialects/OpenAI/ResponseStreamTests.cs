using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>Events of responses: their numbers, their resumption, and what is taken back.</summary>
public sealed class ResponseStreamTests(ResponseStreamTests.ShortLeases app)
    : ToolAppTests(app), IClassFixture<ResponseStreamTests.ShortLeases>
{
    public sealed class ShortLeases : ToolApp
    {
        protected override void AddTo(CoteBuilder server)
        {
            base.AddTo(server);
            CoteApp.LeaseFor(1)(server);
        }
    }

    [Fact]
    public async Task Numbers_ascend_and_a_stream_from_any_of_them_is_the_rest()
    {
        var play = Live.Play(
            FakeReply.Thought("Hm ", "hm.").Then("One ", "two.").ThenCall("look"), FakeReply.Text("Three."));
        var id = (await Ada.RespondAsync(new { model = "openai", input = play.Question })).Ok()["id"];
        var all = await Ada.EventsAsync(id);

        all.Select(x => x.Number()).ShouldBe(all.Select(x => x.Number()).Distinct().Order());
        all.Take(3).Select(x => (x.Number(), x.Type())).ShouldBe(
            [(0, "response.created"), (1, "response.queued"), (2, "response.in_progress")]);
        all[3].Number().ShouldBe((1L << 32) + 3);
        all[^1].GetProperty("response").Types().ShouldBe("reasoning message mcp_call message");
        all.Deltas().ShouldBe("One two.Three.");
        all.Deltas("response.reasoning_summary_text.delta").ShouldBe("Hm hm.");
        foreach (var at in all)
        {
            var rest = await Ada.EventsAsync(id, $"&starting_after={at.Number()}");
            rest.Select(x => x.ToString()).ShouldBe(
                all.Where(x => x.Number() > at.Number()).Select(x => x.ToString()), $"after {at.Number()}");
        }
        // From the middle of a text: its rest.
        var text = all.First(x => x.Type() == "response.output_text.delta");
        (await Ada.EventsAsync(id, $"&starting_after={text.Number() - 4}")).Deltas().ShouldBe("two.Three.");
        (await Ada.EventsAsync(id, $"&starting_after={all[^1].Number()}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_live_stream_has_the_numbers_of_a_later_one()
    {
        var (first, second) = (new Gate(), new Gate());
        var play = Live.Play(FakeReply.Text("One ").ThenWaitFor(first).Then("two ").ThenWaitFor(second).Then("three."));
        await using var stream = await Ada.StreamAsync(
            HttpMethod.Post, "/v1/responses", new { model = "openai", input = play.Question, stream = true });
        var reading = TurnReading.ToEndAsync(stream);
        await play.NextCallAsync();
        first.Open();
        second.Open();
        var live = await reading;
        var later = await Ada.EventsAsync(live[^1].GetProperty("response").Text("id"));

        live.Deltas().ShouldBe("One two three.");
        live.Where(x => !x.Type().EndsWith(".delta")).Select(x => (x.Number(), x.Type())).ShouldBe(
            later.Where(x => !x.Type().EndsWith(".delta")).Select(x => (x.Number(), x.Type())));
        later.Single(x => x.Type() == "response.output_text.delta").Number().ShouldBe(
            live.Last(x => x.Type() == "response.output_text.delta").Number());
    }

    [Fact]
    public async Task What_was_taken_back_ends_a_stream_with_one_error()
    {
        var never = new Gate();
        var play = Live.Play(FakeReply.Text("lost").ThenWaitFor(never), FakeReply.Text("Kept."));
        await using var stream = await Ada.StreamAsync(
            HttpMethod.Post, "/v1/responses", new { model = "openai", input = play.Question, stream = true });
        string id;
        long number;
        while (true)
        {
            var item = System.Text.Json.JsonElement.Parse((await stream.NextRawAsync())!);
            if (item.Type() != "response.output_text.delta")
                continue;
            (id, number) = (item.Text("item_id")["msg_".Length..^2], item.Number());
            break;
        }
        await Live.App.WriteAsync($"update messages set owner = 'dead', lease_until = 1 where id = '{id}'");
        var rest = await TurnReading.ToEndAsync(stream);
        (rest.Count, rest[0].Type(), rest[0].Text("code")).ShouldBe((1, "error", "stream_restarted"));

        var again = await Ada.EventsAsync($"resp_{id}", $"&starting_after={number}");
        (again.Count, again[0].Text("code")).ShouldBe((1, "stream_restarted"));
        var all = await Ada.EventsAsync($"resp_{id}");
        all.Deltas().ShouldBe("Kept.");
        all[3].Number().ShouldBeGreaterThan(number);
        (await Ada.EventsAsync($"resp_{id}", "&starting_after=2")).Deltas().ShouldBe("Kept.", "no text was named");
    }

    [Fact]
    public async Task A_reply_of_another_dialect_is_followed_and_stopped_from_a_socket()
    {
        var never = new Gate();
        var play = Live.Play(FakeReply.Text("Going on").ThenWaitFor(never));
        var (_, reply) = await Ada.AskForAsync(Chat, play);
        await using var stream = await Ada.StreamAsync(HttpMethod.Get, $"/v1/responses/resp_{reply}?stream=true");
        while (!(await stream.NextRawAsync())!.Contains("Going on", StringComparison.Ordinal))
        {
        }
        (await Ada.PostAsync($"/chats/{Chat}/stop")).Ok();
        var end = (await TurnReading.ToEndAsync(stream))[^1];
        (end.Type(), end.GetProperty("response").Text("status")).ShouldBe(("response.incomplete", "cancelled"));
    }

    [Theory]
    [Trait("Rows", "none")]
    [InlineData("?starting_after=1")]
    [InlineData("?stream=true&starting_after=-1")]
    [InlineData("?stream=true&starting_after=x")]
    [InlineData("?stream=yes")]
    public async Task A_wrong_query_is_said(string query)
    {
        var play = Live.Play(FakeReply.Text("One."));
        var id = (await Ada.RespondAsync(new { model = "openai", input = play.Question })).Ok()["id"];
        (await Ada.GetAsync($"/v1/responses/{id}{query}")).Status.ShouldBe(400);
    }
}
