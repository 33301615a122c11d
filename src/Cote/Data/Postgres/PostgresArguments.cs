using Npgsql;
using NpgsqlTypes;

namespace Cote.Data;

/// <summary>The values of a statement, as PostgreSQL takes them.</summary>
static class PostgresArguments
{
    /// <summary>Gives a command the values of a statement. A null still says of what type it is.</summary>
    public static void Bind(NpgsqlParameterCollection parameters, Sql sql)
    {
        foreach (var arg in sql.Args)
            parameters.Add(arg.Value switch
            {
                string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
                long number => new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint },
                double number => new NpgsqlParameter<double> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Double },
                byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea },
                _ => new NpgsqlParameter
                {
                    Value = DBNull.Value,
                    NpgsqlDbType = arg.Kind switch
                    {
                        Sql.ArgKind.Integer => NpgsqlDbType.Bigint,
                        Sql.ArgKind.Real => NpgsqlDbType.Double,
                        Sql.ArgKind.Bytes => NpgsqlDbType.Bytea,
                        _ => NpgsqlDbType.Text,
                    },
                },
            });
    }
}
