using System.Diagnostics;
using Cote.Load.Figures;
using Microsoft.Data.Sqlite;

namespace Cote.Load.Yardsticks;

/// <summary>
/// A loop that writes the rows of a send into Cote's own schema, in groups with one fsync each, with the same settings
/// of SQLite: what is left when there is no HTTP, no check, no queue and no answer. One thread, prepared statements.
/// </summary>
static class BareSqlite
{
    const string Text = "How do doves find their way home over the sea?";
    const string Fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// <summary>Runs on a copy of a seeded database; the figure is sends a second.</summary>
    public static Sample Run(string file, int group, TimeSpan warm, TimeSpan length)
    {
        using var connection = Open(file);
        var targets = Read(connection);
        using var begin = Command(connection, "begin immediate");
        using var commit = Command(connection, "commit");
        using var head = Command(connection, "update heads set seq = $1, unit = $2 where user_id = $3");
        using var chat = Command(connection, """
            update chats set last_seq = $1, last_message_time = $2, last_message_content = $3, activity = $4, changed = $4
            where user_id = $5 and id = $6
            """);
        using var question = Command(connection, """
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_to_id,
              reply_id, timestamp, listed, event_seq, tokens, fingerprint)
            values ($1, $2, $3, $4, 'user', 'text', $5, 'sent', 'normal', '[]', null, $6, $7, 1, $8, 12, $9)
            """);
        using var reply = Command(connection, """
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, reply_to_id,
              timestamp, listed, state, attempt, model, owner, lease_until)
            values ($1, $2, $3, $4, 'ai', 'text', '', 'sent', 'normal', $5, $6, 0, 'queued', 0, 'openai/bench', null, 0)
            """);
        using var happening = Command(
            connection,
            "insert into events (user_id, seq, type, chat_id, message_id, at) values ($1, $2, 'message', $3, $4, $5)");
        // Checkpoints run beside, as they do in Cote.
        using var checkpoints = new Timer(_ => Checkpoint(file), null, 1_000, 1_000);

        var latencies = new LatencyHistogram();
        long count = 0, next = 0;
        var from = Stopwatch.GetTimestamp() + (long)(warm.TotalSeconds * Stopwatch.Frequency);
        var to = from + (long)(length.TotalSeconds * Stopwatch.Frequency);
        for (var began = Stopwatch.GetTimestamp(); began < to; began = Stopwatch.GetTimestamp())
        {
            begin.ExecuteNonQuery();
            for (var i = 0; i < group; i++)
            {
                var target = targets[(int)(next++ % targets.Count)];
                var (id, replyId) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());
                var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                target.Seq++;
                target.LastSeq += 2;
                Do(head, target.Seq, id, target.User);
                Do(chat, target.LastSeq, now, Text, target.Seq, target.User, target.Chat);
                Do(question, target.User, id, target.Chat, target.LastSeq - 1, Text, replyId, now, target.Seq,
                    Fingerprint);
                Do(reply, target.User, replyId, target.Chat, target.LastSeq, id, now);
                Do(happening, target.User, target.Seq, target.Chat, id, now);
            }
            commit.ExecuteNonQuery();
            var ended = Stopwatch.GetTimestamp();
            if (ended < from || ended >= to)
                continue;
            count += group;
            latencies.Add(ended - began);
        }
        var sample = new Sample(count / length.TotalSeconds, count);
        latencies.Into(sample);
        sample.Detail["group"] = group;
        return sample;
    }

    sealed class Target(string user, string chat, long seq, long lastSeq)
    {
        public string User => user;
        public string Chat => chat;
        public long Seq = seq;
        public long LastSeq = lastSeq;
    }

    // One chat a user: the head of a user is counted here and not in the database.
    static List<Target> Read(SqliteConnection connection)
    {
        using var select = Command(
            connection,
            "select c.user_id, min(c.id), h.seq from chats c join heads h on h.user_id = c.user_id where c.last_seq "
            + "= 0 group by c.user_id");
        using var reader = select.ExecuteReader();
        var targets = new List<Target>();
        while (reader.Read())
            targets.Add(new(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), 0));
        return targets;
    }

    static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        foreach (var pragma in new[]
        {
            "journal_mode = wal", "foreign_keys = on", "synchronous = full", "cache_size = -16000",
                "temp_store = memory",
            "wal_autocheckpoint = 0", "journal_size_limit = 134217728",
        })
        {
            using var command = Command(connection, "pragma " + pragma);
            command.ExecuteNonQuery();
        }
        return connection;
    }

    static void Checkpoint(string file)
    {
        try
        {
            using var connection = Open(file);
            using var command = Command(connection, "pragma wal_checkpoint(passive)");
            command.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // the next one will
        }
    }

    static SqliteCommand Command(SqliteConnection connection, string text)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        for (var i = 1; text.Contains($"${i}", StringComparison.Ordinal); i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        if (command.Parameters.Count > 0)
            command.Prepare();
        return command;
    }

    static void Do(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        if (command.ExecuteNonQuery() != 1)
            throw new InvalidOperationException("a row was not written: " + command.CommandText);
    }
}
