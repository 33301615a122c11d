using System.Text.Json;

namespace Cote.Chats;

/// <summary>What a node of a reply of ChatGPT's is beside text: thoughts, a call, its output, citations.</summary>
static class ChatGptParts
{
    /// <summary>The node that says how long the model thought, as <c>Thought for 12 seconds</c>.</summary>
    public const string Recap = "reasoning_recap";

    const string Thoughts = "thoughts";

    /// <summary>Whether an assistant's node is no answer: a thought, or a call.</summary>
    public static bool IsAside(JsonElement message, JsonElement content) =>
        message.Get("author").AsText("role") == "assistant"
        && (content.AsText("content_type") is Thoughts or Recap || ToolOf(message) is not null);

    /// <summary>The text of a node: of its own, or of its parts.</summary>
    public static string TextOf(JsonElement content) => content.AsText("text") ?? string.Join("\n\n",
        content.Get("parts").Items().Select(x => x.AsText() ?? x.AsText("text"))
            .Where(x => !string.IsNullOrWhiteSpace(x)));

    /// <summary>Takes the parts of a node.</summary>
    public static void Take(string id, JsonElement message, JsonElement content, string text, ImportedParts parts)
    {
        var author = message.Get("author");
        if (author.AsText("role") == "tool")
        {
            // Where the call is not among the replies before it, it is one without arguments.
            var said = TextOf(content) is { Length: > 0 } given ? given : content.AsText("result");
            if (PartBounds.TextOf(said) is { } output)
                parts.AddCall(id, author.FirstText("name") ?? "tool", PartBounds.InputOf(null), output);
        }
        else if (content.AsText("content_type") == Thoughts)
            parts.AddThought(string.Join("\n\n", content.Get(Thoughts).Items()
                .SelectMany(x => (string?[])[x.AsText("summary"), x.AsText("content")])
                .Where(x => !string.IsNullOrWhiteSpace(x))), null);
        else if (content.AsText("content_type") == Recap)
            parts.AddThought(null, message.Get("metadata").AsNumber("finished_duration_sec"));
        else if (ToolOf(message) is { } tool)
            parts.AddCall(id, tool, PartBounds.InputOf(
                TextOf(content), content.AsText("content_type") == "code" ? "code" : "input"), null);
        else
        {
            parts.AddText(text, 0, text.Length);
            TakeSources(message.Get("metadata"), parts);
        }
    }

    static string? ToolOf(JsonElement message) =>
        message.AsText("recipient") is { Length: > 0 } to && to != "all" ? to : null;

    // Where they stood in the text is told by marks that are taken out of it.
    static void TakeSources(JsonElement metadata, ImportedParts parts)
    {
        foreach (var page in metadata.Get("content_references").Items()
            .Where(x => x.AsText("type") == "grouped_webpages").SelectMany(x => x.Get("items").Items()))
            Add(page, "snippet");
        foreach (var citation in metadata.Get("citations").Items())
            Add(citation.Get("metadata"), "text");

        void Add(JsonElement page, string snippet)
        {
            if (page.FirstText("url") is { } url)
                parts.AddSource(page.FirstText("title") ?? url, url, page.AsText(snippet));
        }
    }
}
