using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Client;

/// <summary>
/// A user's chats on this device: what is written is kept until the server has it, what changes on the server arrives,
/// and <see cref="State"/> is what to show. Methods may be called from any thread. A request that fails throws a
/// <see cref="CoteException"/>; sends and new chats wait for the network instead.
/// </summary>
public sealed partial class CoteClient : IAsyncDisposable
{
    const int Tries = 4;

    readonly CoteClientOptions _options;
    readonly ICoteStorage _storage;
    readonly CoteHttp _http;
    readonly Session _session;
    readonly Outbox _outbox;
    readonly Wakeup _wakeup = new();
    readonly SynchronizationContext? _context = SynchronizationContext.Current;
    readonly SemaphoreSlim _turning = new(1, 1);
    readonly object _gate = new();
    Replica _replica = new();
    bool _isStarted;
    bool _isLoaded;
    int _isClosed;

    /// <summary>A client of this server; nothing is sent before <see cref="StartAsync"/> or another method.</summary>
    public CoteClient(Uri url) : this(new CoteClientOptions(url)) { }

    /// <summary>A client made by these options.</summary>
    public CoteClient(CoteClientOptions options)
    {
        _options = options;
        _storage = options.Storage ?? new MemoryStorage();
        _http = new(options);
        _session = new(_http, _storage);
        _session.Ended += OnSessionEnded;
        _outbox = new(_storage, _wakeup, _session, PostAsync, Change);
    }

    /// <summary>What to show now: the same object until something changes.</summary>
    public State State => _state ?? MakeState();

    /// <summary>
    /// Happens after changes of <see cref="State"/>, once for several of one moment, in the synchronization context in
    /// which the client was made, else on any thread; never twice at once. What a listener throws stops neither the
    /// others nor the client: <see cref="TaskScheduler.UnobservedTaskException"/> tells of it.
    /// </summary>
    public event EventHandler? Changed;

