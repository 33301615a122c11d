using Cote.Data;
using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>A connection that has searched finds no fault in an index that others have changed since.</summary>
public sealed class StaleIndexTests
{
    [Fact]
    public async Task A_search_index_that_has_grown_since_the_last_search_of_a_connection_is_not_damaged()
    {
        await using var app = await StillApp.OpenAsync();
        await app.AddUserAsync("u");
        await app.AddChatAsync("u", "c");
        for (var i = 1; i <= 20; i++)
            await app.AddMessageAsync("u", "c", $"m{i}", i, i);
        await IndexAsync(app, 1);
        using var session = new SqliteSession(
            app.Services.GetRequiredService<DataOptions>().DatabaseFile, SqliteOpenMode.ReadOnly);
        Ask(session, "select rowid from search_index where search_index match 'word'").ShouldBe(["1"]);

        for (var i = 2; i <= 20; i++)
        {
            await IndexAsync(app, i);
            Ask(session, SqliteDialect.Instance.DamagedPages!.Text).ShouldBeEmpty();
        }
    }

    static Task IndexAsync(StillApp app, long id)
    {
        string message = $"m{id}", terms = $"word w{id}";
        return app.WriteAsync($"""
            insert into search_documents (id, user_id, chat_id, message_id, terms)
            values ({id}, 'u', 'c', {message}, {terms})
            """);
    }

    static List<string> Ask(SqliteSession session, string sql)
    {
        using var command = session.Connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var answers = new List<string>();
        while (rows.Read())
            answers.Add(rows.GetString(0));
        return answers;
    }
}
