using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
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
        JsonSerializer.Serialize(json, chat, WireJson.Chat);
        json.WriteStartArray("messages"u8);
        await foreach (var message in ReadAsync(stores.Messages, userId, chat.Id, Branches.AllWithOpen, ct))
        {
            JsonSerializer.Serialize(json, message.Signed(stores.Links), WireJson.Message);
            if (output.IsDue)
                await output.FlushAsync(ct);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await output.FlushAsync(ct);
    }

    /// <summary>The messages of a chat by <c>seq</c>, read page by page.</summary>
    public static async IAsyncEnumerable<Message> ReadAsync(
        MessageStore messages, string userId, string chatId, Branches branches,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        for (long after = 0; ;)
        {
            // Bounded in characters too: two hundred of the longest messages are too many to hold.
            var characters = 0L;
            var page = await messages.ListAfterAsync(
                userId, chatId, branches, PartsView.All, after, PageRows,
                x => (characters += x.Texts.Sum(y => y?.Length ?? 0)) > PageCharacters, ct);
            if (page.Count == 0)
                yield break;
            foreach (var message in page)
                yield return message;
            after = page[^1].Seq;
        }
    }
}
