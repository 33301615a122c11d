using Cote.Primitives;
using Microsoft.Data.Sqlite;

namespace Cote.Data;

/// <summary>The only session while the schema is brought up to date: the process holds the file's lock.</summary>
sealed class SqliteMigrationConnection(SqliteSession session, string file) : MigrationConnection
{
    public override string Engine => SqliteDialect.Instance.Name;

    public override Task BeginAsync() => ExecuteAsync("begin immediate");

    public override Task CommitAsync() => ExecuteAsync("commit");

    public override Task RollBackAsync() => session.InTransaction ? ExecuteAsync("rollback") : Task.CompletedTask;

    public override Task ExecuteAsync(string constant)
    {
        session.Execute(constant);
        return Task.CompletedTask;
    }

    public override Task<IReadOnlyList<T>> ListAsync<T>(Sql sql, Func<Row, T> map) =>
        Task.FromResult(session.List(sql, map));

    public override Sql Columns => $"""
        select m.name, c.name, lower(c.type), c.pk from sqlite_master m, pragma_table_info(m.name) c
        where m.type = 'table' and m.name not like 'sqlite^_%' escape '^'
        """;

    public override Task CompareByBytesAsync(string prefix) => Task.CompletedTask; // it always does

    public override string? CopyBefore(string migration)
    {
        var copy = $"{file}.before-{migration}";
        File.Delete(copy);
        OwnerOnly.CreateFile(copy);
        using var aside = new SqliteConnection($"Data Source={copy};Pooling=False");
        session.Connection.BackupDatabase(aside);
        return copy;
    }
}
