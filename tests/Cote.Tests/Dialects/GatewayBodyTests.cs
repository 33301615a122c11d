using Cote.Tests.Harness;

namespace Cote.Tests.Dialects;

/// <summary>How long bodies may be, and what is answered to odd ones.</summary>
[Trait("Rows", "none")]
public sealed class GatewayBodyTests(LiveApp live) : IClassFixture<LiveApp>
{
    const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]";
    const string Responses = "/v1/responses";
    const string Embeddings = "/v1/embeddings";

    [Fact]
    public async Task A_body_may_hold_pictures_up_to_a_limit_of_its_own()
    {
        await using var app = await LiveApp.StartAsync("Http:MaxHistoryBytes=4000000");
        using var ada = await app.RegisterAsync();
        var play = app.Play(OpenAIClient.Whole());
        string body(int size) => play.Body($",\"user\":\"{new string('x', size)}\"");

        (await ada.CompleteAsync(body(3_000_000))).Ok();
        (await AskFirstAsync(OpenAIClient.Chat, body(4_000_000))).ShouldBeError(413, "too_large");
        foreach (var path in (string[])[Responses, Embeddings])
        {
            string wrong(int size) => $$"""{"model":"none","store":false,"input":"{{new string('x', size)}}"}""";
            (await ada.PostAsync(path, wrong(3_000_000))).ShouldBeError(404, "model_not_found", "model");
            (await AskFirstAsync(path, wrong(4_000_000))).ShouldBeError(413, "too_large");
        }

        // Who does not ask first may find the connection closed under what it sends.
        Task<Reply> AskFirstAsync(string path, string text) =>
            ada.SendAsync(HttpMethod.Post, path, text, x => x.Headers.ExpectContinue = true);
    }

    public static TheoryData<string, string, string?> Odd => new()
    {
        { OpenAIClient.Chat, $$"""{"model":"\ud800",{{Messages}}}""", "model" },
        { OpenAIClient.Chat, $$"""{"model":5,{{Messages}}}""", "model" },
        { OpenAIClient.Chat, $$"""{"model":{ },{{Messages}}}""", "model" },
        { OpenAIClient.Chat, """{"model":"openai/fake","messages":[null]}""", "messages" },
        { OpenAIClient.Chat, """{"model":"openai/fake","messages":{}}""", "messages" },
        { OpenAIClient.Chat, """{"model":"openai/fake","messages":["a"]}""", "messages" },
        { OpenAIClient.Chat, """{"model":"anthropic/fake","messages":[null]}""", "messages" },
        { OpenAIClient.Chat, $$"""{"model":"openai/fake",{{Messages}},"tools":[null]}""", "tools" },
        { OpenAIClient.Chat, $$"""{"model":"anthropic/fake",{{Messages}},"tools":[null]}""", "tools" },
        { OpenAIClient.Chat, $$"""{"model":"openai/fake",{{Messages}},"tools":{ } }""", "tools" },
        { OpenAIClient.Chat, $$"""{"model":"openai/fake",{{Messages}},"metadata":[]}""", "metadata" },
        { OpenAIClient.Chat, $$"""{"model":"openai/fake",{{Messages}},"n":"2"}""", "n" },
        { OpenAIClient.Chat, $$"""{"model":"openai/fake",{{Messages}},"max_tokens":1.5}""", "max_tokens" },
        {
            OpenAIClient.Chat,
            """{"model":"anthropic/fake","messages":[{"role":"user","content":"a \ud83d"}]}""", null
        },
        {
            OpenAIClient.Chat,
            $$"""{"model":"anthropic/fake",{{Messages}},"tools":[{"type":"function","function":{"name":"\uDC00"} }]}""",
            null
        },
        { Embeddings, """{"model":"\ud800","input":"a"}""", "model" },
        { Embeddings, """{"model":[],"input":"a"}""", "model" },
        { Embeddings, """{"model":"openai/fake","input":null}""", "input" },
        { Responses, """{"model":"\ud800","input":"a","store":false}""", "model" },
        { Responses, """{"model":true,"input":"a","store":false}""", "model" },
        { Responses, """{"model":"openai/fake","input":"a","store":false,"tools":[null]}""", "tools" },
        { Responses, """{"model":"openai/fake","input":"a","store":false,"metadata":[]}""", "metadata" },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task An_odd_body_is_refused_and_no_model_sees_it(string path, string body, string? param)
    {
        using var ada = await live.RegisterAsync();

        var reply = await ada.PostAsync(path, body);

        reply.Status.ShouldBe(400, reply.Text);
        var error = reply.Json.GetProperty("error");
        error.GetProperty("param").GetString().ShouldBe(param);
        (await ada.GetAsync("/usage")).Ok().Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("previous_response_id", "\"\\ud800\"")]
    [InlineData("conversation", "\"\\ud800\"")]
    [InlineData("conversation", "{\"id\":\"\\udc00\"}")]
    [InlineData("metadata", "{\"chat_id\":\"\\ud800\"}")]
    [InlineData("metadata", "{\"chat_id\":[]}")]
    public async Task A_handle_that_is_no_text_names_no_chat(string name, string value)
    {
        using var ada = await live.RegisterAsync();
        var body = $$"""{"model":"openai/fake",{{Messages}},"{{name}}":{{value}} }""";

        (await ada.CompleteAsync(body)).Status.ShouldBe(404);
        (await ada.GetAsync("/chats/")).Text.ShouldBe("[]");
    }

    [Fact]
    public async Task Half_a_character_goes_to_a_provider_that_gets_the_body_as_it_is()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());

        (await ada.CompleteAsync(play.Body(""","user":"\ud83d" """))).Ok();

        (await play.NextCallAsync()).Body.GetProperty("user").GetRawText().ShouldBe("\"\\ud83d\"");
    }
}
