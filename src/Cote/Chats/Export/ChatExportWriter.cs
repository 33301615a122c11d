using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Media;

namespace Cote.Chats;

/// <summary>What an export of chats reads from.</summary>
sealed record ChatExportStores(MessageStore Messages, MediaStore Media, MediaLinks Links);

/// <summary>Writes JSON to a client page by page: what is written is sent before more is read.</summary>
sealed class ExportOutput(PipeWriter output) : IAsyncDisposable
{
    const int FlushBytes = 64 * 1024;

    // Not escaped beyond what JSON needs: a text of another script would take twice its bytes.
    readonly Utf8JsonWriter _json = new(output, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    long _flushed;

    public Utf8JsonWriter Json => _json;

    public bool IsDue => _json.BytesCommitted + _json.BytesPending - _flushed > FlushBytes;

    // Both: the JSON writer's flush hands its bytes to the pipe but does not flush the pipe. Without the second the
    // pipe grows to the whole export (300 MB took 900 MB of memory); with it the export waits for a slow client.
    public async Task FlushAsync(CancellationToken ct)
    {
        await _json.FlushAsync(ct);
        _flushed = _json.BytesCommitted;
        await output.FlushAsync(ct);
    }

    public ValueTask DisposeAsync() => _json.DisposeAsync();
}

/// <summary>
/// Writes a chat with the messages of all its branches, as both exports hold it and an import reads it: <c>{"chat",
/// "messages"}</c>.
/// </summary>
sealed class ChatExportWriter(ExportOutput output, ChatExportStores stores, string userId)
{
    const int PageRows = 200;
    const int PageCharacters = 500_000;

    public async Task WriteAsync(Chat chat, CancellationToken ct)
    {
        var json = output.Json;
        json.WriteStartObject();
        json.WritePropertyName("chat"u8);
        await WriteChatAsync(chat, ct);
        json.WriteStartArray("messages"u8);
        await foreach (var (message, place) in ReadAsync(stores.Messages, userId, chat.Id, ct))
        {
            Write(message.Signed(stores.Links), place);
            if (output.IsDue)
                await output.FlushAsync(ct);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await output.FlushAsync(ct);
    }

    /// <summary>The messages of a chat by <c>seq</c>, read page by page.</summary>
    public static async IAsyncEnumerable<(Message Message, TreePlace Place)> ReadAsync(
        MessageStore messages, string userId, string chatId,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        for (long after = 0; ;)
        {
            // Bounded in characters too: two hundred of the longest messages are too many to hold.
            var characters = 0L;
            var page = await messages.ListAfterAsync(
                userId, chatId, after, PageRows, x => (characters += x.Content.Length) > PageCharacters, ct);
            if (page.Count == 0)
                yield break;
            var places = await messages.ListPlacesAsync(userId, chatId, after, page[^1].Seq, ct);
            foreach (var message in page)
                yield return (message, places.GetValueOrDefault(message.Id));
            after = page[^1].Seq;
        }
    }

    // The place in the tree is no part of a message's JSON yet.
    async Task WriteChatAsync(Chat chat, CancellationToken ct)
    {
        var json = JsonSerializer.SerializeToNode(chat, WireJson.Chat)!.AsObject();
        if (!json.ContainsKey("leaf_id"))
            json["leaf_id"] = await stores.Messages.FindLeafAsync(userId, chat.Id, ct);
        json.WriteTo(output.Json);
    }

    void Write(Message message, TreePlace place)
    {
        var json = JsonSerializer.SerializeToNode(message, WireJson.Message)!.AsObject();
        if (!json.ContainsKey("parent_id"))
            json["parent_id"] = place.ParentId;
        if (!place.IsOnPath)
            json["on_path"] = false;
        json.WriteTo(output.Json);
    }
}

/// <summary>Where a message stands in the tree of its chat.</summary>
readonly record struct TreePlace(string? ParentId, bool IsOnPath);
