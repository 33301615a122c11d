using System.Data.Common;
using Cote.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Harness;

/// <summary>
/// The rooms of the program without a port and without a loop running, over an embedded database or one of the engine
/// of this assembly: the rows and the rounds of loops are the test's.
/// </summary>
public sealed class StillApp : IAsyncDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("cote-test-").FullName;
    readonly WebApplication _app;
    readonly string? _url;

    StillApp(string? url, string[] settings)
    {
        _url = url;
        _app = CoteHost.Create([
            $"--Cote:Data:Directory={_directory}", "--Logging:LogLevel:Default=None",
            .. url is null ? []
                : new[] { $"--Cote:Data:Postgres={url}", $"--Cote:Auth:SigningKey={Engine.SigningKey}" },
            .. settings.Select(x => $"--Cote:{x}"),
        ]);
    }

    public IServiceProvider Services => _app.Services;

    internal Database Db => Services.GetRequiredService<Database>();

    public static Task<StillApp> OpenAsync(params string[] settings) => OpenAsync(null, settings);

    /// <summary>The same over a new database of the engine of this assembly.</summary>
    public static async Task<StillApp> OpenOnEngineAsync() =>
        await OpenAsync(Engine.IsPostgres ? await Engine.CreateDatabaseAsync() : null, []);

    static async Task<StillApp> OpenAsync(string? url, string[] settings)
    {
        var app = new StillApp(url, settings);
        if (url is null)
            await Engine.CreateFileAsync(app._directory);
        await app.Services.GetRequiredService<DatabaseEngine>().OpenAsync(default);
        await app.Services.GetRequiredService<EventLog>().OpenAsync(null, default);
        return app;
    }

    /// <summary>A connection beside the server's own.</summary>
    public Task<DbConnection> ConnectAsync() => Engine.ConnectAsync(_url, _directory);

    /// <summary>Changes rows without a look at foreign keys.</summary>
    public Task PlantAsync(string sql) => Engine.PlantAsync(_url, _directory, sql);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await Engine.DropAsync(_url);
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Runs these statements as one write.</summary>
    internal async Task WriteAsync(params Sql[] statements)
    {
        var batch = new WriteBatch();
        foreach (var sql in statements)
            batch.Execute(sql);
        (await Db.WriteAsync(batch)).ShouldBe(Outcome.Committed);
    }

    /// <summary>How many rows there are <c>from</c> somewhere.</summary>
    internal Task<long> CountAsync(Sql from) =>
        Db.FirstAsync($"select count(*) from {from}", row => row.GetInt64(0), default);

    /// <summary>Adds a user with the head of an empty log.</summary>
    internal Task AddUserAsync(string id) => WriteAsync(
        $"""
        insert into users (id, username, username_key, email, email_key, password_hash, created_at)
        values ({id}, {id}, {id}, {id}, {id}, '', 0)
        """,
        $"insert into heads (user_id) values ({id})");

    /// <summary>Adds a chat, deleted at a time where one is named.</summary>
    internal Task AddChatAsync(string userId, string id, Timestamp? deletedAt = null) => WriteAsync($"""
        insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint,
          deleted_at)
        values ({userId}, {id}, '', 0, 0, 0, 0, 0, '', {deletedAt?.Milliseconds})
        """);

    /// <summary>Adds a message with the number of its event.</summary>
    internal Task AddMessageAsync(string userId, string chatId, string id, long seq, long eventSeq) => WriteAsync($"""
        insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp, listed, event_seq)
        values ({userId}, {id}, {chatId}, {seq}, 'user', 'text', 'x', 'sent', 'normal', 0, 1, {eventSeq})
        """);

    /// <summary>Adds an event to a user's log.</summary>
    internal Task AppendAsync(string userId, long seq, string type, string chatId, string? messageId) => WriteAsync(
        $"update heads set seq = {seq} where user_id = {userId}",
        $"""
        insert into events (user_id, seq, type, chat_id, message_id, at)
        values ({userId}, {seq}, {type}, {chatId}, {messageId}, 0)
        """);
}