    /// <summary>Makes an account and logs in.</summary>
    public async Task<User> RegisterAsync(
        string username, string email, string password, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var body = Bodies.Of(("username", username), ("email", email), ("password", password));
        var isCut = false;
        for (var left = Tries - 1; ; left--)
            try
            {
                await _http.SendAsync(HttpMethod.Post, "/users/", null, body, cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (CoteException error) when (isCut && error.Code == "username_taken")
            {
                break; // by the try whose answer was lost: else the login fails
            }
            catch (CoteException error) when (error.Code == "network" && left > 0)
            {
                isCut = true;
            }
        return await LogInAsync(username, password, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Logs in, by the username or the e-mail. What another user has left on this device waits for that one; where
    /// the client was started it goes live, and this ends when there is a state to show.
    /// </summary>
    public async Task<User> LogInAsync(string username, string password, CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var before = _session.User?.Id;
        var user = await _session.LogInAsync(username, password, _options.DeviceName, cancellationToken)
            .ConfigureAwait(false);
        await RestoreAsync(user.Id, cancellationToken).ConfigureAwait(false);
        if (before == user.Id && State.Status != ConnectionStatus.LoggedOut)
            Change(); // its connection stands as before
        else
            Stand(ConnectionStatus.Connecting);
        Wake();
        if (_isStarted)
            await GoLiveAsync(cancellationToken).ConfigureAwait(false);
        return user;
    }

    /// <summary>Ends the session, and removes all that this device keeps of the user.</summary>
    public async Task LogOutAsync(CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var user = _session.User;
        await _outbox.DropAsync(_ => true).ConfigureAwait(false);
        try
        {
            await SendAsync(HttpMethod.Post, "/logout", null, cancellationToken, outlives: true, userId: user?.Id)
                .ConfigureAwait(false);
        }
        catch (CoteException)
        {
            // Without a network the session ends on this device alone.
        }
        finally
        {
            await ForgetAsync(user?.Id).ConfigureAwait(false);
        }
    }

    // Another user may have logged in while the server was told.
    async Task ForgetAsync(string? userId)
    {
        try
        {
            if (_session.User is not { } now || now.Id == userId)
                await _session.EndAsync().ConfigureAwait(false);
        }
        finally
        {
            Task saving;
            lock (_gate)
                saving = _saving;
            await saving.ConfigureAwait(false); // it would store once more what goes
            if (userId is not null)
                await _storage.RemoveAsync(StorageKeys.State(userId), CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Takes up what is stored and goes live. It ends when there is a state to show: at once where one is stored, and
    /// where nobody is logged in; then a login goes on with it.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        _isStarted = true;
        if (!_session.Exists)
            return;
        await GoLiveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Tries at once what waits for its next try: to be called when the device has a network again, or the app comes
    /// to the front.
    /// </summary>
    public void Wake()
    {
        _wakeup.Wake();
        _refetch.Wake();
    }

    /// <summary>
    /// Closes the connection. What waits is stored, and the next client of this storage sends it; what waits here for
    /// its end is cancelled, and a call from now on is answered with <c>closed</c>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 1)
            return;
        // The outbox first: a request that fails because the client is closed would be refused for good.
        await _outbox.CloseAsync().ConfigureAwait(false);
        await _over.CancelAsync().ConfigureAwait(false);
        Change();
        await Task.WhenAll(_running, _fetching, _saving).ConfigureAwait(false);
        lock (_gate)
            if (_isLoaded && _session.Exists)
                _saving = Task.Run(SaveAsync); // what a logout that is under way waits for
        await _saving.ConfigureAwait(false);
        _session.Ended -= OnSessionEnded;
        _http.Dispose();
        _outbox.Dispose();
        _live.Dispose();
    }

    /// <summary>
    /// Any other route of the server, with the session's token: models, limits, usage, sessions, search, shares.
    /// </summary>
    /// <param name="method">The method.</param>
    /// <param name="path">From the host on, such as <c>/models</c>.</param>
    /// <param name="body">JSON, or null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The body of the answer; undefined where it has none.</returns>
    public async Task<JsonElement> RequestAsync(
        HttpMethod method, string path, JsonNode? body = null, CancellationToken cancellationToken = default)
    {
        var answer = await SendAsync(method, path, body, cancellationToken, outlives: true).ConfigureAwait(false);
        return answer.Text.Length == 0 ? default : answer.As(CoteJson.Default.JsonElement);
    }

    /// <summary>The address of a path of the server, such as <see cref="Media.Url"/>.</summary>
    public Uri UrlOf(string path) => _http.UrlOf(path);

    async Task<Answer> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken,
        bool outlives = false, string? userId = null)
    {
        if (_over.IsCancellationRequested)
            throw CoteException.Closed(null);
        try
        {
            await LoadAsync(cancellationToken).ConfigureAwait(false);
            return await _session.WithTokenAsync(
                (token, ends) => _http.SendAsync(method, path, token, body, ends), cancellationToken, outlives,
                userId).ConfigureAwait(false);
        }
        catch (Exception error) when (_over.IsCancellationRequested && !cancellationToken.IsCancellationRequested
            && error is CoteException { Code: "network" } or ObjectDisposedException or OperationCanceledException)
        {
            throw CoteException.Closed(error);
        }
    }

    // A write that is the same when it is done twice.
    async Task<Answer> WriteAsync(
        HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        var userId = _session.User?.Id;
        return await CoteHttp.RepeatAsync(
            Tries, () => SendAsync(method, path, body, cancellationToken, userId: userId), cancellationToken)
            .ConfigureAwait(false);
    }

    async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(HttpMethod.Delete, path, null, cancellationToken).ConfigureAwait(false);
        }
        catch (CoteException error) when (error.Status == 404)
        {
            // It is gone, maybe by a try whose answer was lost.
        }
    }

    // What is shown belongs to the session; what is stored waits for its user.
    void OnSessionEnded()
    {
        CancellationTokenSource live;
        lock (_gate)
        {
            (live, _live, _replica) = (_live, new(), new());
            _failed.Clear();
            _live.Cancel(); // from now on no frame is of this connection
            _first.TrySetResult();
            _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        live.Cancel();
        _outbox.End();
        Stand(ConnectionStatus.LoggedOut);
    }
}
