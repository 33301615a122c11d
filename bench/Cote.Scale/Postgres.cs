using System.Globalization;
using Npgsql;

namespace Cote.Scale;

/// <summary>One connection for what is measured, beside the product's own.</summary>
sealed class Postgres : IAsyncDisposable
{
    readonly NpgsqlConnection _db;

    Postgres(NpgsqlConnection db) => _db = db;

    /// <summary>Opens one; statements may take as long as they take.</summary>
    public static async Task<Postgres> OpenAsync(NpgsqlConnection db)
    {
        var postgres = new Postgres(db);
        await postgres.ExecuteAsync("set statement_timeout = 0");
        return postgres;
    }

    /// <summary>Runs statements; how many rows the last one changed.</summary>
    public async Task<long> ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _db) { CommandTimeout = 0 };
        return await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ValueAsync<T>(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _db) { CommandTimeout = 0 };
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), CultureInfo.InvariantCulture);
    }

    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = new NpgsqlCommand(sql, _db) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    public ValueTask DisposeAsync() => _db.DisposeAsync();
}
