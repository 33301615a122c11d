using System.Data.Common;
using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace Cote.Tests.Users;

/// <summary>Changes rows behind a server's back, to what an older version or another time has left there.</summary>
static class Rows
{
    public static async Task ExecuteAsync(CoteApp app, string sql)
    {
        await using var read = await app.ConnectAsync();
        await using var db = read is SqliteConnection
            ? await OpenAsync(Path.Combine(app.Data, "cote.db")) : await app.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    static async Task<DbConnection> OpenAsync(string file)
    {
        var db = new SqliteConnection($"Data Source={file};Pooling=False");
        await db.OpenAsync();
        return db;
    }
}
