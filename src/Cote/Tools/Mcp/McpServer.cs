using Microsoft.Extensions.Logging;

namespace Cote.Tools;

/// <summary>
/// A configured MCP server. It is connected when somebody wants its tools and at no other time; one that does not
/// answer costs its tools for half a minute, and nobody waits for it meanwhile.
/// </summary>
/// <remarks>It is disposed with the host: its process and all that the process has started end then.</remarks>
sealed partial class McpServer(string name, McpServerOptions options, Clock clock, ILogger log)
    : IToolServer, IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly CancellationTokenSource _closing = new();
    volatile IReadOnlyList<McpTool> _known = [];
    volatile bool _isAvailable;
    McpConnection? _connection;
    Task<bool>? _asking;
    Task _leaving = Task.CompletedTask;
    TimeSpan _goodFor;
    long? _listedAt;
    long? _awayAt;
    int _changes;
    bool _isClosed;
    Timestamp? _lastListedAt;
    int _openCalls;
    long _calls;
    long _failedCalls;
    (string Error, Timestamp At)? _fault;

    public string Name => name;

    public bool IsAvailable => _isAvailable;

    public IReadOnlyList<ServerTool> Known => _known;

    public ToolServerView Look()
    {
        lock (_gate)
            return new(name, _isAvailable, _connection is { IsAlive: true }, _known.Count, _lastListedAt, _openCalls,
                _calls, _failedCalls, _fault?.Error, _fault?.At);
    }

    bool IsAway => _isClosed || _awayAt is { } at && clock.Since(at) < McpLimits.Away;

    bool IsFresh => _listedAt is { } at && clock.Since(at) < _goodFor;

    public async Task<IReadOnlyList<ServerTool>> ListAsync(CancellationToken ct)
    {
        Task<bool> asking;
        lock (_gate)
        {
            if (IsAway)
                return [];
            if (IsFresh)
                return _known;
            asking = _asking ??= BeginAsking();
        }
        return await asking.WaitAsync(ct) ? _known : [];
    }

    /// <summary>The tool of this name, as a list says that is asked for now; null where there is none.</summary>
    public async Task<McpTool?> FindAnewAsync(string tool, CancellationToken ct)
    {
        Task<bool>? before;
        lock (_gate)
            before = _asking;
        try
        {
            // What was asked before now may be answered with what was before now.
            if (before is not null)
                await before.WaitAsync(McpLimits.ToList, clock.Provider, ct);
            Task<bool> asking;
            lock (_gate)
            {
                if (IsAway)
                    return null;
                asking = _asking ??= BeginAsking();
            }
            return await asking.WaitAsync(McpLimits.ToList, clock.Provider, ct) ? Find(tool) : null;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        McpConnection? connection;
        Task<bool>? asking;
        lock (_gate)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            (connection, _connection, asking) = (_connection, null, _asking);
        }
        await _closing.CancelAsync();
        if (connection is not null)
            await connection.DisposeAsync();
        if (asking is not null)
            await asking;
        await _leaving;
        _closing.Dispose();
    }

    McpTool? Find(string tool) => _known.FirstOrDefault(x => x.Definition.Name == tool);

    // One attempt serves all who come meanwhile; it is nobody's, so nobody's end ends it, and nobody's id goes with it.
    Task<bool> BeginAsking()
    {
        using (ExecutionContext.SuppressFlow())
            return Task.Run(AskAsync);
    }

    async Task<bool> AskAsync()
    {
        using var limit = new CancellationTokenSource(McpLimits.ToList, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closing.Token);
        try
        {
            var changes = Volatile.Read(ref _changes);
            var listing = await ConnectAndListAsync(either.Token);
            Take(listing, changes);
            return true;
        }
#pragma warning disable CA1031 // Top of the attempt: whatever a server does, it costs its tools alone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var type = error is OperationCanceledException ? nameof(TimeoutException) : error.GetType().Name;
            lock (_gate)
            {
                _isAvailable = false;
                _awayAt = clock.Ticks;
                _listedAt = null;
                _asking = null;
                _fault = (type, clock.Now);
            }
            if (!_closing.IsCancellationRequested)
                log.McpServerAway(name, type, McpLimits.Away);
            return false;
        }
    }

    void Take(McpListing listing, int changes)
    {
        var tools = McpTool.Of(this, options, listing.Tools);
        bool wasAway;
        lock (_gate)
        {
            wasAway = _awayAt is not null;
            _known = tools;
            _isAvailable = true;
            _awayAt = null;
            _lastListedAt = clock.Now;
            _goodFor = listing.GoodFor ?? McpLimits.Fresh;
            // A change that was told while it was listed may not be in the list.
            _listedAt = changes == _changes ? clock.Ticks : null;
            _asking = null;
        }
        if (wasAway)
            log.McpServerBack(name);
        if (listing.IsCut)
            log.McpListCut(name, listing.Tools.Count);
        if (listing.PassedOver > 0)
            log.McpToolsPassedOver(name, listing.PassedOver);
    }

    async Task<McpListing> ConnectAndListAsync(CancellationToken ct)
    {
        McpConnection? old;
        lock (_gate)
            old = _connection;
        try
        {
            if (old is { IsAlive: true })
                return await old.ListAsync(ct);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // Its session has ended, or the server was started anew: a new connection tells.
        }
        finally
        {
            if (old is not null && (ct.IsCancellationRequested || !old.IsAlive))
                Retire(old);
        }
        return await OpenAndListAsync(ct);
    }

    async Task<McpListing> OpenAndListAsync(CancellationToken ct)
    {
        var connection = await McpConnection.OpenAsync(options, ListHasChanged, ct);
        try
        {
            var listing = await connection.ListAsync(ct);
            McpConnection? old;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                (old, _connection) = (_connection, connection);
            }
            if (old is not null)
                Retire(old);
            return listing;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    void ListHasChanged()
    {
        lock (_gate)
        {
            _changes++;
            _listedAt = null;
        }
    }

    // Its calls go on to their ends, new ones get another.
    void Retire(McpConnection connection)
    {
        lock (_gate)
        {
            if (_connection == connection)
                _connection = null;
            _leaving = LeaveAsync(_leaving, connection.RetireAsync(_closing.Token));
        }

        static async Task LeaveAsync(Task before, Task leaving)
        {
            await before;
            await leaving;
        }
    }
}
