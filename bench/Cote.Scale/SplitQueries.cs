using System.Text.Json;

namespace Cote.Scale;

/// <summary>
/// Queries that the product makes often, of the same people on tables in one piece and split by user.
/// </summary>
sealed class SplitQueries(Postgres db)
{
    const int People = 100;
    const int Plans = 2; // of each the second: the first reads what the connection does not know yet

    // One person's, and what loops ask of all.
    static readonly (string Name, string Sql)[] Queries =
    [
        ("events after a cursor", """
            select seq, type, chat_id, message_id from {0}.events
            where user_id = '{1}' and seq > (select max(seq) - 50 from {0}.events where user_id = '{1}') order by seq
            """),
        ("the newest 50 messages of a chat", """
            select * from {0}.messages where user_id = '{1}' and chat_id = '{2}' and on_path = 1
            order by seq desc limit 50
            """),
        ("a message by its id", "select * from {0}.messages where user_id = '{1}' and id = '{3}'"),
        ("calls of a month", "select sum(input), sum(output) from {0}.calls where user_id = '{1}' and at > 0"),
        ("search for a word", """
            select id, chat_id, message_id from {0}.search_documents
            where terms @@ '''{4}.ba'''::tsquery order by id + 0 desc limit 50
            """),
        ("the same, and the user named", """
            select id, chat_id, message_id from {0}.search_documents
            where user_id = '{1}' and terms @@ '''{4}.ba'''::tsquery order by id + 0 desc limit 50
            """),
        ("loop: replies that are open", """
            select user_id, chat_id from {0}.messages where state in ('queued', 'running', 'waiting') limit 10000
            """),
        ("loop: messages deleted long ago", "select user_id, id from {0}.messages where deleted_at < 1000 limit 1000"),
    ];

    public async Task<IReadOnlyList<SplitQuery>> MeasureAsync(CancellationToken ct)
    {
        var people = await db.ListAsync(
            $"""
            select m.user_id, m.chat_id, m.id, to_hex(s.number) from (
              select distinct on (user_id) user_id, chat_id, id from messages where on_path = 1
              order by user_id, seq desc) m
            join search_marks s on s.user_id = m.user_id order by md5(m.user_id) limit {People}
            """, x => new object[] { "", x.GetString(0), x.GetString(1), x.GetString(2), x.GetString(3) });
        var measured = new List<SplitQuery>();
        foreach (var (name, sql) in Queries)
        {
            ct.ThrowIfCancellationRequested();
            var asked = name.StartsWith("loop", StringComparison.Ordinal) ? people.Take(5) : people;
            measured.Add(new(name, await MeanAsync(sql, "whole", asked), await MeanAsync(sql, "split", asked)));
        }
        return measured;
    }

    async Task<QueryCost> MeanAsync(string sql, string schema, IEnumerable<object[]> people)
    {
        var costs = new List<QueryCost>();
        foreach (var person in people)
        {
            person[0] = schema;
            var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, person);
            for (var i = 0; i < Plans; i++)
                if (await ExplainAsync(text) is var cost && i == Plans - 1)
                    costs.Add(cost);
        }
        return new(costs.Average(x => x.Planning), costs.Average(x => x.Running), costs.Average(x => x.Buffers));
    }

    async Task<QueryCost> ExplainAsync(string sql)
    {
        var plan = JsonElement.Parse(
            await db.ValueAsync<string>($"explain (analyze, buffers, timing off, format json) {sql}"))[0];
        var node = plan.GetProperty("Plan");
        return new(
            plan.GetProperty("Planning Time").GetDouble(), plan.GetProperty("Execution Time").GetDouble(),
            node.GetProperty("Shared Hit Blocks").GetDouble() + node.GetProperty("Shared Read Blocks").GetDouble());
    }
}
