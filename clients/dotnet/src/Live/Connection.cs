namespace Cote.Client;

/// <summary>What a connection works for.</summary>
interface IConnected
{
    /// <summary>Waits until there is a cursor to begin at; fetches the state where there is none.</summary>
    Task<string> CursorAsync(CancellationToken cancellationToken);

    /// <summary>A frame came, by the connection that this token ends.</summary>
    void Take(Frame frame, CancellationToken live);

    /// <summary>The cursor was refused: it is of no use.</summary>
    void ForgetCursor();

    /// <summary>The connection stands otherwise than before.</summary>
    void Stand(ConnectionStatus status, CoteException? error = null);
}

/// <summary>
/// Keeps a client connected: chooses the transport, waits between tries, gets a new token, and stops where
/// docs/realtime.md says so.
/// </summary>
sealed class Connection(
    CoteHttp http, Session session, Transport transport, Wakeup wakeup, IConnected client)
{
    const int TriesOfOne = 2;
    const int ShortMilliseconds = 2_000;
    const int LongMilliseconds = 60_000;

    readonly Backoff _backoff = new(wakeup);
    int _choice;
    int _failures;
    long _openedAt;

    /// <summary>Runs until it is cancelled, the session has ended, or the server wants no further try.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && session.AccessToken is not null)
        {
            client.Stand(ConnectionStatus.Connecting);
            Ending ending;
            var token = session.AccessToken;
            try
            {
                var cursor = await client.CursorAsync(cancellationToken).ConfigureAwait(false);
                token = session.AccessToken ?? token;
                ending = await Source(cancellationToken).RunAsync(cursor, token, cancellationToken)
                    .ConfigureAwait(false);
                Judge(ending);
            }
            catch (CoteException error)
            {
                ending = new(error.Status is 0 ? 1006 : error.Status, WasOpen: false, error.RetryAfter);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                ending = new(1006, WasOpen: false); // a frame that cannot be applied comes once more
            }
            if (!await GoesOnAsync(ending, token, cancellationToken).ConfigureAwait(false))
                return;
        }
    }

    FrameSource Source(CancellationToken live)
    {
        void Take(Frame frame) => client.Take(frame, live);
        var chosen = transport == Transport.Auto ? (Transport)(1 + (_choice % 3)) : transport;
        return chosen switch
        {
            Transport.ServerSentEvents => new EventSource(http, Take, Opened),
            Transport.Poll => new PollSource(http, Take, Opened),
            _ => new SocketSource(http, Take, Opened),
        };
    }

    void Opened()
    {
        _openedAt = Environment.TickCount64;
        client.Stand(ConnectionStatus.Live);
    }

    // A way that brings nothing, twice, is blocked; the next one may not be. After a while the best one is tried again.
    void Judge(Ending ending)
    {
        if (ending.WasOpen)
        {
            var lasted = Environment.TickCount64 - _openedAt;
            // One that ends at once, again and again, has met a limit: it comes back less and less often.
            if (lasted > ShortMilliseconds)
                _backoff.Reset();
            if (lasted > LongMilliseconds)
                _choice = 0;
            _failures = 0;
        }
        else if (ending.Code is not (401 or 429 or 1008 or 4011) && ++_failures >= TriesOfOne)
        {
            _failures = 0;
            _choice++;
        }
    }

    async Task<bool> GoesOnAsync(Ending ending, string token, CancellationToken cancellationToken)
    {
        switch (ending.Code)
        {
            case 401 or 1008 or 4011:
                try
                {
                    await session.RefreshAsync(token, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception) when (!cancellationToken.IsCancellationRequested)
                {
                    // The refresh is tried again by the next connection, where the session lives.
                }
                break;
            case 4503:
                await AdoptAsync(token, cancellationToken).ConfigureAwait(false);
                break;
            case 422 or 4500:
                client.ForgetCursor();
                break;
            case 1009 or (>= 4500 and < 4600):
                client.Stand(ConnectionStatus.Offline, new(ending.Code, "closed_" + ending.Code, Reason(ending.Code)));
                return false;
        }
        if (!session.Exists || cancellationToken.IsCancellationRequested)
            return false;
        client.Stand(ConnectionStatus.Offline);
        await _backoff.WaitAsync(ending.RetryAfter, cancellationToken).ConfigureAwait(false);
        return true;
    }

    // The session goes on as another client has left it, or ends whatever the storage does.
    async Task AdoptAsync(string token, CancellationToken cancellationToken)
    {
        try
        {
            if (!await session.AdoptAsync(token, cancellationToken).ConfigureAwait(false))
                await session.EndAsync(token).ConfigureAwait(false);
        }
        catch (Exception error) when (StorageKeys.IsOfStorage(error, cancellationToken))
        {
            session.EndHere();
        }
    }

    static string Reason(int code) => code switch
    {
        4504 => "The account has more connections than the server allows",
        4509 => "The server closed the connection after several bad frames",
        1009 => "The server closed the connection after a frame that was too large",
        _ => $"The server closed the connection with {code}",
    };
}
