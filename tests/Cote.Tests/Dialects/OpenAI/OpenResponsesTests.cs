using System.Text.Json;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>The cases that Open Responses asks of a server, by its published schema.</summary>
[Trait("Rows", "none")]
public sealed class OpenResponsesTests(LiveApp live) : IClassFixture<LiveApp>
{
    // Name and kinds of each field that a response must have.
    static readonly Dictionary<string, JsonValueKind[]> Schema = new()
    {
        ["id"] = [JsonValueKind.String],
        ["object"] = [JsonValueKind.String],
        ["created_at"] = [JsonValueKind.Number],
        ["completed_at"] = [JsonValueKind.Number, JsonValueKind.Null],
        ["status"] = [JsonValueKind.String],
        ["incomplete_details"] = [JsonValueKind.Object, JsonValueKind.Null],
        ["model"] = [JsonValueKind.String],
        ["previous_response_id"] = [JsonValueKind.String, JsonValueKind.Null],
        ["instructions"] = [JsonValueKind.String, JsonValueKind.Array, JsonValueKind.Null],
        ["output"] = [JsonValueKind.Array],
        ["error"] = [JsonValueKind.Object, JsonValueKind.Null],
        ["tools"] = [JsonValueKind.Array],
        ["tool_choice"] = [JsonValueKind.String, JsonValueKind.Object],
        ["truncation"] = [JsonValueKind.String],
        ["parallel_tool_calls"] = [JsonValueKind.True, JsonValueKind.False],
        ["text"] = [JsonValueKind.Object],
        ["top_p"] = [JsonValueKind.Number],
        ["presence_penalty"] = [JsonValueKind.Number],
        ["frequency_penalty"] = [JsonValueKind.Number],
        ["top_logprobs"] = [JsonValueKind.Number],
        ["temperature"] = [JsonValueKind.Number],
        ["reasoning"] = [JsonValueKind.Object, JsonValueKind.Null],
        ["usage"] = [JsonValueKind.Object, JsonValueKind.Null],
        ["max_output_tokens"] = [JsonValueKind.Number, JsonValueKind.Null],
        ["max_tool_calls"] = [JsonValueKind.Number, JsonValueKind.Null],
        ["store"] = [JsonValueKind.True, JsonValueKind.False],
        ["background"] = [JsonValueKind.True, JsonValueKind.False],
        ["service_tier"] = [JsonValueKind.String],
        ["metadata"] = [JsonValueKind.Object],
        ["safety_identifier"] = [JsonValueKind.String, JsonValueKind.Null],
        ["prompt_cache_key"] = [JsonValueKind.String, JsonValueKind.Null],
    };

    static JsonElement Check(JsonElement response, string status = "completed")
    {
        foreach (var (name, kinds) in Schema)
            kinds.ShouldContain(response.GetProperty(name).ValueKind, name);
        (response.Text("object"), response.Text("status")).ShouldBe(("response", status));
        response.GetProperty("text").GetProperty("format").Text("type").ShouldBe("text");
        if (status != "completed")
            return response;
        response.GetProperty("output").GetArrayLength().ShouldBeGreaterThan(0);
        var usage = response.GetProperty("usage");
        usage.Number("total_tokens").ShouldBe(usage.Number("input_tokens") + usage.Number("output_tokens"));
        usage.GetProperty("input_tokens_details").Number("cached_tokens").ShouldBe(0);
        usage.GetProperty("output_tokens_details").Number("reasoning_tokens").ShouldBe(0);
        foreach (var item in response.Items())
        {
            item.Text("id").ShouldNotBeEmpty();
            if (item.Text("type") == "message")
                (item.Text("role"), item.Text("status"), item.GetProperty("content")[0].Text("type")).ShouldBe(
                    ("assistant", "completed", "output_text"));
        }
        return response;
    }

    static async Task<JsonElement> StreamAsync(CoteClient ada, object body)
    {
        await using var stream = await ada.StreamAsync(HttpMethod.Post, "/v1/responses", body);
        stream.Response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var events = await TurnReading.ToEndAsync(stream);
        events.Select(x => x.Number()).ShouldBe(events.Select(x => x.Number()).Distinct().Order());
        Check(events[0].GetProperty("response"), "queued");
        // Each item is opened, filled and closed in this order.
        foreach (var item in events.Where(x => x.Type() == "response.output_item.done"))
            events.FindIndex(x => x.Type() == "response.output_item.added"
                && x.GetProperty("item").Text("id") == item.GetProperty("item").Text("id"))
                .ShouldBeInRange(0, events.IndexOf(item) - 1);
        events[^1].Type().ShouldBe("response.completed");
        return Check(events[^1].GetProperty("response"));
    }

    [Fact]
    public async Task Basic_and_streaming_responses()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Hello ", "there."));
        var body = new
        {
            model = "openai",
            input = new[] { new { type = "message", role = "user", content = play.Question } },
        };
        Check((await ada.RespondAsync(body)).Ok().Json).OutputText().ShouldBe("Hello there.");
        (await StreamAsync(ada, new { body.model, body.input, stream = true })).OutputText().ShouldBe("Hello there.");
    }

    [Fact]
    public async Task A_system_prompt()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Arr."));
        Check((await ada.RespondAsync(new
        {
            model = "openai",
            input = new[]
            {
                new { type = "message", role = "system", content = "You are a pirate." },
                new { type = "message", role = "user", content = play.Question },
            },
        })).Ok().Json);
        (await play.NextCallAsync()).Messages[0].Text("content").ShouldBe("You are a pirate.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tool_calling(bool stream)
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Call("get_weather", """{"location":"Graz"}"""));
        var tools = new[] { TurnReading.Function("get_weather") };
        var body = new { model = "openai", input = play.Question, tools, stream };
        var response = stream ? await StreamAsync(ada, body) : Check((await ada.RespondAsync(body)).Ok().Json);
        var call = response.Items().Single();
        (call.Text("type"), call.Text("name"), call.Text("arguments"), call.Text("status")).ShouldBe(
            ("function_call", "get_weather", """{"location":"Graz"}""", "completed"));
        call.Text("call_id").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Input_with_a_picture()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Red."));
        const string dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU"
            + "5ErkJggg==";
        Check((await ada.RespondAsync(new
        {
            model = "openai",
            input = new[]
            {
                new
                {
                    type = "message", role = "user",
                    content = new object[]
                    {
                        new { type = "input_text", text = play.Question },
                        new { type = "input_image", image_url = $"data:image/png;base64,{dot}" },
                    },
                },
            },
        })).Ok().Json).OutputText().ShouldBe("Red.");
    }

    [Fact]
    public async Task Several_turns()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Your name is Alice."));
        Check((await ada.RespondAsync(new
        {
            model = "openai",
            input = new[]
            {
                new { type = "message", role = "user", content = "My name is Alice." },
                new { type = "message", role = "assistant", content = "Hello Alice!" },
                new { type = "message", role = "user", content = play.Question },
            },
        })).Ok().Json).OutputText().ShouldBe("Your name is Alice.");
    }
}
