using System.Text.Json;
using Cote.Models;
using Cote.Tools;

namespace Cote.Chats;

/// <summary>A field of a chat that was sent.</summary>
/// <param name="Column">What it sets, where <c>h</c> is the locked head.</param>
/// <param name="Print">Writes it into a fingerprint; null where it says no more than the default.</param>
readonly record struct ChatField(Sql Column, Action<Utf8JsonWriter>? Print);

/// <summary>The fields that a chat takes when it is made and later: <c>null</c> is the default.</summary>
static class ChatFields
{
    public const int LongestSystemPrompt = 32_000;
    public const int MostTools = 256;

    /// <summary>How much a model may be asked to think.</summary>
    public static readonly string[] Efforts = ["none", "low", "medium", "high"];

    /// <summary>The fields that the body names, but for the title.</summary>
    public static async Task<IReadOnlyList<ChatField>> ReadAsync(
        RequestReader request, ModelCatalogue models, ToolRegistry tools, CancellationToken ct)
    {
        var fields = Read(request, models);
        if (request.Has("tools"))
            fields.Add(await ReadToolsAsync(request, tools, ct));
        return fields;
    }

    static async Task<ChatField> ReadToolsAsync(RequestReader request, ToolRegistry tools, CancellationToken ct)
    {
        if (!request.HasValue("tools"))
            return new($"tools = {(string?)null}", null);
        IReadOnlyList<string> names = [.. request.Texts("tools", MostTools, ToolNames.MaxLength).Distinct()];
        foreach (var name in names)
            if (!await tools.AcceptsAsync(name, ct))
            {
                request.AddError("tools", $"`{name}` is no tool of this server; GET /tools lists them");
                break;
            }
        var json = JsonSerializer.Serialize(names, MessagesJson.Default.IReadOnlyListString);
        return new($"tools = {json}", x =>
        {
            x.WritePropertyName("tools"u8);
            x.WriteRawValue(json);
        });
    }

    static List<ChatField> Read(RequestReader request, ModelCatalogue models)
    {
        var fields = new List<ChatField>();
        if (request.Has("is_pinned"))
        {
            var isPinned = request.OptionalFlag("is_pinned") ?? false;
            fields.Add(new($"is_pinned = {isPinned}", isPinned ? x => x.WriteBoolean("is_pinned"u8, true) : null));
        }
        if (request.Has("is_archived"))
            fields.Add(Archived(request.OptionalFlag("is_archived") ?? false));
        if (request.Has("model"))
        {
            var name = request.OptionalText("model", 0, 200);
            var model = name is null ? null : models.Resolve(name);
            if (name is not null && model is null)
                request.AddError("model", "no such model; GET /models lists what can be chosen");
            fields.Add(new($"model = {model}", model is null ? null : x => x.WriteString("model"u8, model)));
        }
        if (request.Has("system_prompt"))
        {
            var prompt = request.OptionalText("system_prompt", 0, LongestSystemPrompt);
            fields.Add(new($"system_prompt = {prompt}",
                prompt is null ? null : x => x.WriteString("system_prompt"u8, prompt)));
        }
        if (request.Has("temperature"))
        {
            var temperature = request.OptionalNumber("temperature", 0, 2);
            fields.Add(new($"temperature = {temperature}",
                temperature is { } degree ? x => x.WriteNumber("temperature"u8, degree) : null));
        }
        if (request.Has("max_tokens"))
        {
            var most = request.OptionalInteger("max_tokens", 1, 10_000_000);
            fields.Add(new($"max_tokens = {most}",
                most is { } count ? x => x.WriteNumber("max_tokens"u8, count) : null));
        }
        if (request.Has("reasoning_effort"))
        {
            var effort = ReadEffort(request);
            fields.Add(new($"reasoning_effort = {effort}",
                effort is null ? null : x => x.WriteString("reasoning_effort"u8, effort)));
        }
        return fields;
    }

    /// <summary>How much a model is to think: <c>none</c>, <c>low</c>, <c>medium</c> or <c>high</c>; null is its own
    /// measure.</summary>
    public static string? ReadEffort(RequestReader request) =>
        request.OptionalChoice("reasoning_effort", Efforts);

    /// <summary>What archives a chat, or takes it back; the event is kept where that changes it.</summary>
    public static ChatField Archived(bool isArchived) => new(
        $"""
        archived_seq = case when is_archived = {isArchived} then archived_seq else h.seq end, is_archived = {isArchived}
        """, isArchived ? x => x.WriteBoolean("is_archived"u8, true) : null);
}
