using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cote.Chats;
using Cote.Media;
using Cote.Users;

namespace Cote.Admin;

/// <summary>Writes an export page by page.</summary>
sealed class ExportWriter(PipeWriter output, ExportStores stores, CurrentUser user) : IAsyncDisposable
{
    const int PageRows = 200;
    const int PageCharacters = 500_000;
    const int FlushBytes = 64 * 1024;

    /// <summary>
    /// The tables whose rows an export holds. A test compares them, and the exceptions in <see cref="UserTables"/>,
    /// with the schema.
    /// </summary>
    public static readonly IReadOnlyList<string> Tables =
        ["users", "sessions", "chats", "messages", "message_media", "media"];

    // Not escaped beyond what JSON needs: a text of another script would take twice its bytes.
    readonly Utf8JsonWriter _json = new(output, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    long _flushed;

    public async Task WriteAsync(Account account, Timestamp now, CancellationToken ct)
    {
        _json.WriteStartObject();
        _json.WriteString("exported_at"u8, now.ToString());
        _json.WritePropertyName("user"u8);
        JsonSerializer.Serialize(_json, account.User, UsersJson.Default.User);
        _json.WriteString("created_at"u8, account.CreatedAt.ToString());
        await FlushAsync(ct);
        await WriteSessionsAsync(now, ct);
        await WriteChatsAsync(ct);
        await WriteMediaAsync(ct);
        await WriteTablesAsync([.. stores.Hosts.SelectMany(x => x.Tables).Where(x => x.IsExported)], ct);
        _json.WriteEndObject();
        await FlushAsync(ct);
    }

    public ValueTask DisposeAsync() => _json.DisposeAsync();

    async Task WriteSessionsAsync(Timestamp now, CancellationToken ct)
    {
        _json.WritePropertyName("sessions"u8);
        var sessions = await stores.Sessions.ListAsync(user.Id, now, ct);
        JsonSerializer.Serialize<IReadOnlyList<SessionInfo>>(_json,
            [.. sessions.Select(x => new SessionInfo(
                x.Id, x.Device, x.Ip, x.CreatedAt, x.LastSeenAt, x.ExpiresAt, x.Id == user.SessionId))],
            UsersJson.Default.IReadOnlyListSessionInfo);
    }

    async Task WriteChatsAsync(CancellationToken ct)
    {
        _json.WriteStartArray("chats"u8);
        foreach (var isArchived in (bool[])[false, true])
            for (long? before = null; ;)
            {
                var page = await stores.Chats.ListAsync(
                    user.Id, isArchived, before, PageRows, static _ => false, ct);
                foreach (var chat in page.Where(x => !x.Temporary))
                    await WriteChatAsync(chat, ct);
                if (page.Count < PageRows)
                    break;
                before = page[^1].Activity;
            }
        _json.WriteEndArray();
    }

    async Task WriteChatAsync(Chat chat, CancellationToken ct)
    {
        _json.WriteStartObject();
        _json.WritePropertyName("chat"u8);
        JsonSerializer.Serialize(_json, chat, WireJson.Chat);
        _json.WriteStartArray("messages"u8);
        for (long after = 0; ;)
        {
            // Bounded in characters too: two hundred of the longest messages are too many to hold.
            var characters = 0L;
            var page = await stores.Messages.ListAfterAsync(
                user.Id, chat.Id, Branches.All, after, PageRows,
                x => (characters += x.Content.Length) > PageCharacters, ct);
            foreach (var message in page)
            {
                JsonSerializer.Serialize(_json, message.Signed(stores.Links), WireJson.Message);
                if (_json.BytesCommitted + _json.BytesPending - _flushed > FlushBytes)
                    await FlushAsync(ct);
            }
            if (page.Count == 0)
                break;
            after = page[^1].Seq;
        }
        _json.WriteEndArray();
        _json.WriteEndObject();
        await FlushAsync(ct);
    }

    async Task WriteMediaAsync(CancellationToken ct)
    {
        _json.WriteStartArray("media"u8);
        for (var after = ""; ;)
        {
            var page = await stores.Media.ListAllAsync(user.Id, after, PageRows, ct);
            foreach (var file in page)
                JsonSerializer.Serialize(_json, file.ToUploaded(stores.Links), MediaJson.Default.Uploaded);
            await FlushAsync(ct);
            if (page.Count < PageRows)
                break;
            after = page[^1].Id;
        }
        _json.WriteEndArray();
    }

    // Of a host's own tables all columns, under their names in the database.
    async Task WriteTablesAsync(IReadOnlyList<HostTable> tables, CancellationToken ct)
    {
        if (tables.Count == 0)
            return;
        _json.WriteStartObject("tables"u8);
        foreach (var table in tables)
        {
            var rows = new CopyTable(table.Name, table.Key, $"{Sql.Names(table.User!)} = {user.Id}");
            IReadOnlyList<Column> columns =
                [.. table.Columns.Select(x => new Column(x.Name, CopyTable.KindOf(x.Type)))];
            _json.WriteStartArray(table.Name);
            for (IReadOnlyList<object?>? after = null;
                await rows.PageAsync(stores.Database, columns, after, ct) is { Count: > 0 } page;
                after = rows.KeyOf(columns, page[^1]))
            {
                foreach (var row in page)
                    WriteRow(columns, row);
                await FlushAsync(ct);
            }
            _json.WriteEndArray();
        }
        _json.WriteEndObject();
    }

    void WriteRow(IReadOnlyList<Column> columns, object?[] row)
    {
        _json.WriteStartObject();
        for (var i = 0; i < row.Length; i++)
        {
            _json.WritePropertyName(columns[i].Name);
            switch (row[i])
            {
                case null: _json.WriteNullValue(); break;
                case long number: _json.WriteNumberValue(number); break;
                case double real when double.IsFinite(real): _json.WriteNumberValue(real); break;
                case byte[] bytes: _json.WriteBase64StringValue(bytes); break;
                case var value: _json.WriteStringValue(value.ToString()); break; // JSON has no infinity
            }
        }
        _json.WriteEndObject();
    }

    // Both: the JSON writer's flush hands its bytes to the pipe but does not flush the pipe. Without the second the
    // pipe grows to the whole export (300 MB took 900 MB of memory); with it the export waits for a slow client.
    async Task FlushAsync(CancellationToken ct)
    {
        await _json.FlushAsync(ct);
        _flushed = _json.BytesCommitted;
        await output.FlushAsync(ct);
    }
}
