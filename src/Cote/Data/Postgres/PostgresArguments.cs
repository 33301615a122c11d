using Npgsql;
using NpgsqlTypes;

namespace Cote.Data;

/// <summary>The parameters of a statement, as the driver takes them.</summary>
static class PostgresArguments
{
    /// <summary>Adds the values of a statement to a command. A null has a type too.</summary>
    public static void Bind(NpgsqlParameterCollection parameters, Sql sql)
    {
        foreach (var arg in sql.Args)
            parameters.Add(arg.Value switch
            {
                string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
                long number => new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint },
                double real => new NpgsqlParameter<double> { TypedValue = real, NpgsqlDbType = NpgsqlDbType.Double },
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
