using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// The requests that the gateway answers now. One whose session or key is revoked is cut: its call ends, or, where it
/// is kept, goes on without it.
/// </summary>
sealed class RunningRequests
{
    readonly Lock _gate = new();
    readonly Dictionary<HttpContext, string> _running = [];
    readonly Revocations _revocations;

    public RunningRequests(Revocations revocations)
    {
        _revocations = revocations;
        revocations.Revoked += (_, credential) => Cut(credential);
    }

    /// <summary>From now on it is cut with its session or key, until the end is disposed of.</summary>
    public IDisposable Begin(HttpContext http, CurrentUser user)
    {
        lock (_gate)
            _running[http] = user.CredentialId;
        if (_revocations.Contains(user.CredentialId)) // It was revoked since it was let in.
            http.Abort();
        return new Running(this, http);
    }

    // Under the lock: after its end the server uses the same object for another request.
    void Cut(string credential)
    {
        lock (_gate)
            foreach (var http in _running.Where(x => x.Value == credential).Select(x => x.Key))
                http.Abort();
    }

    sealed class Running(RunningRequests requests, HttpContext http) : IDisposable
    {
        public void Dispose()
        {
            lock (requests._gate)
                requests._running.Remove(http);
        }
    }
}
