using System.Text.Json;

namespace Cote.Chats;

/// <summary>
/// What newer versions of Open WebUI write beside the text of a reply: its <c>output</c>, a list of what the model
/// said, thought and called, and the <c>sources</c> that it was given.
/// </summary>
static class OpenWebUIOutput
{
    const string Between = "\n\n";

    /// <summary>The text of a reply, which the newest versions write in the list alone.</summary>
    public static string Take(JsonElement output, string text, ImportedParts parts)
    {
        var items = output.Items().ToList();
        if (items.Count == 0)
            return text;
        if (string.IsNullOrWhiteSpace(text))
            text = string.Join(Between, items.Where(IsMessage).Select(TextOf).Where(x => x.Length > 0));
        parts.Clear();
        var results = new Dictionary<string, JsonElement>();
        foreach (var item in items.Where(x => x.AsText("type") == "function_call_output"))
            results.TryAdd(item.AsText("call_id") ?? "", item.Get("output"));
        var (at, isKnown) = (0, true);
        foreach (var item in items)
            if (!IsMessage(item))
                Add(parts, item, results);
            else if (isKnown && TextOf(item) is { Length: > 0 } said)
            {
                var found = text.IndexOf(said, at, StringComparison.Ordinal);
                isKnown = found >= 0; // A text that was edited since is one range, behind all others.
                if (!isKnown)
                    continue;
                parts.AddText(text, at, found + said.Length);
                at = found + said.Length;
            }
        parts.AddText(text, at, text.Length);
        return text;
    }

    /// <summary>The citations of a reply, each address or name once.</summary>
    public static void TakeSources(JsonElement sources, ImportedParts parts)
    {
        foreach (var source in sources.Items())
        {
            var about = source.Get("metadata").Items().ToList();
            foreach (var (place, document) in source.Get("document").Items().Index())
            {
                var metadata = about.ElementAtOrDefault(place);
                var url = new[] { metadata.AsText("source"), source.Get("source").AsText("url"),
                    source.Get("source").AsText("id") }.FirstOrDefault(IsAddress);
                parts.AddSource(metadata.FirstText("name") ?? source.Get("source").FirstText("name") ?? url, url,
                    document.AsText());
            }
        }
    }

    static void Add(ImportedParts parts, JsonElement item, Dictionary<string, JsonElement> results)
    {
        switch (item.AsText("type"))
        {
            case "reasoning":
                var said = TextOf(item.Get("summary"));
                parts.AddThought(said.Length > 0 ? said : TextOf(item), item.AsNumber("duration"));
                break;
            case "function_call":
                var id = item.AsText("call_id") ?? "";
                var result = results.GetValueOrDefault(id);
                parts.AddCall(id, item.AsText("name"), PartBounds.InputOf(item.Get("arguments")),
                    result.Is(JsonValueKind.Array) ? PartBounds.TextOf(TextOf(result)) : PartBounds.OutputOf(result));
                break;
            case "open_webui:code_interpreter":
                parts.AddCall(item.AsText("id"), "code_interpreter",
                    PartBounds.Named("code", item.AsText("code") ?? ""), PartBounds.OutputOf(item.Get("output")));
                break;
        }
    }

    static bool IsMessage(JsonElement item) => item.AsText("type") == "message";

    static bool IsAddress(string? text) => text is not null && (text.StartsWith("http://", StringComparison.Ordinal)
        || text.StartsWith("https://", StringComparison.Ordinal));

    static string TextOf(JsonElement json) => string.Concat(
        (json.Is(JsonValueKind.Array) ? json : json.Get("content")).Items().Select(x => x.AsText("text"))).Trim();
}
