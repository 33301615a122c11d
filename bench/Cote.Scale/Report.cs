using System.Text;

namespace Cote.Scale;

/// <summary>
/// The figures as tables. What was measured and what is extrapolated stand in columns of their own, and a table is
/// extrapolated only where a user costs the same at both scales.
/// </summary>
sealed class Report(
    ScaleOptions options, UseModel model, IReadOnlyList<ScaleResult> results, ScaleResult? tuned,
    Partitions? partitions)
{
    /// <summary>How far the cost of a user may differ between the scales and still count as the same.</summary>
    const double SameWithin = 0.1;

    // Of a table as small as this the size is pages that are not full.
    const long Small = 1 << 20;
    const double GiB = 1 << 30;

    readonly StringBuilder _text = new();
    readonly ScaleResult _first = results[0];
    readonly ScaleResult _last = results[^1];

    bool IsProof => results.Count > 1;

    public string Text()
    {
        var played = string.Join(" and ", results.Select(x => $"{x.Users:n0}"));
        _text.Clear();
        _text.AppendLine($"""

            # {model.Days} days of {options.Users:n0} people, played by {played}

            A user sends {model.TurnsOfUser:n0} questions in the mean; {_last.Times.Turns:n0} replies were made at the
            largest scale. Measured figures are of that scale unless a column says otherwise.

            """);
        Tables();
        Indexes();
        Wear("How the tables were changed", _last);
        Loops();
        if (tuned is not null)
            Tuned(tuned);
        if (partitions is not null)
            Split(partitions);
        return _text.ToString();
    }

    void Tables()
    {
        Head("Growth of the tables", "Table", "Rows a user", "Bytes a user, small scale", "Bytes a user, large scale",
            "Heap · toast · indexes, MiB", "Linear", $"Extrapolated to {options.Users:n0}, GiB");
        double total = 0;
        foreach (var table in _last.Tables)
        {
            var (before, now) = (PerUser(_first.Tables.FirstOrDefault(x => x.Name == table.Name)?.Total ?? 0, _first),
                PerUser(table.Total, _last));
            var linear = Linear(before, now, table.Total);
            total += linear == "yes" ? now * options.Users / GiB : 0;
            Row(table.Name, $"{(double)table.Rows / _last.Users:n2}", $"{before:n0}", $"{now:n0}",
                $"{MiB(table.Heap)} · {MiB(table.Toast)} · {MiB(table.Indexes)}", linear,
                linear == "yes" ? $"{now * options.Users / GiB:n1}" : "–");
        }
        var all = _last.Tables.Sum(x => PerUser(x.Total, _last));
        Row("all, and all that are linear", "", "", $"{all:n0}", "", "", $"{total:n1}");
        _text.AppendLine($"""

            Media beside the database, by the model: one of {model.MediaOneIn} questions has {model.MediaBytes:n0}
            bytes, {model.TurnsOfUser / model.MediaOneIn * model.MediaBytes * options.Users / GiB:n0} GiB in all.

            """);
    }

    void Indexes()
    {
        Head("The largest indexes", "Index", "Table", "MiB", "Bytes a user, small scale", "Bytes a user, large scale",
            $"Extrapolated to {options.Users:n0}, GiB");
        foreach (var index in _last.Indexes.Take(16))
        {
            var before = PerUser(_first.Indexes.FirstOrDefault(x => x.Name == index.Name)?.Bytes ?? 0, _first);
            var now = PerUser(index.Bytes, _last);
            Row(index.Name, index.Table, MiB(index.Bytes), $"{before:n0}", $"{now:n0}",
                Linear(before, now, index.Bytes) == "yes" ? $"{now * options.Users / GiB:n1}" : "–");
        }
    }

    void Wear(string title, ScaleResult result)
    {
        Head(title, "Table", "Inserted", "Updated", "without an index", "Deleted", "Dead", "Free", "Autovacuum ran",
            "MiB");
        foreach (var table in result.Wear.Take(12))
            Row(table.Name, $"{table.Inserted:n0}", $"{table.Updated:n0}", HotShare(table), $"{table.Deleted:n0}",
                $"{table.DeadPercent:n1} %", $"{table.FreePercent:n1} %", $"{table.Vacuums}", MiB(table.Bytes));
    }

    void Loops()
    {
        if (_last.Loops.Count == 0)
            return;
        Head("What each loop costs, of one node with nothing to do", "Loop", "Every, s", "Statements",
            "Pages, small scale", "Pages, large scale", "ms", "Grows with users",
            $"Pages an hour at {options.Users:n0}, extrapolated");
        foreach (var loop in _last.Loops)
        {
            var before = _first.Loops.FirstOrDefault(x => x.Name == loop.Name);
            var grows = IsProof && Grows(before, loop);
            var atAll = grows ? loop.BuffersAnHour * options.Users / _last.Users : loop.BuffersAnHour;
            Row(loop.Name, $"{loop.EverySeconds:0.#}", $"{loop.Statements}", $"{before?.Buffers ?? 0:n0}",
                $"{loop.Buffers:n0}", $"{loop.Milliseconds:n1}", grows ? "**yes**" : "no", $"{atAll:n0}");
        }
        _text.AppendLine();
        foreach (var loop in _last.Loops.Where(x => x.Buffers > 60))
            _text.AppendLine($"- {loop.Name}: `{loop.Dearest[..Math.Min(loop.Dearest.Length, 300)]}`");
        if (_last.Idle is { } node)
            Idle(node);
    }

    void Idle(NodeCost node) => _text.AppendLine($"""

        A node that nobody uses, on {_last.Users:n0} people: {node.Statements:n1} statements a second, {node.Pages:n0}
        pages, {node.Busy:n2} ms of a backend, {node.WalBytes:n0} bytes of WAL, {node.Connections} connections.
        """);

    // The page of a root and a few beside it are there at any scale.
    bool Grows(LoopCost? small, LoopCost large) => small is not null && large.Buffers > 60
        && large.Buffers > small.Buffers * (1 + (((double)_last.Users / _first.Users) - 1) / 2);

    void Tuned(ScaleResult now)
    {
        Wear($"The smallest scale without settings: {_first.Times.RowsSeconds:n0} s", _first);
        Wear($"The smallest scale with settings: {now.Times.RowsSeconds:n0} s", now);
        foreach (var setting in Tuning.Statements)
            _text.AppendLine($"- `{setting}`");
    }

    void Split(Partitions split)
    {
        Head("Split by user into 16", "Table", "Rows", "Rows/s whole", "Rows/s split", "MiB whole", "MiB split",
            "WAL MiB whole", "WAL MiB split", "Unique without the user");
        foreach (var table in split.Tables)
            Row(table.Name, $"{table.Rows:n0}", $"{table.Rows / table.WholeSeconds:n0}",
                $"{table.Rows / table.SplitSeconds:n0}", MiB(table.WholeBytes), MiB(table.SplitBytes),
                MiB(table.WholeWal), MiB(table.SplitWal), string.Join(", ", table.WithoutUser));
        Head("Queries, the mean of 100 users", "Query", "Pages whole", "Pages split", "Plan ms whole", "Plan ms split",
            "Run ms whole", "Run ms split");
        foreach (var query in split.Queries)
            Row(query.Name, $"{query.Whole.Buffers:n0}", $"{query.Split.Buffers:n0}", $"{query.Whole.Planning:n2}",
                $"{query.Split.Planning:n2}", $"{query.Whole.Running:n2}", $"{query.Split.Running:n2}");
        var old = split.Old;
        _text.AppendLine($"""

            {old.Rows:n0} events older than {model.RetentionDays} days: deleted in {old.DeleteSeconds:n2} s and
            vacuumed in {old.VacuumSeconds:n2} s with {MiB(old.DeleteWal)} MiB of WAL, {MiB(old.BytesBefore)} MiB
            before and {MiB(old.BytesAfter)} MiB after; as pieces of a week dropped in {old.DropSeconds:n3} s with
            {old.DropWal:n0} bytes of WAL.

            Unique without the user: {string.Join(", ", split.Unique)}.

            References without the user: {string.Join(", ", split.References)}.
            """);
    }

    void Head(string title, params string[] columns)
    {
        _text.AppendLine().AppendLine($"## {title}").AppendLine();
        Row(columns);
        Row([.. columns.Select((_, i) => i == 0 ? "---" : "---:")]);
    }

    void Row(params string[] cells) => _text.AppendLine($"| {string.Join(" | ", cells)} |");

    string Linear(double before, double now, long bytes) => !IsProof ? "one scale only"
        : bytes < Small ? "small" : Math.Abs(now / before - 1) <= SameWithin ? "yes" : $"no ({now / before:n2} ×)";

    static string HotShare(TableWear table) =>
        table.Updated == 0 ? "" : $"{100.0 * table.Hot / table.Updated:n0} %";

    static double PerUser(long bytes, ScaleResult result) => (double)bytes / result.Users;

    static string MiB(long bytes) => $"{bytes / 1024.0 / 1024:n1}";
}
