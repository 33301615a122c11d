using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats.Import;

/// <summary>Exports of products in small, and ways to send them.</summary>
static class Exports
{
    /// <summary>
    /// A conversation of ChatGPT's: nodes as <c>id parent role text</c>, a node without a message as <c>id parent</c>.
    /// </summary>
    public static JsonObject ChatGpt(string id, params string[] nodes)
    {
        var mapping = new JsonObject();
        foreach (var parts in nodes.Select(x => x.Split(' ', 4)))
        {
            var parent = parts[1] == "-" ? null : parts[1];
            mapping[parts[0]] = parts.Length == 2
                ? new JsonObject { ["id"] = parts[0], ["message"] = null, ["parent"] = parent }
                : ChatGptNode(parts[0], parent, parts[2], new JsonArray(parts.ElementAtOrDefault(3) ?? ""));
        }
        return new()
        {
            ["title"] = "Doves",
            ["create_time"] = 1_700_000_000.5,
            ["update_time"] = 1_700_000_100.25,
            ["mapping"] = mapping,
            ["current_node"] = nodes.Length == 0 ? null : nodes[^1].Split(' ')[0],
            ["conversation_id"] = id,
            ["default_model_slug"] = "gpt-5",
        };
    }

    public static JsonObject ChatGptNode(string id, string? parent, string role, JsonArray parts) => new()
    {
        ["id"] = id,
        ["message"] = new JsonObject
        {
            ["id"] = id,
            ["author"] = new JsonObject { ["role"] = role },
            ["create_time"] = null,
            ["content"] = new JsonObject { ["content_type"] = "text", ["parts"] = parts },
        },
        ["parent"] = parent,
    };

    /// <summary>
    /// A conversation of ChatGPT's: nodes as <c>id parent author content metadata</c>, where an author is a role, with
    /// <c>&gt;</c> the recipient or with <c>:</c> its name, and the others are JSON without spaces between them.
    /// </summary>
    public static JsonObject ChatGptParts(string id, params string[] nodes)
    {
        var chat = ChatGpt(id, [.. nodes.Select(x => x.Trim().Split(' ', 4)).Select(x => $"{x[0]} {x[1]} user")]);
        foreach (var node in nodes.Select(x => x.Trim().Split(' ', 4)))
        {
            var author = node[2].Split('>', ':');
            var message = chat["mapping"]![node[0]]!["message"]!;
            message["author"]!["role"] = author[0];
            if (author.Length == 2)
                (node[2].Contains('>') ? message : message["author"]!)[node[2].Contains('>') ? "recipient" : "name"] =
                    author[1];
            var end = node[3].LastIndexOf("} {", StringComparison.Ordinal) + 1;
            message["content"] = JsonNode.Parse(end > 0 ? node[3][..end] : node[3]);
            message["metadata"] = end > 0 ? JsonNode.Parse(node[3][end..]) : null;
        }
        return chat;
    }

    /// <summary>The tree that an import makes of a chat.</summary>
    public static ImportedTree TreeOf(string json, ToolsOptions? tools = null)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var scan = new JsonValueScan();
        scan.Read(bytes);
        return ImportedTree.Of(
            ExportFormats.Read(new(bytes, scan.Depth), new(), new(tools ?? new())).Chat!, new(1_800_000_000_000));
    }

    /// <summary>A conversation of so many questions with their answers, in order.</summary>
    public static JsonObject Straight(string id, int turns, Func<int, string>? text = null) =>
        ChatGpt(id, [.. Enumerable.Range(0, turns * 2).Select(i =>
            $"m{i} {(i == 0 ? "-" : $"m{i - 1}")} {(i % 2 == 0 ? "user" : "assistant")} "
                + (text?.Invoke(i) ?? $"text {i}"))]);

    public static string File(params JsonNode?[] items) => new JsonArray(items).ToJsonString();

    public static byte[] Zip(params (string Name, byte[] Bytes)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
                using (var entry = zip.CreateEntry(name).Open())
                    entry.Write(content);
        return bytes.ToArray();
    }

    public static Task<Reply> ImportAsync(this CoteClient client, string json, string query = "") =>
        client.SendAsync(HttpMethod.Post, "/import" + query, json);

    public static Task<Reply> ImportAsync(
        this CoteClient client, byte[] file, string query = "", string? prefer = null) =>
        client.SendAsync(HttpMethod.Post, "/import" + query, change: request =>
        {
            var form = new MultipartFormDataContent();
            var part = new ByteArrayContent(file);
            part.Headers.ContentDisposition = new("form-data") { Name = "\"file\"", FileName = "\"export.zip\"" };
            form.Add(part);
            request.Content = form;
            if (prefer is not null)
                request.Headers.Add("Prefer", prefer);
        });

    public static Task<Reply> ImportLaterAsync(this CoteClient client, string json) =>
        client.ImportAsync(Encoding.UTF8.GetBytes(json), prefer: "respond-async");

    /// <summary>What was left out, as <c>0 exists, 2 empty</c>.</summary>
    public static string Skipped(this JsonElement report) => string.Join(", ",
        report.GetProperty("skipped").EnumerateArray()
            .Select(x => $"{x.GetProperty("item")} {x.GetProperty("reason")}"));

    /// <summary>Waits until an import in the background has ended.</summary>
    public static async Task<JsonElement> EndOfImportAsync(this CoteClient client, string id)
    {
        JsonElement status = default;
        await Patience.UntilAsync(async () =>
        {
            status = (await client.GetAsync($"/import/{id}")).Ok().Json;
            return status.Text("state") is "done" or "failed";
        }, "the import ends");
        return status;
    }

    public static async Task<IReadOnlyList<JsonElement>> ChatsAsync(this CoteClient client) =>
        [.. (await client.GetAsync("/chats/")).Ok().Json.EnumerateArray()];

    /// <summary>
    /// All messages of a chat's export in the order of <c>seq</c>: its place, the place of its parent, the sender and
    /// the text, with a star where it is on the shown path.
    /// </summary>
    public static async Task<string[]> TreeAsync(this CoteClient client, string chat)
    {
        var messages = (await client.GetAsync($"/chats/{chat}/export")).Ok().Json.GetProperty("chats")[0]
            .GetProperty("messages").EnumerateArray().ToList();
        var places = messages.Index().ToDictionary(x => x.Item.Text("id"), x => x.Index + 1);
        return [.. messages.Index().Select(x => $"{x.Index + 1}<{Parent(x.Item)} {x.Item.Text("sender")}"
            + $"{(x.Item.TryGetProperty("on_path", out _) ? "" : "*")} {x.Item.Text("content")}")];

        string Parent(JsonElement message) =>
            message.GetProperty("parent_id").GetString() is { } parent ? places[parent].ToString() : "-";
    }
}
