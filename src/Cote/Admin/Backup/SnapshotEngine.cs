namespace Cote.Admin;

/// <summary>
/// One moment of a database that goes on being written: every read of it sees the same rows, one read after the other.
/// </summary>
sealed class SnapshotEngine(DatabaseEngine engine) : DatabaseEngine
{
    readonly SemaphoreSlim _turn = new(1);
    ReadSession? _session;

    public override SqlDialect Dialect => engine.Dialect;

    public override bool IsSingleProcess => engine.IsSingleProcess;

    public override TimeSpan AvailableFor => engine.AvailableFor;

    public override bool IsHealthy => engine.IsHealthy;

    /// <summary>Begins with the first read: from then on it shows this moment.</summary>
    public override async Task OpenAsync(CancellationToken ct)
    {
        _session = await engine.SnapshotAsync(ct, isLong: true);
        await _session.FirstAsync($"select 1 from meta", _ => true, ct);
    }

    internal override Task<Outcome> WriteAsync(WriteBatch batch) =>
        throw new NotSupportedException("A moment is only read.");

    internal override async ValueTask<ReadSession> ReadAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        return new Turn(this);
    }

    internal override Task<ReadSession> SnapshotAsync(CancellationToken ct, bool isLong = false) =>
        ReadAsync(ct).AsTask();

    public override async ValueTask DisposeAsync()
    {
        if (_session is not null)
            await _session.DisposeAsync();
        _turn.Dispose();
    }

    sealed class Turn(SnapshotEngine owner) : ReadSession
    {
        public override ValueTask<IReadOnlyList<T>> ListAsync<T>(
            Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null) =>
            owner._session!.ListAsync(sql, map, ct, enough);

        public override ValueTask DisposeAsync()
        {
            owner._turn.Release();
            return ValueTask.CompletedTask;
        }
    }
}
