using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>What a demo model says in one step.</summary>
/// <param name="Pieces">Its pieces, each a chunk of the stream.</param>
/// <param name="Usage">What it counts, or null: as many tokens as words.</param>
sealed record DemoStep(IReadOnlyList<AIContent> Pieces, UsageDetails? Usage = null);

/// <summary>
/// The demo models whose answers are more than text: one thinks, one cites, some call tools. What they say follows from
/// the prompt alone: where the question has a result already, they answer with it.
/// </summary>
static class DemoParts
{
    public const string Clock = "demo_clock";
    public const string Note = "demo_note";

    // No tool of any server: names of MCP tools hold two underscores.
    const string Missing = "demo_missing";

    public static readonly string[] Models =
        ["thinks", "cites", "tool", "approval", "client-tool", "fail-in-tool", "expensive"];

    /// <summary>The next step of a model; null for a model that says nothing but text.</summary>
    public static DemoStep? Of(string model, IReadOnlyList<ChatMessage> prompt, ChatOptions? options, string question)
    {
        IReadOnlyList<AIFunctionDeclaration> tools = options?.ToolMode is NoneChatToolMode ? []
            : [.. options?.Tools?.OfType<AIFunctionDeclaration>() ?? []];
        return model switch
        {
            "thinks" => new(
            [
                .. Said($"The question is {question}. I am no model, so I only pretend to think about it. ")
                    .Select(x => new TextReasoningContent(x.Text)),
                .. Said("I have thought, and this is my answer: these thoughts were no part of it."),
            ]),
            "cites" => new(Citing()),
            "expensive" => new([.. Said("This answer cost as much as a book.")],
                new() { InputTokenCount = 100_000, OutputTokenCount = 50_000, TotalTokenCount = 150_000 }),
            "tool" => Calling(prompt, Clock, "{}", tools.Any(x => x.Name == Clock)),
            "approval" => Calling(prompt, Note, $$"""{"text":{{Quote(question)}}}""", tools.Any(x => x.Name == Note)),
            "fail-in-tool" => Calling(prompt, Missing, "{}", tools.Count > 0),
            "client-tool" => tools.FirstOrDefault(x => x is ClientFunction) is { } tool
                ? Calling(prompt, tool.Name, ArgumentsFor(tool, question), hasTool: true)
                : Calling(prompt, "", "{}", hasTool: false),
            _ => null,
        };
    }

    static DemoStep Calling(IReadOnlyList<ChatMessage> prompt, string name, string arguments, bool hasTool)
    {
        var question = prompt.Select(x => x.Role).ToList().LastIndexOf(ChatRole.User);
        var results = prompt.Skip(question + 1).SelectMany(x => x.Contents).OfType<FunctionResultContent>().ToList();
        if (results.Count > 0)
            return new([.. Said($"The tool answered: {ToolJson.TextOf(results[^1])}")]);
        if (!hasTool)
            return new([.. Said("I would call a tool now, but there is none that I may call.")]);
        var calls = prompt.SelectMany(x => x.Contents).Count(x => x is FunctionCallContent);
        var id = string.Create(CultureInfo.InvariantCulture, $"demo_{calls + 1}");
        using var json = JsonDocument.Parse(arguments);
        return new(
        [
            .. Said("Let me ask a tool."),
            new FunctionCallContent(id, name, json.RootElement.EnumerateObject()
                .ToDictionary(x => x.Name, x => (object?)x.Value.Clone())) { RawRepresentation = arguments },
        ]);
    }

    static List<AIContent> Citing()
    {
        const string Sun = "Doves find home by the sun";
        const string Field = "by the field of the earth";
        const string Text = Sun + ", and in bad weather " + Field + ".";
        return
        [
            .. Said(Text),
            Citation(Sun, "Sun compass", "https://doves.example/sun"),
            Citation(Field, "Magnetic compass", "https://doves.example/field"),
        ];

        static TextContent Citation(string cited, string title, string url)
        {
            var start = Text.IndexOf(cited, StringComparison.Ordinal);
            return new("")
            {
                Annotations =
                [
                    new CitationAnnotation
                    {
                        Title = title, Url = new(url), Snippet = cited + ".",
                        AnnotatedRegions =
                            [new TextSpanAnnotatedRegion { StartIndex = start, EndIndex = start + cited.Length }],
                    },
                ],
            };
        }
    }

    // Something for each parameter that must be there.
    static string ArgumentsFor(AIFunctionDeclaration tool, string question)
    {
        var schema = tool.JsonSchema;
        var members = schema.Member("required", JsonValueKind.Array)?.EnumerateArray()
            .Select(x => x.String()).OfType<string>().Select(name =>
                $"{Quote(name)}:{ValueFor(schema.Member("properties")?.Member(name)?.String("type"), question)}");
        return $"{{{string.Join(',', members ?? [])}}}";
    }

    static string ValueFor(string? type, string question) => type switch
    {
        "number" or "integer" => "1",
        "boolean" => "true",
        "array" => "[]",
        "object" => "{}",
        _ => Quote(question),
    };

    static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    static IEnumerable<TextContent> Said(string text) => DemoChatClient.Words(text).Select(x => new TextContent(x));
}
