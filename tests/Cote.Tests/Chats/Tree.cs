using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>Short ways through a chat's tree.</summary>
static class Tree
{
    /// <summary>Asks and waits for the reply's end; the ids of both.</summary>
    public static async Task<(string Question, string Reply)> TurnAsync(
        this CoteClient client, string chat, string content, object? more = null)
    {
        var body = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        body["content"] = content;
        var question = (await client.PostAsync($"/chats/{chat}/messages/", body)).Ok().Json;
        await client.EndOfAsync(chat, question.Text("reply_id"));
        return (question.Text("id"), question.Text("reply_id"));
    }

    /// <summary>Makes a reply anew and waits for its end; its id.</summary>
    public static async Task<string> AnewAsync(this CoteClient client, string chat, string message, object? body = null)
    {
        var reply = (await client.RegenerateAsync(chat, message, body)).Ok()["id"];
        await client.EndOfAsync(chat, reply);
        return reply;
    }

    public static Task<Reply> RegenerateAsync(
        this CoteClient client, string chat, string message, object? body = null) =>
        client.PostAsync($"/chats/{chat}/messages/{message}/regenerate", body);

    public static Task<Reply> SwitchAsync(this CoteClient client, string chat, string message) =>
        client.PutAsync($"/chats/{chat}/leaf", new { message_id = message });

    public static async Task<JsonElement> ChatAsync(this CoteClient client, string chat) =>
        (await client.GetAsync($"/chats/{chat}")).Ok().Json;

    /// <summary>The ids of the active path.</summary>
    public static async Task<string[]> PathAsync(this CoteClient client, string chat) =>
        [.. (await client.MessagesAsync(chat)).Select(x => x.Text("id"))];

    /// <summary>All messages of the tree, by <c>seq</c>.</summary>
    public static async Task<IReadOnlyList<JsonElement>> BranchesAsync(this CoteClient client, string chat) =>
        [.. (await client.GetAsync($"/chats/{chat}/messages/?branches=all")).Ok().Json.EnumerateArray()];

    /// <summary>A message's <c>siblings</c> as <c>index/count</c>, or null where it has none.</summary>
    public static string? Versions(this JsonElement message) =>
        message.TryGetProperty("siblings", out var siblings)
            ? $"{siblings.Number("index")}/{siblings.Number("count")}" : null;

    /// <summary>Whether the message is on the active path.</summary>
    public static bool IsOnPath(this JsonElement message)
    {
        if (!message.TryGetProperty("on_path", out var onPath))
            return true;
        onPath.GetBoolean().ShouldBeFalse("it is absent on the path");
        return false;
    }
}
