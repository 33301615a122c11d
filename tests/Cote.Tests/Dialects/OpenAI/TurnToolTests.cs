using System.Text.Json;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>Calls in turns: a wait ends the response, and what follows the answers is one of its own.</summary>
public sealed class TurnToolTests(ToolApp app) : ToolAppTests(app), IClassFixture<ToolApp>
{
    [Fact]
    public async Task A_call_of_the_client_ends_the_response_and_its_output_begins_the_next()
    {
        var play = Live.Play(
            FakeReply.Text("Asking.").ThenCall("weather", """{"city":"Graz"}"""),
            FakeReply.Text("Again.").ThenCall("weather", """{"city":"Linz"}"""), FakeReply.Text("Rain."));
        var tools = new[] { TurnReading.Function("weather") };
        var first = (await Ada.RespondAsync(new { model = "openai", input = play.Question, tools })).Ok();
        (first["status"], first.Json.Types()).ShouldBe(("completed", "message function_call"));
        var call = first.Json.Items()[1];
        (call.Text("name"), call.Text("arguments")).ShouldBe(("weather", """{"city":"Graz"}"""));

        var second = (await Ada.RespondAsync(Output(first, call, "sun"))).Ok();
        (second["id"], second["status"], second.Json.Types()).ShouldBe(
            (first["id"] + "_2", "completed", "message function_call"));
        second["previous_response_id"].ShouldBe(first["id"]);
        var third = (await Ada.RespondAsync(Output(second, second.Json.Items()[1], "rain"))).Ok();
        (third["id"], third.Json.OutputText()).ShouldBe((first["id"] + "_3", "Rain."));
        foreach (var one in new[] { first, second, third })
            one.Json.GetProperty("usage").Number("total_tokens").ShouldBe(18, "each has its own");

        // The same outputs again are the same response, others are refused; each can be read again for ever.
        (await Ada.RespondAsync(Output(first, call, "sun"))).Ok().Text.ShouldBe(second.Text);
        (await Ada.RespondAsync(Output(first, call, "hail"))).Refusal().Code.ShouldBe("already_answered");
        foreach (var one in new[] { first, second, third })
            (await Ada.GetAsync($"/v1/responses/{one["id"]}")).Ok().Text.ShouldBe(one.Text);
        (await Ada.GetAsync($"/v1/responses/{first["id"]}_4")).Status.ShouldBe(404);
        (await Ada.EventsAsync(second["id"])).Deltas().ShouldBe("Again.");
        play.Calls.ShouldBe(3);
    }

    static object Output(Reply response, JsonElement call, string output) => new
    {
        previous_response_id = response["id"],
        input = new[] { new { type = "function_call_output", call_id = call.Text("call_id"), output } },
    };

    [Theory]
    [InlineData(true, "mcp_call message", 1)]
    [InlineData(false, "message", 0)]
    public async Task A_call_that_asks_is_allowed_or_denied(bool approve, string types, int ran)
    {
        var play = Live.Play(FakeReply.Call("send", """{"to":"bob"}"""), FakeReply.Text("Done."));
        var asked = (await Ada.RespondAsync(new { model = "openai", input = play.Question })).Ok();
        var request = asked.Json.Items().Single();
        (request.Text("type"), request.Text("name"), request.Text("server_label")).ShouldBe(
            ("mcp_approval_request", "send", "cote"));
        var answered = (await Ada.RespondAsync(new
        {
            previous_response_id = asked["id"],
            input = new[]
            {
                new
                {
                    type = "mcp_approval_response", approval_request_id = request.Text("id"), approve, reason = "so",
                },
            },
        })).Ok();
        (answered.Json.Types(), answered.Json.OutputText()).ShouldBe((types, "Done."));
        Tools.Ran.Count.ShouldBe(ran);
        var input = (await Ada.GetAsync($"/v1/responses/{answered["id"]}/input_items")).Ok().Json.GetProperty("data");
        input[0].GetProperty("approve").GetBoolean().ShouldBe(approve);
    }

    [Fact]
    public async Task All_that_waits_is_answered_at_once_or_nothing_is()
    {
        var play = Live.Play(
            FakeReply.Call("weather").ThenCall("send", "{}"), FakeReply.Text("Done."));
        var asked = (await Ada.RespondAsync(new
        {
            model = "openai",
            input = play.Question,
            tools = new[] { TurnReading.Function("weather") },
        })).Ok();
        asked.Json.Types().ShouldBe("function_call mcp_approval_request");
        (await Ada.RespondAsync(Output(asked, asked.Json.Items()[0], "sun"))).Refusal().ShouldBe(
            (400, "invalid_value", "input[0].call_id"));
        (await Ada.RespondAsync(new
        {
            previous_response_id = asked["id"],
            input = new object[]
            {
                new { type = "function_call_output", call_id = asked.Json.Items()[0].Text("call_id"), output = "sun" },
                new
                {
                    type = "mcp_approval_response", approve = true,
                    approval_request_id = asked.Json.Items()[1].Text("id"),
                },
            },
        })).Ok().Json.OutputText().ShouldBe("Done.");
    }

