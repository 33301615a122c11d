using Cote.Data;

namespace Cote.Tests.Data;

public sealed class PostgresUrlTests
{
    [Theory]
    [InlineData("postgres://ada:p%40ss%20word@db.example:6432/cote", "db.example", 6432, "cote", "ada", "p@ss word")]
    [InlineData("postgresql://ada@db/cote", "db", 5432, "cote", "ada", null)]
    [InlineData("postgres://[::1]:7/cote?application_name=x", "::1", 7, "cote", null, null)]
    [InlineData("postgres:///cote", "localhost", 5432, "cote", null, null)]
    [InlineData("Host=db;Port=6432;Database=cote;Username=ada;Password=a=b", "db", 6432, "cote", "ada", "a=b")]
    [InlineData("host=db port=6432 dbname=cote user=ada password='it''s'", null, 0, null, null, null)]
    [InlineData(@"host=db port=6432 dbname=cote user=ada password='it\'s a \\'", "db", 6432, "cote", "ada",
        @"it's a \")]
    public void A_database_is_named_in_three_ways(string text, string? host, int port, string? database, string? user,
        string? password)
    {
        if (host is null)
        {
            Refused(text);
            return;
        }
        var parsed = PostgresUrl.Parse(new Secret(text), "DATABASE_URL");

        (parsed.Host, parsed.Port, parsed.Database, parsed.Username, parsed.Password)
            .ShouldBe((host, port, database, user, password));
    }

    [Theory]
    [InlineData("postgres://db/cote?sslmode=require", Npgsql.SslMode.Require)]
    [InlineData("postgres://db/cote?sslmode=verify-full", Npgsql.SslMode.VerifyFull)]
    [InlineData("host=db sslmode=disable", Npgsql.SslMode.Disable)]
    public void The_words_of_libpq_mean_what_they_mean_there(string text, Npgsql.SslMode mode) =>
        PostgresUrl.Parse(new Secret(text), "DATABASE_URL").SslMode.ShouldBe(mode);

    [Theory]
    [InlineData("mysql://ada:hunter2@db/cote")]
    [InlineData("postgres://db/cote?password_file=hunter2")]
    [InlineData("postgres://ada:hunter2@db:port/cote")]
    [InlineData("Host=db;Passwort=hunter2")]
    [InlineData("host=db password='hunter2")]
    [InlineData("hunter2")]
    public void What_names_none_is_refused_in_one_sentence_that_repeats_nothing_of_it(string text) => Refused(text);

    static void Refused(string text)
    {
        var refusal = Should.Throw<StartupException>(() => PostgresUrl.Parse(new Secret(text), "DATABASE_URL"));
        refusal.Message.ShouldStartWith("DATABASE_URL does not name a PostgreSQL database.");
        refusal.ToString().ShouldNotContain("hunter2");
    }
}
