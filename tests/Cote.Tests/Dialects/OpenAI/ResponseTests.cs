using System.Text.Json;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>Responses are turns of chats: what is stored, what the model gets, and what is refused.</summary>
public sealed class ResponseTests(LiveApp live) : IClassFixture<LiveApp>
{
    static readonly string[] Fields =
    [
        "id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "previous_response_id",
        "instructions", "output", "error", "tools", "tool_choice", "truncation", "parallel_tool_calls", "text", "top_p",
        "presence_penalty", "frequency_penalty", "top_logprobs", "temperature", "reasoning", "usage",
        "max_output_tokens", "max_tool_calls", "store", "background", "service_tier", "metadata", "safety_identifier",
        "prompt_cache_key",
    ];

    [Fact]
    public async Task A_response_is_a_turn_of_a_chat_in_the_archive()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("All ", "well."));
        var answer = (await ada.RespondAsync(new
        {
            model = "openai",
            input = play.Question,
            instructions = "Be brief.",
            temperature = 0.25,
            max_output_tokens = 99,
            reasoning = new { effort = "low" },
            metadata = new { tag = "one" },
            seed = 7,
        })).Ok();

        answer.Json.EnumerateObject().Select(x => x.Name).ShouldBe(Fields.Concat(["conversation", "user"]), true);
        (answer["status"], answer.Json.OutputText(), answer["instructions"], answer["store"]).ShouldBe(
            ("completed", "All well.", "Be brief.", "True"));
        answer.Json.GetProperty("usage").Number("total_tokens").ShouldBe(18);
        answer.Json.Text("metadata", "tag").ShouldBe("one");
        var sent = await play.NextCallAsync();
        sent.Messages[0].Text("content").ShouldBe("Be brief.");
        (sent.Body.GetProperty("temperature").GetDouble(), sent.Body.Number("max_tokens")).ShouldBe((0.25, 99));
        sent.Body.Text("reasoning_effort").ShouldBe("low");

        var id = answer.Json.Text("conversation", "id")["conv_".Length..];
        (await ada.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(0);
        var chat = (await ada.GetAsync($"/chats/{id}")).Ok();
        (chat["origin"], chat["is_archived"], chat["title"], chat["title_source"]).ShouldBe(
            ("v1", "True", play.Question, "auto"));
        chat.Json.GetProperty("temperature").ValueKind.ShouldBe(JsonValueKind.Null, "they are the reply's alone");
        (await ada.MessagesAsync(id)).Select(x => x.Text("content")).ShouldBe([play.Question, "All well."]);
        (await ada.GetAsync($"/v1/responses/{answer["id"]}")).Ok().Text.ShouldBe(answer.Text);
    }

    [Fact]
    public async Task A_response_follows_the_one_that_it_names_and_an_older_one_branches()
    {
        using var ada = await live.RegisterAsync();
        var plays = Enumerable.Range(1, 3).Select(x => live.Play(FakeReply.Text($"Answer {x}."))).ToList();
        var first = (await ada.RespondAsync(new { model = "openai", input = plays[0].Question })).Ok();
        await ada.RespondAsync(new { input = plays[1].Question, previous_response_id = first["id"] });
        var branch = (await ada.RespondAsync(new
        {
            input = new object[] { new { role = "user", content = plays[2].Question } },
            previous_response_id = first["id"],
        })).Ok();

        branch["previous_response_id"].ShouldBe(first["id"]);
        await plays[2].NextCallAsync();
        var request = live.App.Model.Requests.Last(x => x.Messages.ToString().Contains(plays[2].Question));
        request.Messages.EnumerateArray().Select(x => x.Text("content")).ShouldBe(
            [plays[0].Question, "Answer 1.", plays[2].Question]);
        var chat = branch.Json.Text("conversation", "id")["conv_".Length..];
        (await ada.MessagesAsync(chat)).Select(x => x.Text("content")).ShouldBe(
            [plays[0].Question, "Answer 1.", plays[2].Question, "Answer 3."]);
    }

    [Fact]
    public async Task Only_what_the_user_says_last_is_taken_and_trailing_messages_are_one()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Yes."));
        await ada.RespondAsync(new
        {
            model = "openai",
            input = new object[]
            {
                new { role = "developer", content = "Be kind." }, new { role = "user", content = "old" },
                new { role = "assistant", content = "made up" }, new { role = "user", content = "One" },
                new { role = "user", content = new object[] { new { type = "input_text", text = play.Question } } },
            },
        });
        var messages = (await play.NextCallAsync()).Messages.EnumerateArray().Select(x => x.Text("content")).ToList();
        messages.ShouldBe(["Be kind.", "One\n\n" + play.Question]);
    }

    [Fact]
    public async Task The_form_of_the_answer_and_the_choice_of_tools_reach_the_model()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("{}"));
        var schema = new { type = "object", properties = new { city = new { type = "string" } } };
        var answer = (await ada.RespondAsync(new
        {
            model = "openai",
            input = play.Question,
            tool_choice = "none",
            tools = new[] { TurnReading.Function("t") },
            text = new { format = new { type = "json_schema", name = "place", strict = true, schema } },
        })).Ok();
        var body = (await play.NextCallAsync()).Body;
        var format = body.GetProperty("response_format");
        var named = format.GetProperty("json_schema");
        (format.Text("type"), named.Text("name"), named.GetProperty("strict").GetBoolean()).ShouldBe(
            ("json_schema", "place", true));
        named.GetProperty("schema").GetProperty("properties").Names().ShouldBe("city");
        body.Text("tool_choice").ShouldBe("none");
        answer.Json.GetProperty("text").GetProperty("format").Text("name").ShouldBe("place");
        (answer["tool_choice"], answer.Json.GetProperty("tools")[0].Text("name")).ShouldBe(("none", "t"));
    }

    [Fact]
    public async Task A_picture_of_the_request_becomes_an_upload_and_nothing_is_fetched()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("A dot."));
        const string dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU"
            + "5ErkJggg==";
        var answer = (await ada.RespondAsync(new
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
                        new { type = "input_image", image_url = $"data:image/png;base64,{dot}" },
                    },
                },
            },
        })).Ok();
        (await play.NextCallAsync()).Messages.ToString().ShouldContain("data:image/png;base64");
        var chat = answer.Json.Text("conversation", "id")["conv_".Length..];
        (await ada.MessagesAsync(chat))[0].GetProperty("media").GetArrayLength().ShouldBe(1);

        foreach (var url in (string[])[
            "http://192.0.2.1/a.png", "https://example.com/a.png", "file:///etc/passwd", "data:x"])
            (await ada.RespondAsync(new
            {
                model = "openai",
                input = new[]
                {
                    new { role = "user", content = new[] { new { type = "input_image", image_url = url } } },
                },
            })).Refusal().Param.ShouldBe("input[0].content[0].image_url");
    }

    [Fact]
    public async Task What_a_limit_cut_off_is_incomplete_and_what_failed_says_why()
    {
        using var ada = await live.RegisterAsync();
        var cut = live.Play(FakeReply.Text("Half") with { FinishReason = "length" });
        var answer = (await ada.RespondAsync(new { model = "openai", input = cut.Question })).Ok();
        (answer["status"], answer.Json.Text("incomplete_details", "reason")).ShouldBe(
            ("incomplete", "max_output_tokens"));

        var refused = live.Play(FakeReply.Refuse(400));
        var failed = (await ada.RespondAsync(new { model = "openai", input = refused.Question })).Ok();
        (failed["status"], failed.Json.Text("error", "code")).ShouldBe(("failed", "bad_upstream"));
        failed.Text.ShouldNotContain("sk-secret");
    }

    [Fact]
    public async Task A_request_in_the_background_is_answered_at_once_and_cancelled_alone()
    {
        using var ada = await live.RegisterAsync();
        var never = new Gate();
        var play = live.Play(FakeReply.Text("Begun").ThenWaitFor(never));
        var begun = (await ada.RespondAsync(new { model = "openai", input = play.Question, background = true })).Ok();
        begun["status"].ShouldBeOneOf("queued", "in_progress");
        await play.NextCallAsync();
        var next = live.Play(FakeReply.Text("Next."));
        var queued = (await ada.RespondAsync(new
        {
            input = next.Question,
            background = true,
            conversation = begun.Json.Text("conversation", "id"),
        })).Ok();
        queued["status"].ShouldBe("queued");

        (await ada.PostAsync($"/v1/responses/{begun["id"]}/cancel")).Ok()["status"].ShouldBe("cancelled");
        (await ada.EventsAsync(queued["id"])).Last().Type().ShouldBe("response.completed", "it alone was stopped");
        (await ada.PostAsync($"/v1/responses/{queued["id"]}/cancel")).Ok()["status"].ShouldBe("completed");
    }

    [Fact]
    public async Task A_deleted_response_takes_its_question_where_that_has_no_other()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("One."), FakeReply.Text("Two."));
        var first = (await ada.RespondAsync(new { model = "openai", input = play.Question })).Ok();
        var chat = first.Json.Text("conversation", "id")["conv_".Length..];
        var other = (await ada.PostAsync(
            $"/chats/{chat}/messages/{first["id"]["resp_".Length..]}/regenerate", new { })).Ok();
        await ada.EndOfAsync(chat, other["id"]);

        (await ada.DeleteAsync($"/v1/responses/{first["id"]}")).Ok()["deleted"].ShouldBe("True");
        (await ada.MessagesAsync(chat)).Count.ShouldBe(2);
        (await ada.DeleteAsync($"/v1/responses/resp_{other["id"]}")).Ok();
        (await ada.MessagesAsync(chat)).ShouldBeEmpty();
        (await ada.DeleteAsync($"/v1/responses/{first["id"]}")).Status.ShouldBe(404);
    }

    [Theory]
    [Trait("Rows", "none")]
    [InlineData("""{"model":"openai"}""", 400, "invalid_value", "input")]
    [InlineData("""{"model":"openai","input":7}""", 400, "invalid_value", "input")]
    [InlineData("""{"model":"openai","input":""}""", 400, "invalid_value", "content")]
    [InlineData("""{"model":"openai","input":[{"role":"assistant","content":"x"}]}""", 400, "invalid_value", null)]
    [InlineData("""{"model":"none/none","input":"x"}""", 404, "model_not_found", "model")]
    [InlineData("""{"model":"openai","input":"x","n":2}""", 400, "unsupported_parameter", "n")]
    [InlineData("""{"model":"openai","input":"x","top_logprobs":3}""", 400, "unsupported_parameter", "logprobs")]
    [InlineData("""{"model":"openai","input":"x","temperature":3}""", 400, "invalid_value", "temperature")]
    [InlineData("""{"model":"openai","input":"x","max_output_tokens":0}""", 400, "invalid_value", "max_output_tokens")]
    [InlineData("""{"model":"openai","input":"x","reasoning":{"effort":"huge"}}""",
        400, "invalid_value", "reasoning.effort")]
    [InlineData("""{"model":"openai","input":"x","tools":[{"type":"web_search"}]}""",
        400, "unsupported_parameter", "tools[0].type")]
    [InlineData("""{"model":"openai","input":"x","tools":[{"type":"function","name":"a b"}]}""",
        400, "invalid_value", "client_tools[0].name")]
    [InlineData("""{"model":"openai","input":"x","metadata":{"a":1}}""", 400, "invalid_value", "metadata")]
    [InlineData("""{"model":"openai","input":"x","previous_response_id":"resp_x"}""",
        404, "not_found", "previous_response_id")]
    [InlineData("""{"model":"openai","input":"x","conversation":"conv_x"}""", 404, "chat_not_found", "conversation")]
    [InlineData("""{"model":"demo","input":"x","text":{"format":{"type":"json_object"}}}""",
        400, "unsupported_parameter", "response_format")]
    [InlineData("""{"model":""", 400, "invalid_value", null)]
    [InlineData("""{"model":"openai","input":[1,null]}""", 400, "invalid_value", null)]
    [InlineData("""{"model":"openai","input":[{"role":"user"}]}""", 400, "invalid_value", "input[0].content")]
    [InlineData("""{"model":5,"input":"x"}""", 400, "invalid_value", "model")]
    [InlineData("""{"model":"\ud800","input":"x"}""", 400, "invalid_value", "model")]
    [InlineData("""{"model":"openai","input":"\ud800"}""", 400, "invalid_value", "input")]
    [InlineData("""{"model":"openai","input":"x","instructions":"\ud800"}""", 400, "invalid_value", "instructions")]
    [InlineData("""{"model":"openai","input":"x","metadata":{"a":"\ud800"}}""", 400, "invalid_value", "metadata")]
    [InlineData("""{"model":"openai","input":"x","metadata":[]}""", 400, "invalid_value", "metadata")]
    [InlineData("""{"model":"openai","input":"x","tools":[null]}""", 400, "unsupported_parameter", "tools[0].type")]
    [InlineData("""{"model":"openai","input":"x","tools":[{"type":"function","name":"\ud800"}]}""", 400,
        "invalid_value", "tools[0]")]
    [InlineData("""{"model":"openai","input":"x","text":{"format":{"type":"\ud800"}}}""", 400, "invalid_value",
        "text.format")]
    public async Task What_is_wrong_is_said_and_changes_nothing(string body, int status, string code, string? param)
    {
        using var ada = await live.RegisterAsync();
        (await ada.RespondAsync((object)body)).Refusal().ShouldBe((status, code, param));
        (await ada.GetAsync("/sync")).Ok().Json.GetProperty("chats").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Another_ones_chats_and_responses_are_not_there()
    {
        using var ada = await live.RegisterAsync();
        using var bob = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Private."));
        var hers = (await ada.RespondAsync(new { model = "openai", input = play.Question })).Ok();
        var (response, chat) = (hers["id"], hers.Json.Text("conversation", "id"));
        var item = hers.Json.Items()[0].Text("id");
        List<Task<Reply>> tries =
        [
            bob.GetAsync($"/v1/responses/{response}"), bob.GetAsync($"/v1/responses/{response}?stream=true"),
            bob.PostAsync($"/v1/responses/{response}/cancel"), bob.DeleteAsync($"/v1/responses/{response}"),
            bob.GetAsync($"/v1/responses/{response}/input_items"), bob.GetAsync($"/v1/conversations/{chat}"),
            bob.PostAsync($"/v1/conversations/{chat}", new { metadata = new { a = "b" } }),
            bob.DeleteAsync($"/v1/conversations/{chat}"), bob.GetAsync($"/v1/conversations/{chat}/items"),
            bob.GetAsync($"/v1/conversations/{chat}/items/{item}"),
            bob.DeleteAsync($"/v1/conversations/{chat}/items/{item}"),
            bob.RespondAsync(new { model = "openai", input = "x", previous_response_id = response }),
            bob.RespondAsync(new { model = "openai", input = "x", conversation = chat }),
            bob.CompleteAsync(new
            {
                model = "openai", metadata = new { chat_id = chat },
                messages = new[] { new { role = "user", content = "x" } },
            }),
        ];
        foreach (var one in tries)
            (await one).Status.ShouldBe(404);
        using var anyone = new CoteClient(live.App.Url);
        var refused = await anyone.RespondAsync(new { input = "x" });
        refused.Refusal().ShouldBe((401, "invalid_api_key", null));
        (await ada.GetAsync($"/v1/responses/{response}")).Ok().Json.OutputText().ShouldBe("Private.");
    }
}
