using System.Text.Json;
using Cote.Models;
using Cote.Tests.Harness;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models;

/// <summary>The demo models whose answers are more than text.</summary>
public sealed class DemoPartsTests
{
    static readonly AIFunctionDeclaration[] Tools =
    [
        Declare("demo_note"), Declare("demo_clock"), Declare("files__read"),
        new ClientFunction("pick_color", "A tool.", JsonElement.Parse("""
            {"type":"object","properties":{"hint":{"type":"string"},"n":{"type":"integer"},"x":{}},"required":["hint","n"]}
            """)),
    ];

    static readonly ChatMessage Question = new(ChatRole.User, "What \"time\" is it?");

    [Fact]
    public async Task One_thinks_before_it_answers()
    {
        var contents = await ContentsAsync("thinks", null, Question);

        contents.OfType<TextReasoningContent>().Count().ShouldBeGreaterThan(10);
        contents.SkipWhile(x => x is TextReasoningContent).OfType<TextReasoningContent>().ShouldBeEmpty();
        Text(contents).ShouldStartWith("I have thought");
        (await FinishAsync("thinks", null, Question)).ShouldBe(ChatFinishReason.Stop);
    }

    [Fact]
    public async Task One_cites_with_places_that_are_right()
    {
        var contents = await ContentsAsync("cites", null, Question);

        var text = Text(contents);
        var citations = contents.SelectMany(x => x.Annotations ?? []).Cast<CitationAnnotation>().ToList();
        citations.Select(x => x.Url!.AbsoluteUri)
            .ShouldBe(["https://doves.example/sun", "https://doves.example/field"]);
        citations.Select(x => (TextSpanAnnotatedRegion)x.AnnotatedRegions!.Single())
            .Select(x => text[x.StartIndex!.Value..x.EndIndex!.Value] + ".")
            .ShouldBe(citations.Select(x => x.Snippet!));
    }

    [Theory]
    [InlineData("tool", "demo_clock", "{}")]
    [InlineData("approval", "demo_note", """{"text":"\u201CWhat \u0022time\u0022 is it?\u201D"}""")]
    [InlineData("fail-in-tool", "demo_missing", "{}")]
    [InlineData("client-tool", "pick_color", """{"hint":"\u201CWhat \u0022time\u0022 is it?\u201D","n":1}""")]
    public async Task Some_call_a_tool_and_answer_with_its_result(string model, string tool, string arguments)
    {
        var options = new ChatOptions { Tools = [.. Tools] };
        var first = await ContentsAsync(model, options, Question);
        var call = first[^2].ShouldBeOfType<FunctionCallContent>();

        (call.Name, call.RawRepresentation).ShouldBe((tool, arguments));
        JsonSerializer.Serialize(call.Arguments).ShouldBe(JsonSerializer.Serialize(JsonElement.Parse(arguments)));
        (await FinishAsync(model, options, Question)).ShouldBe(ChatFinishReason.ToolCalls);
        (await ContentsAsync(model, options, Question)).OfType<FunctionCallContent>().Single().CallId
            .ShouldBe(call.CallId, "the same prompt, the same call");

        ChatMessage[] answered =
        [
            Question, new(ChatRole.Assistant, [call]),
            new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "noon")]),
        ];
        Text(await ContentsAsync(model, options, answered)).ShouldBe("The tool answered: noon");
        (await FinishAsync(model, options, answered)).ShouldBe(ChatFinishReason.Stop);

        var next = await ContentsAsync(model, options, [.. answered, new(ChatRole.Assistant, "Noon."), Question]);
        next.OfType<FunctionCallContent>().Single().CallId.ShouldNotBe(call.CallId, "a new question, a new call");
    }

    [Theory]
    [InlineData("tool")]
    [InlineData("approval")]
    [InlineData("fail-in-tool")]
    [InlineData("client-tool")]
    public async Task Without_a_tool_they_say_so(string model)
    {
        foreach (var options in (ChatOptions?[])[null, new() { Tools = [.. Tools], ToolMode = ChatToolMode.None }])
        {
            var contents = await ContentsAsync(model, options, Question);
            Text(contents).ShouldContain("there is none that I may call");
            contents.ShouldNotContain(x => x is FunctionCallContent);
        }
        if (model == "client-tool")
            Text(await ContentsAsync(model, new() { Tools = [.. Tools[..3]] }, Question))
                .ShouldContain("there is none");
    }

    [Fact]
    public async Task One_is_expensive()
    {
        var usage = (await ContentsAsync("expensive", null, Question)).OfType<UsageContent>().Single().Details;

        (usage.InputTokenCount, usage.OutputTokenCount).ShouldBe((100_000, 50_000));
    }

    [Fact]
    public async Task A_limit_of_tokens_is_kept_and_said()
    {
        (await FinishAsync("tool", new() { Tools = [.. Tools], MaxOutputTokens = 2 }, Question))
            .ShouldBe(ChatFinishReason.Length);
    }

    static string Text(IEnumerable<AIContent> contents) =>
        string.Concat(contents.OfType<TextContent>().Select(x => x.Text));

    static async Task<List<AIContent>> ContentsAsync(string model, ChatOptions? options, params ChatMessage[] prompt) =>
        [.. (await PlayAsync(model, options, prompt)).SelectMany(x => x.Contents)];

    static async Task<ChatFinishReason?> FinishAsync(string model, ChatOptions? options, params ChatMessage[] prompt) =>
        (await PlayAsync(model, options, prompt))[^1].FinishReason;

    static async Task<List<ChatResponseUpdate>> PlayAsync(string model, ChatOptions? options, ChatMessage[] prompt) =>
        await new DemoChatClient(model, new JumpingTime()).GetStreamingResponseAsync(prompt, options).ToListAsync();

    static AIFunctionDeclaration Declare(string name, string schema = """{"type":"object","properties":{}}""") =>
        AIFunctionFactory.CreateDeclaration(name, "A tool.", JsonElement.Parse(schema));
}
