using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Cote.Chats;
using Cote.Media;
using Cote.Notices;
using Cote.Usage;
using Cote.Users;

namespace Cote.Admin;

/// <summary>Writes an export page by page.</summary>
sealed class ExportWriter(PipeWriter output, ExportStores stores, CurrentUser user) : IAsyncDisposable
{
    const int PageRows = 200;

    /// <summary>
    /// The tables whose rows an export holds. A test compares them, and the exceptions in <see cref="UserTables"/>,
    /// with the schema.
    /// </summary>
    public static readonly IReadOnlyList<string> Tables =
        ["users", "sessions", "devices", "api_keys", "identities", "chats", "messages", "message_media",
            "message_parts", "tool_calls", "media", "media_forms", "shares", "calls"];

    readonly ExportOutput _output = new(output);

    Utf8JsonWriter Json => _output.Json;

    public async Task WriteAsync(Account account, Timestamp now, CancellationToken ct)
    {
        Json.WriteStartObject();
        Json.WriteString("exported_at"u8, now.ToString());
        Json.WritePropertyName("user"u8);
        JsonSerializer.Serialize(Json, account.User, UsersJson.Default.User);
        Json.WriteString("created_at"u8, account.CreatedAt.ToString());
        await FlushAsync(ct);
        await WriteSessionsAsync(now, ct);
        Json.WritePropertyName("devices"u8);
        JsonSerializer.Serialize(
            Json, await stores.Devices.ListAsync(user.Id, user.SessionId, ct), DevicesJson.Default.IReadOnlyListDevice);
        Json.WritePropertyName("api_keys"u8);
        JsonSerializer.Serialize(
            Json, await stores.Keys.ListAsync(user.Id, now, ct), UsersJson.Default.IReadOnlyListApiKey);
        Json.WritePropertyName("identities"u8);
        JsonSerializer.Serialize(
            Json, await stores.Identities.ListAsync(user.Id, ct), UsersJson.Default.IReadOnlyListIdentity);
        await WriteMediaAsync(ct); // before the chats: an import, which reads once, tells missing ones by their names
        await WriteChatsAsync(ct);
        Json.WritePropertyName("shares"u8);
        JsonSerializer.Serialize(
            Json, await stores.Shares.ListAsync(user.Id, now, ct), SharingJson.Default.IReadOnlyListShare);
        await WriteUsageAsync(ct);
        await WriteTablesAsync([.. stores.Hosts.SelectMany(x => x.Tables).Where(x => x.IsExported)], ct);
        Json.WriteEndObject();
        await FlushAsync(ct);
    }

    public ValueTask DisposeAsync() => _output.DisposeAsync();

    async Task WriteSessionsAsync(Timestamp now, CancellationToken ct)
    {
        Json.WritePropertyName("sessions"u8);
        var sessions = await stores.Sessions.ListAsync(user.Id, now, ct);
        JsonSerializer.Serialize<IReadOnlyList<SessionInfo>>(Json,
            [.. sessions.Select(x => SessionInfo.From(x, user.SessionId))],
            UsersJson.Default.IReadOnlyListSessionInfo);
    }

    async Task WriteChatsAsync(CancellationToken ct)
    {
        var chats = new ChatExportWriter(_output, new(stores.Messages, stores.Media, stores.Links), user.Id);
        Json.WriteStartArray("chats"u8);
        for (string? before = null; ;)
        {
            var page = await stores.Chats.ListAllAsync(user.Id, before, PageRows, ct);
            foreach (var chat in page.Where(x => !x.Temporary))
                await chats.WriteAsync(chat, ct);
            if (page.Count < PageRows)
                break;
            before = page[^1].Id;
        }
        Json.WriteEndArray();
    }

    async Task WriteMediaAsync(CancellationToken ct)
    {
        Json.WriteStartArray("media"u8);
        for (var after = ""; ;)
        {
            var page = await stores.Media.ListAllAsync(user.Id, after, PageRows, ct);
            foreach (var file in page)
            {
                var shown = file.ToUploaded(stores.Links);
                // What is made of other files can be made again; a transcript was paid for.
                if (file.IsAudio || file.IsVideo)
                    shown = shown with { Text = await TranscriptOfAsync(file, ct) };
                JsonSerializer.Serialize(Json, shown, MediaJson.Default.Uploaded);
            }
            await FlushAsync(ct);
            if (page.Count < PageRows)
                break;
            after = page[^1].Id;
        }
        Json.WriteEndArray();
    }

    async Task<string?> TranscriptOfAsync(MediaFile file, CancellationToken ct)
    {
        try
        {
            return await stores.Forms.FindTextAsync(file, ct) is { Bytes: { Length: > 0 } bytes }
                ? Encoding.UTF8.GetString(bytes) : null;
        }
        catch (Exception error) when (error is IOException or ProblemException)
        {
            return null; // Its bytes are lost, or the storage is away.
        }
    }

    async Task WriteUsageAsync(CancellationToken ct)
    {
        Json.WriteStartArray("usage"u8);
        for (CallInfo? after = null; ;)
        {
            var page = await stores.Usage.ListCallsAsync(user.Id, after, PageRows, ct);
            foreach (var call in page)
                JsonSerializer.Serialize(Json, call, UsageJson.Default.CallInfo);
            await FlushAsync(ct);
            if (page.Count < PageRows)
                break;
            after = page[^1];
        }
        Json.WriteEndArray();
    }

    // Of a host's own tables all columns, under their names in the database.
    async Task WriteTablesAsync(IReadOnlyList<HostTable> tables, CancellationToken ct)
    {
        if (tables.Count == 0)
            return;
        Json.WriteStartObject("tables"u8);
        foreach (var table in tables)
        {
            var rows = new CopyTable(table.Name, table.Key, $"{Sql.Names(table.User!)} = {user.Id}");
            IReadOnlyList<Column> columns =
                [.. table.Columns.Select(x => new Column(x.Name, CopyTable.KindOf(x.Type)))];
            Json.WriteStartArray(table.Name);
            for (IReadOnlyList<object?>? after = null;
                await rows.PageAsync(stores.Database, columns, after, ct) is { Count: > 0 } page;
                after = rows.KeyOf(columns, page[^1]))
            {
                foreach (var row in page)
                    WriteRow(columns, row);
                await FlushAsync(ct);
            }
            Json.WriteEndArray();
        }
        Json.WriteEndObject();
    }

    void WriteRow(IReadOnlyList<Column> columns, object?[] row)
    {
        Json.WriteStartObject();
        for (var i = 0; i < row.Length; i++)
        {
            Json.WritePropertyName(columns[i].Name);
            switch (row[i])
            {
                case null: Json.WriteNullValue(); break;
                case long number: Json.WriteNumberValue(number); break;
                case double real when double.IsFinite(real): Json.WriteNumberValue(real); break;
                case byte[] bytes: Json.WriteBase64StringValue(bytes); break;
                case var value: Json.WriteStringValue(value.ToString()); break; // JSON has no infinity
            }
        }
        Json.WriteEndObject();
    }

    Task FlushAsync(CancellationToken ct) => _output.FlushAsync(ct);
}
