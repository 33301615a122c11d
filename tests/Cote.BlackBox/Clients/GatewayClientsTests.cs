using System.Collections.Concurrent;
using System.Text.Json;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Clients;

/// <summary>The gateway of <c>/v1</c> by clients as they are published: tests/clients/gateway.mjs.</summary>
[Trait("Stage", "slow")]
public sealed class GatewayClientsTests(PublishedProgram program, NodeClients clients)
{
    [Fact]
    public async Task Official_clients_work_and_never_pay_twice()
    {
        await using var model = await FakeModelServer.Start();
        var flaky = new ConcurrentQueue<FakeReply>([FakeReply.Refuse(500), FakeReply.Refuse(503)]);
        model.Answer = request => Answer(request, flaky);
        await using var server = Node.With(program, model,
            $"Assistants:Anthropic:BaseUrl={model.AnthropicUrl}", "Assistants:Anthropic:ApiKey=sk-test",
            "Assistants:Anthropic:Model=fake");
        await server.StartAsync();
        using var ada = await CoteClient.RegisterAsync(server.Url);

        await clients.RunAsync("gateway.mjs", server.Url.ToString().TrimEnd('/'), ada.Token!);

        flaky.ShouldBeEmpty("the errors were met");
        server.Output.ShouldNotContain("sk-");
    }

    // Each question is answered by what it says; results of tools by themselves.
    static FakeReply Answer(FakeRequest request, ConcurrentQueue<FakeReply> flaky)
    {
        if (request.Body.TryGetProperty("input", out _))
            return FakeReply.Page("""
                {"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,0.5]}],"model":"fake","usage":{"prompt_tokens":1,"total_tokens":1}}
                """, "application/json");
        var last = request.Messages.EnumerateArray().Last();
        if (last.GetProperty("role").GetString() == "tool" || last.GetRawText().Contains("tool_result"))
            return FakeReply.Text("Hello", " result");
        var asked = last.GetProperty("content") is { ValueKind: JsonValueKind.String } text ? text.GetString()!
            : last.GetProperty("content")[0].GetProperty("text").GetString()!;
        return asked switch
        {
            "tool" => FakeReply.Call("add", """{"a":1}""", "call_1"),
            "think" => FakeReply.Thought("hm").Then("Hello think"),
            "limited" => FakeReply.Refuse(429, null, ("Retry-After", "60")),
            "broken" => FakeReply.Text("so far").ThenError("server_error"),
            "flaky" when flaky.TryDequeue(out var refusal) => refusal,
            "wholetool" => Whole("""
                "content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"add","arguments":"{\"a\":1}"}}]
                """, "tool_calls"),
            "slow" => FakeReply.Paced(TimeSpan.FromMilliseconds(50), ["Hello", " ", "slow"]),
            _ when !request.Body.TryGetProperty("stream", out var streams) || !streams.GetBoolean() =>
                Whole($"\"content\":\"Hello {asked}\"", "stop"),
            _ => FakeReply.Text("Hello", " " + asked),
        };
    }

    static FakeReply Whole(string content, string reason) => FakeReply.Page($$$"""
        {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"fake","choices":[{"index":0,"message":{"role":"assistant",{{{content}}}},"finish_reason":"{{{reason}}}"}],"usage":{"prompt_tokens":21,"completion_tokens":9,"total_tokens":30}}
        """, "application/json");
}
