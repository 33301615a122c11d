using Npgsql;

namespace Cote.Data;

/// <summary>
/// The name of a PostgreSQL database, in the three forms in use: a URL (<c>postgres://ada:secret@db/cote</c>), the
/// driver's keywords (<c>Host=db;Database=cote</c>) and libpq's (<c>host=db dbname=cote</c>). No error repeats it: it
/// holds a password.
/// </summary>
static class PostgresUrl
{
    // libpq's names of keywords that the driver names otherwise; the others are the same.
    static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["dbname"] = "Database",
        ["user"] = "Username",
        ["hostaddr"] = "Host",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["connect_timeout"] = "Timeout",
        ["application_name"] = "Application Name",
        ["target_session_attrs"] = "Target Session Attributes",
        ["client_encoding"] = "Client Encoding",
    };

    /// <summary>Host, port and database, as errors name them: without user and password.</summary>
    public static string PlaceOf(NpgsqlConnectionStringBuilder settings) =>
        $"{settings.Host}:{settings.Port}, database {settings.Database ?? settings.Username}";

    /// <summary>
    /// Reads any of the three forms; <paramref name="setting"/> is the name of the setting in an error.
    /// </summary>
    public static NpgsqlConnectionStringBuilder Parse(Secret given, string setting)
    {
        var text = given.Reveal().Trim();
        try
        {
            return text.Contains("://", StringComparison.Ordinal) ? ReadUrl(text, setting)
                : text.Contains(';') || !text.Contains('=') ? new(text)
                : ReadPairs(text);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or UriFormatException)
        {
            throw Wrong(setting); // without the inner exception: it repeats the value
        }
    }

    static NpgsqlConnectionStringBuilder ReadUrl(string text, string setting)
    {
        var url = new Uri(text);
        if (url.Scheme is not ("postgres" or "postgresql"))
            throw Wrong(setting);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Length > 0 ? Uri.UnescapeDataString(url.Host).Trim('[', ']') : "localhost",
        };
        if (url.Port > 0)
            builder.Port = url.Port;
        if (url.AbsolutePath.Trim('/') is { Length: > 0 } database)
            builder.Database = Uri.UnescapeDataString(database);
        if (url.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var rest])
        {
            builder.Username = Uri.UnescapeDataString(user);
            if (rest is [var password])
                builder.Password = Uri.UnescapeDataString(password);
        }
        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            if (pair.Split('=', 2) is [var name, var value])
                Set(builder, Uri.UnescapeDataString(name), Uri.UnescapeDataString(value));
            else
                throw Wrong(setting);
        return builder;
    }

    // host=db dbname=cote password='with a blank, a \' and a \\'
    static NpgsqlConnectionStringBuilder ReadPairs(string text)
    {
        var builder = new NpgsqlConnectionStringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0)
                throw new FormatException();
            var name = text[at..equals].Trim();
            for (at = equals + 1; at < text.Length && text[at] == ' ';)
                at++;
            var quoted = at < text.Length && text[at] == '\'';
            var value = new System.Text.StringBuilder();
            for (at += quoted ? 1 : 0; at < text.Length && (quoted ? text[at] != '\'' : text[at] != ' '); at++)
                value.Append(text[at] == '\\' && at + 1 < text.Length ? text[++at] : text[at]);
            if (quoted && at++ >= text.Length)
                throw new FormatException();
            Set(builder, name, value.ToString());
            while (at < text.Length && text[at] == ' ')
                at++;
        }
        return builder;
    }

    static void Set(NpgsqlConnectionStringBuilder builder, string name, string value) =>
        builder[Names.GetValueOrDefault(name, name)] = name.Equals("sslmode", StringComparison.OrdinalIgnoreCase)
            ? value.Replace("-", "", StringComparison.Ordinal) : value;

    static StartupException Wrong(string setting) => new(
        $"{setting} does not name a PostgreSQL database. It is postgres://user:password@host:5432/database, "
        + "or keywords: Host=…;Username=…;Password=…;Database=….");
}
