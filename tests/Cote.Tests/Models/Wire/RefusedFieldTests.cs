using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models.Wire;

/// <summary>What a model refuses by name is left out of the same call and of all later ones.</summary>
public sealed class RefusedFieldTests : WireTests
{
    static readonly ChatOptions Settings = new()
    {
        Temperature = 0.7f,
        TopP = 0.9f,
        MaxOutputTokens = 50,
        Reasoning = new() { Effort = ReasoningEffort.None },
    };

    static readonly ChatMessage[] Prompt = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hi")];
    static readonly DataContent Image = new(new byte[] { 0x89, 0x50, 0x4E, 0x47 }, "image/png") { Name = "cat.png" };

    [Theory]
    [InlineData("openai", "temperature",
        """{"error":{"message":"Unsupported value: 'temperature' does not support 0.7 with this """
            + """model.","param":"temperature","code":"unsupported_value"}}""")]
    [InlineData("openai", "temperature",
        """{"error":{"message":"invalid temperature: only 1 is allowed for this """
            + """model","type":"invalid_request_error"}}""")]
    [InlineData("openai", "top_p",
        """{"error":{"message":"Unsupported parameter: 'top_p' is not supported with this model.","param":"top_p"}}""")]
    [InlineData("openai", "stream_options",
        """{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs """
            + """are not permitted"}]}""")]
    [InlineData("openai", "max_tokens",
        """{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' """
            + """instead.","param":"max_tokens"}}""")]
    [InlineData("openai", "max_tokens",
        """{"detail":[{"type":"extra_forbidden","loc":["body","max_tokens"],"msg":"Extra inputs """
            + """are not permitted"}]}""")]
    [InlineData("openai", "reasoning_effort",
        """{"error":{"message":"Unrecognized request argument supplied: reasoning_effort","code":null}}""")]
    [InlineData("openai", "reasoning_effort",
        """{"error":{"message":"Unsupported value: 'reasoning_effort' does not support 'none' with this """
            + """model.","param":"reasoning_effort","code":"unsupported_value"}}""")]
    [InlineData("anthropic", "temperature",
        """{"type":"error","error":{"type":"invalid_request_error","message":"temperature: Extra inputs """
            + """are not permitted"}}""")]
    [InlineData("anthropic", "top_p",
        """{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` and `top_p` cannot """
            + """both be specified"}}""")]
    public async Task A_field_that_a_refusal_names_is_left_out_and_remembered(string wire, string field, string refusal)
    {
        Server.Answer = x => x.Body.TryGetProperty(field, out _)
            ? FakeReply.Refuse(400, refusal) : FakeReply.Text("Hello");
        var client = Client(wire);

        (await AskAsync(client, Prompt, Settings)).Text.ShouldBe("Hello");
        var first = Server.Calls;
        (await AskAsync(client, Prompt, Settings)).Text.ShouldBe("Hello");

        first.ShouldBeInRange(2, 3);
        Server.Calls.ShouldBe(first + 1, "it is remembered");
    }

    [Fact]
    public async Task All_fields_may_be_refused_one_after_the_other()
    {
        string[] fields =
            ["temperature", "top_p", "stream_options", "max_tokens", "max_completion_tokens", "reasoning_effort"];
        Server.Answer = x => Array.Find(fields, field => x.Body.TryGetProperty(field, out _)) is { } refused
            ? FakeReply.Refuse(422, $$$"""{"error":{"message":"Unsupported parameter","param":"{{{refused}}}"}}""")
            : FakeReply.Text("Hello");

        (await AskAsync(Client(), Prompt, Settings)).Text.ShouldBe("Hello");

        Server.Calls.ShouldBe(7);
    }

    [Theory]
    [InlineData("temperature", 400)]
    [InlineData("stream", 400)]
    [InlineData("messages[0].role", 400)]
    [InlineData("nothing", 422)]
    public async Task A_loop_of_refusals_ends(string field, int status)
    {
        Server.Script = FakeReply.Refuse(status,
            $$$"""{"error":{"message":"'{{{field}}}' is not supported, nor is system","param":"{{{field}}}"}}""");

        (await AskAsync(Client(), Prompt, Settings)).Fault!.Code.ShouldBe("bad_upstream");

        Server.Calls.ShouldBeInRange(1, 9);
    }

    [Theory]
    [InlineData("""{"error":{"message":"'temperature' does not support 0.7","param":"temperature"}}""")]
    [InlineData(
        """{"error":{"message":"max_tokens is too large: 50. At most 40 are supported.","param":"max_tokens"}}""")]
    public async Task What_was_not_sent_or_is_only_too_large_is_no_field_to_leave_out(string refusal)
    {
        Server.Script = FakeReply.Refuse(400, refusal);

        (await AskAsync(Client(), Prompt, new() { MaxOutputTokens = 50 })).Fault.ShouldBe(ModelFault.Refused);

        Server.Calls.ShouldBe(1);
    }

