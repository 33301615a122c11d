using System.Globalization;
using System.Text.RegularExpressions;
using Cote.Load.Figures;
using Cote.Load.Runs;

namespace Cote.Load.Yardsticks;

/// <summary>
/// pgbench writing the rows of a send, in one pipelined transaction of prepared statements, into Cote's own tables in a
/// schema of its own, which goes again afterwards.
/// </summary>
sealed partial class PostgresRows : IAsyncDisposable
{
    const string Schema = "cote_bench";

    const string Send = """
        \startpipeline
        begin;
        update heads set seq = seq + 1, unit = gen_random_uuid()::text where user_id = 'u' || :client_id;
        update chats c set last_seq = last_seq + 2, last_message_time = 1, last_message_content = 'How do doves find their way home over the sea?', activity = h.seq, changed = h.seq from heads h where h.user_id = 'u' || :client_id and c.user_id = h.user_id and c.id = 'c';
        insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_id, timestamp, listed, event_seq, tokens, fingerprint) select h.user_id, h.unit, 'c', c.last_seq - 1, 'user', 'text', 'How do doves find their way home over the sea?', 'sent', 'normal', '[]', md5(h.unit), 1, 1, h.seq, 12, '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' from heads h join chats c on c.user_id = h.user_id and c.id = 'c' where h.user_id = 'u' || :client_id;
        insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, reply_to_id, timestamp, listed, state, model) select h.user_id, md5(h.unit), 'c', c.last_seq, 'ai', 'text', '', 'sent', 'normal', h.unit, 1, 0, 'queued', 'openai/bench' from heads h join chats c on c.user_id = h.user_id and c.id = 'c' where h.user_id = 'u' || :client_id;
        insert into events (user_id, seq, type, chat_id, message_id, at) select h.user_id, h.seq, 'message', 'c', h.unit, 1 from heads h where h.user_id = 'u' || :client_id;
        commit;
        \endpipeline
        """;

    readonly string _url;
    readonly string _script;
    readonly int _clients;

    PostgresRows(string url, string script, int clients) => (_url, _script, _clients) = (url, script, clients);

    public static async Task<PostgresRows> MakeAsync(string url, string root, int clients, string folder)
    {
        var rows = new PostgresRows(url, Path.Combine(folder, "send.sql"), clients);
        await File.WriteAllTextAsync(rows._script, Send);
        var tables = await File.ReadAllTextAsync(
            Path.Combine(root, "src", "Cote", "Data", "Migrations", "0001_start.sql"));
        var setUp = Path.Combine(folder, "tables.sql");
        await File.WriteAllTextAsync(setUp, $"""
            drop schema if exists {Schema} cascade;
            create schema {Schema};
            set search_path = {Schema};
            {tables}
            alter table heads set (fillfactor = 50);
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
              select 'u' || n, 'u' || n, 'u' || n, 'u' || n, 'u' || n, '', 0 from generate_series(0, {clients - 1}) n;
            insert into heads (user_id) select id from users;
            insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint)
              select id, 'c', 'bench', 0, 0, 0, 0, 0, '' from users;
            """);
        await SaidAsync("psql", [url, "-q", "-v", "ON_ERROR_STOP=1", "-f", setUp]);
        return rows;
    }

    public async Task<Sample> RunAsync(TimeSpan length)
    {
        var seconds = Math.Max(1, (int)length.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var clients = _clients.ToString(CultureInfo.InvariantCulture);
        var said = await SaidAsync(
            "pgbench", ["-n", "-M", "prepared", "-c", clients, "-j", "2", "-T", seconds, "-f", _script, _url]);
        var count = long.Parse(Counted().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
        var failed = Failed().Match(said) is { Success: true } match
            ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        return new(double.Parse(PerSecond().Match(said).Groups[1].Value, CultureInfo.InvariantCulture), count, failed);
    }

    /// <summary>Statistics of all tables of the database, these and Cote's.</summary>
    public Task AnalyzeAsync() => SaidAsync("psql", [_url, "-q", "-c", "analyze"]);

    public async ValueTask DisposeAsync() =>
        await SaidAsync("psql", [_url, "-q", "-c", $"drop schema if exists {Schema} cascade"]);

    static Task<string> SaidAsync(string program, string[] arguments) =>
        Programs.SaidAsync(program, arguments, CancellationToken.None, variables: new Dictionary<string, string>
        {
            ["PGOPTIONS"] = $"-c search_path={Schema} -c client_min_messages=warning",
        });

    [GeneratedRegex(@"tps = ([0-9.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"transactions actually processed: (\d+)")]
    private static partial Regex Counted();

    [GeneratedRegex(@"failed transactions: (\d+)")]
    private static partial Regex Failed();
}