    [Fact]
    public async Task Chat_completions_answer_calls_by_tool_messages()
    {
        var play = Live.Play(
            FakeReply.Text("Asking.").ThenCall("weather", "{}").ThenCall("send", """{"a":1}"""),
            FakeReply.Text("Rain."));
        var metadata = new { chat_id = Chat };
        var question = new { role = "user", content = play.Question };
        var tools = new[] { new { type = "function", function = new { name = "weather" } } };
        var asked = (await Ada.CompleteAsync(new { metadata, messages = new[] { question }, tools })).Ok();
        var choice = asked.Json.GetProperty("choices")[0];
        (choice.Text("finish_reason"), choice.Text("message", "content")).ShouldBe(("tool_calls", "Asking."));
        var calls = choice.GetProperty("message").GetProperty("tool_calls").EnumerateArray().ToList();
        calls.Select(x => x.Text("function", "name")).ShouldBe(["weather", "send"]);

        object Answer(string second) => new
        {
            metadata,
            messages = new object[]
            {
                question, choice.GetProperty("message"),
                new { role = "tool", tool_call_id = calls[0].Text("id"), content = "rain" },
                new { role = "tool", tool_call_id = calls[1].Text("id"), content = second },
            },
        };
        (await Ada.CompleteAsync(Answer("perhaps"))).Refusal().Param.ShouldBe("messages[3].tool_call_id");
        var done = (await Ada.CompleteAsync(Answer("approve"))).Ok();
        done.Json.GetProperty("choices")[0].Text("message", "content").ShouldBe("Rain.");
        Tools.Ran.ShouldBe(["""send {"a":1}"""]);
    }

    [Fact]
    public async Task Chat_completions_go_on_round_after_round()
    {
        var play = Live.Play(FakeReply.Call("weather"), FakeReply.Call("weather"), FakeReply.Text("Rain."));
        var metadata = new { chat_id = Chat };
        var tools = new[] { new { type = "function", function = new { name = "weather" } } };
        var messages = new List<object> { new { role = "user", content = play.Question } };
        for (var round = 0; round < 2; round++)
        {
            var answer = (await Ada.CompleteAsync(new { metadata, messages, tools })).Ok();
            var choice = answer.Json.GetProperty("choices")[0];
            choice.Text("finish_reason").ShouldBe("tool_calls", $"round {round}");
            var call = choice.GetProperty("message").GetProperty("tool_calls").EnumerateArray().Single();
            messages.Add(choice.GetProperty("message"));
            messages.Add(new { role = "tool", tool_call_id = call.Text("id"), content = $"{round}" });
        }
        (await Ada.CompleteAsync(new { metadata, messages, tools })).Ok()
            .Json.GetProperty("choices")[0].Text("message", "content").ShouldBe("Rain.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reply_that_is_deleted_while_its_tool_runs_ends_the_request(bool isResponse)
    {
        var (runs, may) = (new TaskCompletionSource(), new TaskCompletionSource());
        Tools.Does["look"] = async (_, _, ct) =>
        {
            runs.SetResult();
            await may.Task.WaitAsync(ct);
            return "late";
        };
        var play = Live.Play(FakeReply.Text("Looking.").ThenCall("look"));
        var asking = isResponse
            ? Ada.RespondAsync(new { model = "openai", input = play.Question, conversation = $"conv_{Chat}" })
            : Ada.CompleteAsync(new
            {
                metadata = new { chat_id = Chat },
                messages = new[] { new { role = "user", content = play.Question } },
            });
        await runs.Task.InTimeAsync();
        (await Ada.DeleteAsync($"/chats/{Chat}")).Ok();
        var answer = await asking;
        may.TrySetResult();
        if (isResponse)
            answer.Ok()["status"].ShouldBe("failed");
        else
            (answer.Status, answer.Header("x-should-retry")).ShouldBe((502, "false"));
    }

    [Fact]
    public async Task A_request_that_is_refused_has_answered_no_call()
    {
        var play = Live.Play(FakeReply.Call("weather"), FakeReply.Text("Rain."));
        var asked = (await Ada.RespondAsync(new
        {
            model = "openai",
            input = play.Question,
            tools = new[] { TurnReading.Function("weather") },
        })).Ok();
        var output = new
        {
            type = "function_call_output",
            call_id = asked.Json.Items()[0].Text("call_id"),
            output = "rain",
        };
        (await Ada.RespondAsync(new
        {
            previous_response_id = asked["id"],
            input = new object[]
            {
                output,
                new
                {
                    role = "user",
                    content = new[] { new { type = "input_image", image_url = "https://example.com/a.png" } },
                },
            },
        })).Status.ShouldBe(400);
        play.Calls.ShouldBe(1);
        foreach (var path in (string[])["", "/cancel"])
            (await Ada.SendAsync(path.Length == 0 ? HttpMethod.Delete : HttpMethod.Post,
                $"/v1/responses/{asked["id"]}_99{path}")).Status.ShouldBe(404);
        (await Ada.RespondAsync(new { previous_response_id = asked["id"], input = new[] { output } })).Ok()
            .Json.OutputText().ShouldBe("Rain.");
    }

    [Fact]
    public async Task A_new_turn_ends_a_reply_that_waits_and_the_response_stays_what_it_was()
    {
        var play = Live.Play(FakeReply.Call("send", "{}"));
        var asked = (await Ada.RespondAsync(new { model = "openai", input = play.Question })).Ok();
        var next = Live.Play(FakeReply.Text("Else."));
        (await Ada.RespondAsync(new { input = next.Question, previous_response_id = asked["id"] })).Ok()
            .Json.OutputText().ShouldBe("Else.");
        (await Ada.GetAsync($"/v1/responses/{asked["id"]}")).Ok().Text.ShouldBe(asked.Text);
        (await Ada.GetAsync($"/v1/responses/{asked["id"]}_2")).Status.ShouldBe(404);
    }
}
