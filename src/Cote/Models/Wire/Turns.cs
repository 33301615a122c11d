using System.Globalization;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>One turn of a prompt: text, images and sound, calls or results, never blank.</summary>
sealed record Turn(ChatRole Role, IReadOnlyList<AIContent> Contents)
{
    /// <summary>Its text where it is nothing but text, else null: small servers know strings only.</summary>
    public string? OnlyText => Contents is [TextContent text] ? text.Text : null;

    public bool HasImages => Contents.Any(x => x is UriContent
        || x is DataContent data && data.HasTopLevelMediaType("image"));

    public bool HasSound => Contents.Any(x => x is DataContent data && data.HasTopLevelMediaType("audio"));

    public bool HasCalls => Contents.Any(x => x is FunctionCallContent);
}

/// <summary>
/// Makes a prompt fit to be sent: no blank turn, no two of one role, nothing the model refused, and directly behind
/// each turn with calls one of their results, one for each call: strict servers refuse anything else.
/// </summary>
static class Turns
{
    const string UnknownOutcome = "The outcome of this call is not known.";

    public static IReadOnlyList<Turn> Of(IEnumerable<ChatMessage> messages, Omissions omitted, string by)
    {
        var prompt = messages.ToList();
        // What was thought before an earlier answer is not demanded.
        var question = prompt.FindLastIndex(x => x.Role == ChatRole.User);
        var results = (omitted & Omissions.Tools) == 0 ? ResultsIn(prompt) : null;
        var names = NamesIn(prompt);
        List<(ChatRole Role, List<AIContent> Contents)> turns = [];
        foreach (var (place, message) in prompt.Index())
        {
            var isSystem = message.Role == ChatRole.System;
            var role = isSystem && (omitted & Omissions.SystemRole) != 0 || message.Role == ChatRole.Tool
                ? ChatRole.User : message.Role;
            List<AIContent> contents = [.. message.Contents.Select(x =>
                Sendable(x, omitted, place > question ? by : null, names)).OfType<AIContent>()];
            if (contents.TrueForAll(x => x is TextReasoningContent))
                continue;
            contents.ForEach(x => Add(turns, role, x));
            List<FunctionCallContent> calls = [.. contents.OfType<FunctionCallContent>()];
            if (calls.Count > 0)
                turns.Add((ChatRole.Tool, [.. calls.Select(x => ResultOf(x, results!))]));
        }
        return [.. turns.Select(x => new Turn(x.Role, x.Contents))];
    }

    static void Add(List<(ChatRole Role, List<AIContent> Contents)> turns, ChatRole role, AIContent part)
    {
        if (turns.Count == 0 || turns[^1].Role != role)
            turns.Add((role, []));
        var contents = turns[^1].Contents;
        if (part is TextContent text && contents is [.., TextContent last])
            contents[^1] = new TextContent(last.Text + "\n\n" + text.Text);
        else
            contents.Add(part);
    }

    // Ids repeat: some servers count the calls of each answer from 0.
    static Dictionary<string, Queue<FunctionResultContent>> ResultsIn(List<ChatMessage> prompt)
    {
        Dictionary<string, Queue<FunctionResultContent>> results = new(StringComparer.Ordinal);
        foreach (var result in prompt.SelectMany(x => x.Contents).OfType<FunctionResultContent>())
        {
            if (!results.TryGetValue(result.CallId, out var queue))
                results.Add(result.CallId, queue = []);
            queue.Enqueue(result);
        }
        return results;
    }

    static FunctionResultContent ResultOf(
        FunctionCallContent call, Dictionary<string, Queue<FunctionResultContent>> results) =>
        results.TryGetValue(call.CallId, out var queue) && queue.TryDequeue(out var result)
            ? result : new(call.CallId, UnknownOutcome);

    static Dictionary<string, string> NamesIn(List<ChatMessage> prompt)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        foreach (var call in prompt.SelectMany(x => x.Contents).OfType<FunctionCallContent>())
            names[call.CallId] = call.Name;
        return names;
    }

    static AIContent? Sendable(
        AIContent content, Omissions omitted, string? by, Dictionary<string, string> names) => content switch
        {
            TextContent text => string.IsNullOrWhiteSpace(text.Text) ? null : text,
            DataContent image when image.HasTopLevelMediaType("image") =>
                (omitted & Omissions.Images) == 0 ? image : NameOf(image, "image"),
            DataContent sound when sound.HasTopLevelMediaType("audio") =>
                (omitted & Omissions.Sound) == 0 ? sound : NameOf(sound, "recording"),
            UriContent image when image.HasTopLevelMediaType("image") => (omitted & Omissions.Images) == 0 ? image
                : new TextContent($"[image: {image.MediaType}, not shown]"),
            TextReasoningContent thought => by is not null && (omitted & Omissions.PastReasoning) == 0
                && SealedReasoning.Open(thought, by) is not null ? thought : null,
            FunctionCallContent call => (omitted & Omissions.Tools) == 0 ? call
                : new TextContent($"[called {ToolJson.NameOf(call.Name)}: {ToolJson.ArgumentsOf(call)}]"),
            // With its call, which comes before it.
            FunctionResultContent result => (omitted & Omissions.Tools) == 0 ? null
                : new TextContent($"[{ToolJson.NameOf(names.GetValueOrDefault(result.CallId))} answered: "
                    + $"{ToolJson.TextOf(result)}]"),
            _ => null,
        };

    static TextContent NameOf(DataContent file, string unnamed) => new(string.Create(CultureInfo.InvariantCulture,
        $"[{file.Name ?? unnamed}: {file.MediaType}, {file.Data.Length} bytes, not shown]"));
}
