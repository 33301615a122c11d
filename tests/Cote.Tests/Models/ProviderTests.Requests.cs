using Microsoft.Extensions.AI;

namespace Cote.Tests.Models;

public sealed partial class ProviderTests
{
    [Theory, MemberData(nameof(Wires))]
    public async Task A_prompt_keeps_its_roles_limits_and_images(string wire)
    {
        var png = new byte[] { 0x89, 0x50, 0x4E, 0x47 };
        List<ChatMessage> prompt =
        [
            new(ChatRole.System, "Be brief."),
            new(ChatRole.User, "Hi"),
            new(ChatRole.Assistant, "Hello."),
            new(ChatRole.User, [new TextContent("What is this?"), new DataContent(png, "image/png")]),
        ];

        await foreach (var _ in Client(wire).GetStreamingResponseAsync(
            prompt, new ChatOptions { MaxOutputTokens = 77, Temperature = 0.5f }))
        {
        }

        var request = await Server.NextRequest();
        request.Model.ShouldBe("fake");
        request.Body.GetProperty("stream").GetBoolean().ShouldBeTrue();
        request.Body.GetProperty("max_tokens").GetInt32().ShouldBe(77);

        var sent = request.Body.ToString();
        sent.ShouldContain("Be brief.");
        sent.ShouldContain(Convert.ToBase64String(png));
        request.Messages.EnumerateArray().Select(message => message.GetProperty("role").GetString())
            .ShouldBe(wire == "openai" ? ["system", "user", "assistant", "user"] : ["user", "assistant", "user"]);
    }

    [Fact]
    public async Task An_endpoint_that_refuses_stream_options_is_asked_without_them_and_remembered()
    {
        const string Refusal = """{"error":{"message":"Extra inputs are not permitted: stream_options"}}""";
        Server.Enqueue(FakeReply.Refuse(422, Refusal));
        var client = Client("openai");

        (await Read(client)).Text.ShouldBe("Hello world");
        (await Read(client)).Text.ShouldBe("Hello world");

        Server.Requests.Select(request => request.Body.TryGetProperty("stream_options", out _))
            .ShouldBe([true, false, false]);
    }

    [Fact]
    public async Task An_endpoint_that_wants_the_newer_limit_gets_it()
    {
        const string Refusal = """
            {"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}
            """;
        Server.Enqueue(FakeReply.Refuse(400, Refusal));

        await foreach (var _ in Client("openai").GetStreamingResponseAsync("Hi", new() { MaxOutputTokens = 5 }))
        {
        }

        Server.Requests[^1].Body.GetProperty("max_completion_tokens").GetInt32().ShouldBe(5);
        Server.Requests[^1].Body.TryGetProperty("max_tokens", out _).ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_key_goes_into_its_headers_and_no_key_into_none(string wire)
    {
        await Read(wire);
        var keyed = (await Server.NextRequest()).Headers;
        keyed["Authorization"].ShouldBe("Bearer sk-secret");
        keyed.GetValueOrDefault("x-api-key")
            .ShouldBe(wire == "anthropic" ? "sk-secret" : null, "gateways look at either");

        await Read(Client(wire, key: null));

        var keyless = (await Server.NextRequest()).Headers;
        keyless.ShouldNotContainKey("Authorization");
        keyless.ShouldNotContainKey("x-api-key");
    }

    [Theory]
    [InlineData("openai", 1.5f, "1.5")]
    [InlineData("anthropic", 0.5f, "0.5")]
    [InlineData("anthropic", 1.5f, "1")]
    public async Task The_temperature_is_sent_within_the_scale_of_the_wire(string wire, float temperature, string sent)
    {
        await AskAsync(Client(wire), [new(ChatRole.User, "Hi")], new() { Temperature = temperature });

        (await Server.NextRequest()).Body.GetProperty("temperature").GetRawText().ShouldBe(sent);
    }

    [Theory]
    [InlineData(null, null, 8_192)]
    [InlineData(null, 100, 100)]
    [InlineData(7, 100, 7)]
    public async Task Anthropic_always_gets_a_limit(int? ofCall, int? ofProvider, int sent)
    {
        await AskAsync(Client("anthropic", maxTokens: ofProvider), [new(ChatRole.User, "Hi")],
            new() { MaxOutputTokens = ofCall });

        (await Server.NextRequest()).Body.GetProperty("max_tokens").GetInt32().ShouldBe(sent);
    }

    [Theory]
    [InlineData("openai", "http://h/v1/", "http://h/v1/chat/completions")]
    [InlineData("openai", " http://h/openai/v1/?api-version=preview\r\n",
        "http://h/openai/v1/chat/completions?api-version=preview")]
    [InlineData("openai", null, "https://api.openai.com/v1/chat/completions")]
    [InlineData("anthropic", "http://h/v1/", "http://h/v1/messages")]
    [InlineData("anthropic", "http://h/anthropic", "http://h/anthropic/v1/messages")]
    [InlineData("anthropic", null, "https://api.anthropic.com/v1/messages")]
    public void The_endpoint_is_the_base_URL_with_its_query_kept(string wire, string? url, string expected)
    {
        var client = Open(wire, Options(wire, url!, "k"));

        ((ChatClientMetadata)client.GetService(typeof(ChatClientMetadata))!).ProviderUri!.AbsoluteUri.ShouldBe(
            expected);
    }
}
