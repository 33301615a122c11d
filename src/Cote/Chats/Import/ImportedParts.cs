using System.Text.Json;
using Cote.Models;
using Cote.Primitives;
using Cote.Tools;

namespace Cote.Chats;

/// <summary>
/// Collects what a reply of another product is made of, in its order. What is out of shape is left out.
/// </summary>
sealed class ImportedParts(PartBounds bounds)
{
    const int LongestTitle = 200;

    readonly List<Part> _parts = [];
    readonly HashSet<string> _sources = [];

    /// <summary>Whether there is nothing but text.</summary>
    public bool IsPlain => _parts.TrueForAll(x => x is TextPart);

    /// <summary>The parts; none of a reply that is plain text.</summary>
    public IReadOnlyList<Part> Items => IsPlain ? [] : _parts;

    /// <summary>A range of the text, without the white space around it.</summary>
    public void AddText(string text, int start, int end)
    {
        (start, end) = (Math.Max(start, 0), Math.Min(end, text.Length));
        while (start < end && char.IsWhiteSpace(text[start]))
            start++;
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        if (start < end)
            Add(new TextPart(start, end));
    }

    /// <summary>A thought; without a text where only its time is known, and none without either.</summary>
    public void AddThought(string? text, double? seconds)
    {
        var kept = string.IsNullOrWhiteSpace(text) ? null : WellFormedText.Of(text.Trim());
        Add(new ReasoningPart(kept, seconds is >= 0 and < 1e9 ? (long)Math.Round(seconds.Value * 1_000) : null));
    }

    /// <summary>A call that is over; none without the name of its tool.</summary>
    public void AddCall(string? id, string? name, JsonElement input, JsonElement? output)
    {
        if (string.IsNullOrWhiteSpace(name))
            return;
        var known = ToolJson.NameOf(name);
        var title = known == name ? null : Excerpt.Of(WellFormedText.Of(name), LongestTitle);
        Add(new ToolPart(id ?? "", known, title, ToolSources.Server, null, CallStates.Done, input, output));
    }

    /// <summary>A citation, once.</summary>
    public void AddSource(string? title, string? url, string? snippet)
    {
        if (_sources.Add(url ?? title ?? ""))
            Add(new SourcePart(title ?? "", url, Snippet: string.IsNullOrWhiteSpace(snippet) ? null : snippet));
    }

    public void Clear() => _parts.Clear();

    void Add(Part part)
    {
        if (_parts.Count < PartBounds.MostParts && bounds.Keep(part) is { } kept)
            _parts.Add(kept);
    }
}
