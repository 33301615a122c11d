using System.Globalization;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>One turn of a prompt: text and images, never blank.</summary>
sealed record Turn(ChatRole Role, IReadOnlyList<AIContent> Contents)
{
    /// <summary>Its text where it is nothing but text, else null: small servers know strings only.</summary>
    public string? OnlyText => Contents is [TextContent text] ? text.Text : null;

    public bool HasImages => Contents.Any(x => x is not TextContent);
}

/// <summary>Makes a prompt fit to be sent: no blank turn, no two of one role, nothing the model refused.</summary>
static class Turns
{
    public static IReadOnlyList<Turn> Of(IEnumerable<ChatMessage> messages, Omissions omitted)
    {
        List<(ChatRole Role, List<AIContent> Contents)> turns = [];
        foreach (var message in messages)
        {
            var isSystem = message.Role == ChatRole.System;
            var role = isSystem && (omitted & Omissions.SystemRole) != 0 ? ChatRole.User : message.Role;
            foreach (var content in message.Contents)
                if (Sendable(content, omitted) is { } part)
                    Add(turns, role, part);
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

    static AIContent? Sendable(AIContent content, Omissions omitted) => content switch
    {
        TextContent text => string.IsNullOrWhiteSpace(text.Text) ? null : text,
        DataContent image when image.HasTopLevelMediaType("image") => (omitted & Omissions.Images) == 0 ? image
            : new TextContent(string.Create(CultureInfo.InvariantCulture,
                $"[{image.Name ?? "image"}: {image.MediaType}, {image.Data.Length} bytes, not shown]")),
        UriContent image when image.HasTopLevelMediaType("image") => (omitted & Omissions.Images) == 0 ? image
            : new TextContent($"[image: {image.MediaType}, not shown]"),
        _ => null,
    };
}
