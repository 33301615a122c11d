using System.Text.Json;

namespace Cote.Client;

/// <summary>What a session is kept as.</summary>
sealed record Tokens(string AccessToken, string RefreshToken, User? User = null);

/// <summary>The answer of <c>POST /token</c>.</summary>
sealed record TokenAnswer(string? AccessToken, string? RefreshToken = null);

/// <summary>
/// The tokens of a session, shared with other clients of the same storage: a refresh token works once, so a refresh
/// happens under one lock, and begins by reading what another client has left. One login never acts for another.
/// </summary>
#pragma warning disable CA1001 // A request that the closing of the client cuts off still gives back what it holds.
sealed class Session(CoteHttp http, ICoteStorage storage)
#pragma warning restore CA1001
{
    const string Key = "cote.tokens";
    const int Tries = 4;

    readonly SemaphoreSlim _one = new(1, 1);
    volatile Tokens? _tokens;
    volatile bool _isKept = true;
    volatile Task _forgetting = Task.CompletedTask;
    CancellationTokenSource _life = new();

    /// <summary>Who is logged in.</summary>
    public User? User => _tokens?.User;

    /// <summary>Whether there is a session, as far as this client knows.</summary>
    public bool Exists => _tokens is not null;

    /// <summary>The token to begin with; null without a session.</summary>
    public string? AccessToken => _tokens?.AccessToken;

    /// <summary>Happens when the session has ended, by whoever.</summary>
    public event Action? Ended;

    /// <summary>Takes up what is stored.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken) =>
        _tokens = await ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>A new session of a user; that of another one ends before.</summary>
    public async Task<User> LogInAsync(
        string username, string password, string? device, CancellationToken cancellationToken)
    {
        var answer = await CoteHttp.RepeatAsync(Tries, () => FormAsync(cancellationToken, ("username", username),
            ("password", password), ("device_name", device)), cancellationToken).ConfigureAwait(false);
        var user = (await CoteHttp.RepeatAsync(
            Tries, () => http.SendAsync(HttpMethod.Get, "/users/me", answer.AccessToken, null, cancellationToken),
            cancellationToken).ConfigureAwait(false)).As(CoteJson.Default.User);
        if (_tokens is { } before && before.User?.Id != user.Id)
            End();
        await using (await storage.LockAsync(Key, cancellationToken).ConfigureAwait(false))
            await KeepAsync(new(answer.AccessToken!, answer.RefreshToken ?? "", user)).ConfigureAwait(false);
        return user;
    }

    /// <summary>
    /// Does something with the access token, and once more with a new one where it is refused. What is under way when
    /// the session ends comes to nothing, unless it outlives it: it may be about that end, and its answer is the
    /// caller's alone. What belongs to a user is done in a session of that user alone.
    /// </summary>
    public async Task<T> WithTokenAsync<T>(
        Func<string, CancellationToken, Task<T>> doAsync, CancellationToken cancellationToken, bool outlives = false,
        string? userId = null)
    {
        var life = Volatile.Read(ref _life).Token;
        if (_tokens is not { AccessToken: var token } tokens || (userId is not null && tokens.User?.Id != userId))
            throw LoggedOut();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(life, cancellationToken);
        try
        {
            var answer = await TwiceAsync(
                token, doAsync, outlives ? cancellationToken : either.Token, either.Token).ConfigureAwait(false);
            return life.IsCancellationRequested && !outlives ? throw LoggedOut() : answer;
        }
        catch (Exception) when (life.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw LoggedOut();
        }
    }

    // The second time only while the session lives: never with the token of another one.
    async Task<T> TwiceAsync<T>(string token, Func<string, CancellationToken, Task<T>> doAsync,
        CancellationToken cancellationToken, CancellationToken life)
    {
        try
        {
            return await doAsync(token, cancellationToken).ConfigureAwait(false);
        }
        catch (CoteException error) when (error.Status == 401)
        {
            life.ThrowIfCancellationRequested();
            token = await RefreshAsync(token, life).ConfigureAwait(false);
            return await doAsync(token, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A token in place of one that was refused; ends the session where there is none to be had.</summary>
    public async Task<string> RefreshAsync(string refused, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = new Held(_one);
        await using var locked = await storage.LockAsync(Key, cancellationToken).ConfigureAwait(false);
        if (_tokens is not { } own)
            throw LoggedOut();
        // Where the storage did not take the session, what stands there says nothing of it.
        var stored = _isKept ? await ReadAsync(cancellationToken).ConfigureAwait(false) : own;
        if (stored is null || stored.User?.Id != own.User?.Id)
        {
            // Another client has logged out; the login of another user is not this one.
            End();
            throw LoggedOut();
        }
        if (!ReferenceEquals(_tokens, own))
            throw LoggedOut();
        _tokens = stored;
        if (stored.AccessToken != refused)
            return stored.AccessToken; // another client was faster
        try
        {
            // The answer holds the only token that goes on: it is waited for and kept whatever is cancelled meanwhile.
            var answer = await FormAsync(CancellationToken.None, ("grant_type", "refresh_token"),
                ("refresh_token", stored.RefreshToken)).ConfigureAwait(false);
            if (!ReferenceEquals(_tokens, stored))
                throw LoggedOut(); // the user has logged out meanwhile
            await KeepAsync(new(answer.AccessToken!, answer.RefreshToken ?? stored.RefreshToken, stored.User))
                .ConfigureAwait(false);
            return answer.AccessToken!;
        }
        catch (CoteException error) when (error.Status is 400 or 401 or 403)
        {
            if (ReferenceEquals(_tokens, stored))
                await EndAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Takes the session of another client of this storage; false where it is that of this token, or another user's.
    /// </summary>
    public async Task<bool> AdoptAsync(string ended, CancellationToken cancellationToken)
    {
        await using var locked = await storage.LockAsync(Key, cancellationToken).ConfigureAwait(false);
        if (!_isKept || _tokens is not { } own
            || await ReadAsync(cancellationToken).ConfigureAwait(false) is not { } stored
            || stored.AccessToken == ended || stored.User?.Id != own.User?.Id)
            return false;
        _tokens = stored;
        return true;
    }

    /// <summary>
    /// Forgets the session, also on the storage; where a token is given, only the one that it belongs to.
    /// </summary>
    public async Task EndAsync(string? token = null)
    {
        if (_tokens is not { } own || (token is not null && token != own.AccessToken))
        {
            if (!Exists)
                await _forgetting.ConfigureAwait(false); // the server has ended it, and it may still be stored
            return;
        }
        var forgotten = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _forgetting = forgotten.Task;
        try
        {
            End();
            await ForgetAsync(own).ConfigureAwait(false);
        }
        finally
        {
            forgotten.SetResult();
        }
    }

    // What this or another client has stored meanwhile may be another login.
    async Task ForgetAsync(Tokens own)
    {
        if (await ReadAsync(CancellationToken.None).ConfigureAwait(false) is { } stored
            && stored.User?.Id == own.User?.Id && !Exists)
            await storage.RemoveAsync(Key).ConfigureAwait(false);
    }

    /// <summary>What a request without a session comes to.</summary>
    public static CoteException LoggedOut() => new(401, "logged_out", "There is no session: log in");

    /// <summary>Forgets the session, and leaves what is stored.</summary>
    public void EndHere()
    {
        if (_tokens is not null)
            End();
    }

    void End()
    {
        _tokens = null;
        var life = Interlocked.Exchange(ref _life, new());
        Ended?.Invoke();
        life.Cancel();
    }

    // Where it cannot be stored the session goes on, and ends with this client.
    async Task KeepAsync(Tokens tokens)
    {
        _tokens = tokens;
        try
        {
            await storage.KeepAsync(Key, JsonSerializer.Serialize(tokens, CoteJson.Default.Tokens), tokens.User?.Id)
                .ConfigureAwait(false);
            _isKept = true;
        }
        catch (Exception error) when (StorageKeys.IsOfStorage(error))
        {
            _isKept = false;
        }
    }

    async Task<Tokens?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await storage.GetAsync(Key, cancellationToken).ConfigureAwait(false) is { } text
                ? JsonSerializer.Deserialize(text, CoteJson.Default.Tokens) : null;
        }
        catch (JsonException)
        {
            return null; // what is stored is of no use
        }
    }

    async Task<TokenAnswer> FormAsync(
        CancellationToken cancellationToken, params (string Name, string? Value)[] fields)
    {
        var content = new FormUrlEncodedContent(
            fields.Where(x => x.Value is not null).Select(x => KeyValuePair.Create(x.Name, x.Value!)));
        var answer = (await http.SendAsync(
            CoteHttp.Request(HttpMethod.Post, "/token", null, content), cancellationToken).ConfigureAwait(false))
            .As(CoteJson.Default.TokenAnswer);
        return answer.AccessToken is not null ? answer : throw Problem.OfNetwork(null);
    }
}
