using System.Text.Json;

namespace Cote.Client;

/// <summary>What a session is kept as.</summary>
sealed record Tokens(string AccessToken, string RefreshToken, User? User = null);

/// <summary>The answer of <c>POST /token</c>.</summary>
sealed record TokenAnswer(string AccessToken, string? RefreshToken = null);

/// <summary>
/// The tokens of a session, shared with other clients of the same storage: a refresh token works once, so a refresh
/// happens under one lock, and begins by reading what another client has left.
/// </summary>
sealed class Session(CoteHttp http, ICoteStorage storage) : IDisposable
{
    const string Key = "cote.tokens";

    readonly SemaphoreSlim _one = new(1, 1);
    volatile Tokens? _tokens;

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

    /// <summary>A new session of a user.</summary>
    public async Task<User> LogInAsync(
        string username, string password, string? device, CancellationToken cancellationToken)
    {
        var answer = await FormAsync(cancellationToken, ("username", username), ("password", password),
            ("device_name", device)).ConfigureAwait(false);
        var user = (await http.SendAsync(HttpMethod.Get, "/users/me", answer.AccessToken, null, cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.User);
        await using (await storage.LockAsync(Key, cancellationToken).ConfigureAwait(false))
            await KeepAsync(new(answer.AccessToken, answer.RefreshToken ?? "", user)).ConfigureAwait(false);
        return user;
    }

    /// <summary>Does something with the access token, and once more with a new one where it is refused.</summary>
    public async Task<T> WithTokenAsync<T>(Func<string, Task<T>> doAsync, CancellationToken cancellationToken)
    {
        var token = AccessToken ?? throw LoggedOut();
        try
        {
            return await doAsync(token).ConfigureAwait(false);
        }
        catch (CoteException error) when (error.Status == 401)
        {
            return await doAsync(await RefreshAsync(token, cancellationToken).ConfigureAwait(false))
                .ConfigureAwait(false);
        }
    }

    /// <summary>A token in place of one that was refused; ends the session where there is none to be had.</summary>
    public async Task<string> RefreshAsync(string refused, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = new Held(_one);
        await using var locked = await storage.LockAsync(Key, cancellationToken).ConfigureAwait(false);
        _tokens = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (_tokens is null)
        {
            Ended?.Invoke();
            throw LoggedOut();
        }
        if (_tokens.AccessToken != refused)
            return _tokens.AccessToken; // another client was faster
        try
        {
            // The answer holds the only token that goes on: it is waited for and kept whatever is cancelled meanwhile.
            var answer = await FormAsync(CancellationToken.None, ("grant_type", "refresh_token"),
                ("refresh_token", _tokens.RefreshToken)).ConfigureAwait(false);
            await KeepAsync(new(answer.AccessToken, answer.RefreshToken ?? _tokens.RefreshToken, _tokens.User))
                .ConfigureAwait(false);
            return answer.AccessToken;
        }
        catch (CoteException error) when (error.Status is 400 or 401 or 403)
        {
            await EndAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes the session of another client of this storage; false where it is that of this token.</summary>
    public async Task<bool> AdoptAsync(string ended, CancellationToken cancellationToken)
    {
        await using var locked = await storage.LockAsync(Key, cancellationToken).ConfigureAwait(false);
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) is not { } stored || stored.AccessToken == ended)
            return false;
        _tokens = stored;
        return true;
    }

    /// <summary>Forgets the session; where a token is given, only the one that it belongs to.</summary>
    public async Task EndAsync(string? token = null)
    {
        if (token is not null && token != AccessToken)
            return;
        _tokens = null;
        await storage.RemoveAsync(Key).ConfigureAwait(false);
        Ended?.Invoke();
    }

    public void Dispose() => _one.Dispose();

    static CoteException LoggedOut() => new(401, "logged_out", "There is no session: log in");

    async Task KeepAsync(Tokens tokens)
    {
        _tokens = tokens;
        await storage.SetAsync(Key, JsonSerializer.Serialize(tokens, CoteJson.Default.Tokens)).ConfigureAwait(false);
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
        return (await http.SendAsync(CoteHttp.Request(HttpMethod.Post, "/token", null, content), cancellationToken)
            .ConfigureAwait(false)).As(CoteJson.Default.TokenAnswer);
    }
}