    [Theory]
    [InlineData(400,
        """{"error":{"message":"Unsupported value: 'messages[0].role' does not support 'system' with this """
            + """model.","param":"messages[0].role","code":"unsupported_value"}}""")]
    [InlineData(
        400, """{"object":"error","message":"System role not supported","type":"BadRequestError","code":400}""")]
    [InlineData(500,
        """{"error":{"code":500,"message":"Jinja Exception: System role not supported","type":"server_error"}}""")]
    [InlineData(
        400, """[{"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-3"}}]""")]
    public async Task Where_the_system_role_is_refused_the_first_user_turn_begins_with_it(int status, string refusal)
    {
        Server.Answer = x => x.Messages[0].GetProperty("role").GetString() == "system"
            ? FakeReply.Refuse(status, refusal) : FakeReply.Text("Hello");
        var client = Client();

        (await AskAsync(client, Prompt)).Text.ShouldBe("Hello");
        (await AskAsync(client, Prompt)).Text.ShouldBe("Hello");

        Server.Calls.ShouldBe(3);
        Server.Requests[^1].Messages.GetRawText().ShouldBe("""[{"role":"user","content":"Be brief.\n\nHi"}]""");
    }

    [Fact]
    public async Task Roles_that_must_alternate_are_no_refusal_of_the_system_role()
    {
        Server.Script = FakeReply.Refuse(
            400, """{"object":"error","message":"After the optional system message, conversation roles must """
            + """alternate user/assistant","code":400}""");

        (await AskAsync(Client(), Prompt)).Fault.ShouldBe(ModelFault.Refused);

        Server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_model_that_cannot_stream_is_asked_for_a_whole_answer()
    {
        Server.Answer = x => x.Body.GetProperty("stream").GetBoolean()
            ? FakeReply.Refuse(
                400, """{"error":{"message":"Unsupported value: 'stream' does not support true with this """
                + """model.","param":"stream"}}""")
            : FakeReply.Page("""{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}""",
                "application/json");

        (await AskAsync(Client(), Prompt)).ShouldBe(new("Hello", "stop", null, null, ""));

        Server.Requests[^1].Body.TryGetProperty("stream_options", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(400,
        """{"error":{"message":"Failed to deserialize: messages[0]: unknown variant `image_url`, expected `text`"}}""")]
    [InlineData(404, """{"error":{"message":"No endpoints found that support image input"}}""")]
    [InlineData(500, """{"error":{"message":"image input is not supported - hint: you may need the mmproj"}}""")]
    [InlineData(422,
        """{"detail":[{"type":"string_type","loc":["body","messages",0,"content"],"msg":"Input should """
            + """be a valid string"}]}""")]
    public async Task A_model_that_sees_no_images_is_learnt_from_its_refusal(int status, string refusal)
    {
        Server.Answer = x => x.Messages.EnumerateArray()
            .Any(m => m.GetProperty("content").ValueKind == JsonValueKind.Array)
            ? FakeReply.Refuse(status, refusal) : FakeReply.Text("Hello");
        var provider = new Provider("openai", ["fake"], _ => Client());
        var client = provider.Open("fake");
        ChatMessage[] aboutImage = [new(ChatRole.User, [new TextContent("What is it?"), Image])];
        ChatMessage[] later = [.. aboutImage, new(ChatRole.Assistant, "A cat."), new(ChatRole.User, "Thanks")];

        provider.Sees("fake").ShouldBeTrue();
        (await AskAsync(client, aboutImage)).Fault.ShouldBe(ModelFault.UnsupportedMedia);
        provider.Sees("fake").ShouldBeFalse();
        (await AskAsync(client, later)).Text.ShouldBe("Hello");

        Server.Calls.ShouldBe(2);
        Server.Requests[^1].Messages[0]
            .GetProperty("content").GetString().ShouldBe("What is it?\n\n[cat.png: image/png, 4 bytes, not shown]");
        (await AskAsync(Client(), later)).Text.ShouldBe("Hello", "an image of an earlier turn fails no later one");
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Neither_a_blank_turn_nor_two_turns_of_one_role_are_sent(string wire)
    {
        ChatMessage[] prompt =
        [
            new(ChatRole.User, "one"), new(ChatRole.Assistant, "\n\n "),
            new(ChatRole.User, [new TextContent(" "), Image]),
            new(ChatRole.Assistant, []), new(ChatRole.User, "two"),
        ];

        (await AskAsync(Client(wire), prompt)).Text.ShouldBe("Hello world");

        var turn = (await Server.NextRequest()).Messages.EnumerateArray().ShouldHaveSingleItem();
        turn.GetProperty("role").GetString().ShouldBe("user");
        turn.GetProperty("content").EnumerateArray().Select(x => x.GetProperty("type").GetString())
            .ShouldBe(["text", wire == "openai" ? "image_url" : "image", "text"]);
    }
}
