using Cote.Data;
using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>What a connection that has searched says of an index that others have changed since.</summary>
public sealed class StaleIndexTests
{
    [Fact]
    public async Task A_search_index_is_damaged_where_it_lacks_segments_and_not_where_it_has_grown()
    {
        await using var app = await StillApp.OpenAsync();
        await app.AddUserAsync("u");
        await app.AddChatAsync("u", "c");
        for (var i = 1; i <= 20; i++)
            await app.AddMessageAsync("u", "c", $"m{i}", i, i);
        await IndexAsync(app, 1);
        using var session = new SqliteSession(
            app.Services.GetRequiredService<DataOptions>().DatabaseFile, SqliteOpenMode.ReadOnly);
        session.List($"select rowid from search_index where search_index match 'word'", row => row.GetInt64(0))
            .ShouldBe([1]);

        for (var i = 2; i <= 20; i++)
        {
            await IndexAsync(app, i);
            FaultsOf(session).ShouldBeEmpty();
        }

        // Segments that are lost are still found out.
        await app.WriteAsync($"delete from search_index_data where id > 10");
        FaultsOf(session).ShouldHaveSingleItem().ShouldContain("malformed inverted index");
    }

    // As check asks for them.
    static IReadOnlyList<string> FaultsOf(SqliteSession session) => session.List(
        $"select * from ({SqliteDialect.Instance.DamagedPages!}) faults limit 100", row => row.GetString(0));

    static Task IndexAsync(StillApp app, long id)
    {
        string message = $"m{id}", terms = $"word w{id}";
        return app.WriteAsync($"""
            insert into search_documents (id, user_id, chat_id, message_id, terms)
            values ({id}, 'u', 'c', {message}, {terms})
            """);
    }
}
