using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>Short ways to shares, for those who own them and those who have a link.</summary>
static class Sharing
{
    /// <summary>The path below which a new share is shown: <c>/shared/{token}</c>.</summary>
    public static async Task<string> ShareAsync(this CoteClient owner, string chat, object? body = null) =>
        PathOf((await owner.PostAsync($"/chats/{chat}/shares", body)).Ok());

    /// <summary>Where the page of a share reads it.</summary>
    public static string PathOf(Reply share) => share["url"].Replace("/s/", "/shared/", StringComparison.Ordinal);

    /// <summary>The token of a share's path.</summary>
    public static string TokenOf(string path) => path["/shared/".Length..];

    /// <summary>What a share shows now.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ShownAsync(this CoteClient viewer, string path) =>
        [.. (await viewer.GetAsync(path)).Ok().Json.GetProperty("messages").EnumerateArray()];

    /// <summary>The contents that a share shows now.</summary>
    public static async Task<IEnumerable<string>> ContentsAsync(this CoteClient viewer, string path) =>
        (await viewer.ShownAsync(path)).Select(x => x.GetProperty("content").GetString()!);

    /// <summary>The answer to whoever asks for what no link shows, for whatever reason.</summary>
    public static void ShouldBeNoShare(this Reply reply) =>
        reply.ShouldBeProblem(404, "share_not_found", "This link does not exist");
}
