using System.Net;
using Cote.Chats;
using Cote.Events;
using Cote.Models;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Micro;

/// <summary>
/// The rooms as the program puts them together, on a database of their own, without a port open and without a loop
/// running: the container is built and the database opened by hand.
/// </summary>
sealed class OpenServices : IAsyncDisposable
{
    readonly string _folder;
    readonly WebApplication _app;

    OpenServices(string folder, WebApplication app) => (_folder, _app) = (folder, app);

    public required string UserId { get; init; }

    public static async Task<OpenServices> OpenAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cote-micro-").FullName;
        var app = CoteHost.Create(
            [$"--Cote:Data:Directory={folder}", "--urls=http://127.0.0.1:0",
                "--Cote:Realtime:ConnectionsPerUser=1000000"]);
        var (clock, db) = (app.Services.GetRequiredService<Clock>(), app.Services.GetRequiredService<Database>());
        var user = clock.NewId();
        var services = new OpenServices(folder, app) { UserId = user };
        await db.Engine.OpenAsync(CancellationToken.None);
        await services.Get<EventLog>().OpenAsync(null, CancellationToken.None);
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
            values ({user}, 'ada', 'ada', 'ada@example.com', 'ada@example.com', '', {clock.Now})
            """);
        batch.Execute($"insert into heads (user_id) values ({user})");
        await db.WriteAsync(batch);
        return services;
    }

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>A token of a session that is in the database.</summary>
    public async Task<string> LogInAsync()
    {
        var clock = Get<Clock>();
        var session = new Session(clock.NewId(), UserId, "bench", IPAddress.Loopback.ToString(), clock.Now, clock.Now,
            clock.Now + TimeSpan.FromDays(1));
        var batch = new WriteBatch();
        SessionStore.Add(batch, session, SecureTokens.Token(), $"true");
        await Get<Database>().WriteAsync(batch);
        return Get<AccessTokens>().Create(session).Token;
    }

    /// <summary>
    /// A chat with so many messages that have ended, questions and replies by turns; and its last question.
    /// </summary>
    public async Task<(string Chat, string Question)> ChatAsync(int messages)
    {
        var clock = Get<Clock>();
        var (chat, question) = (clock.NewId(), "");
        var text = string.Concat(Enumerable.Repeat("How do doves find their way home? ", 7));
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into chats (user_id, id, title, created_at, created_seq, last_message_time, last_seq, activity, changed, fingerprint)
            values ({UserId}, {chat}, 'bench', {clock.Now}, 1, {clock.Now}, {messages}, 1, 1, '')
            """);
        for (var seq = 1; seq <= messages; seq++)
        {
            var (id, isQuestion) = (clock.NewId(), seq % 2 == 1);
            batch.Execute($"""
                insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, reply_to_id, timestamp, listed,
                  event_seq, tokens, state, attempt, text_attempt, model)
                values ({UserId}, {id}, {chat}, {seq}, {(isQuestion ? Senders.User : Senders.Ai)}, 'text', {text}, {Statuses.Read}, 'normal',
                  {(isQuestion ? null : question)}, {clock.Now}, 1, {seq}, {(long)TokenEstimate.Of(text)},
                  {(isQuestion ? null : States.Completed)}, 1, 1, {(isQuestion ? null : "openai/bench")})
                """);
            question = isQuestion ? id : question;
        }
        await Get<Database>().WriteAsync(batch);
        return (chat, question);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
