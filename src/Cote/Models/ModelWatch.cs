namespace Cote.Models;

/// <summary>What a node has seen of the calls of a model since it started. A retry is a call of its own.</summary>
/// <param name="Model">Its name at the provider.</param>
/// <param name="Open">How many are being made.</param>
/// <param name="Calls">How many have ended, those that were cancelled not among them.</param>
/// <param name="Failed">How many of them failed.</param>
/// <param name="Retries">How many were made because the one before failed.</param>
/// <param name="LastSuccessAt">When one came to its end last; null where none did.</param>
/// <param name="LastFault">The code of the last fault; null where there was none.</param>
/// <param name="LastFaultAt">When that was.</param>
/// <param name="RetryAt">Until when the provider asked to wait with its last fault; null where it did not.</param>
sealed record ModelView(
    string Model, int Open, long Calls, long Failed, long Retries, Timestamp? LastSuccessAt, string? LastFault,
    Timestamp? LastFaultAt, Timestamp? RetryAt)
{
    /// <summary>
    /// Whether the call that ended last failed, and not for what it was asked; null where none has ended.
    /// </summary>
    public bool? IsFailing { get; init; }
}

/// <summary>Counts the calls of a model on this node, and keeps what came of the last ones.</summary>
/// <param name="model">Its name at the provider.</param>
sealed class ModelWatch(string model)
{
    readonly Lock _gate = new();
    int _open;
    long _calls;
    long _failed;
    long _retries;
    bool _endedInFault;
    Timestamp? _lastSuccessAt;
    ModelFault? _fault;
    Timestamp? _faultAt;

    /// <summary>A call begins; one that is disposed before it has ended was cancelled.</summary>
    public Call Begin(Clock clock, bool isRetry = false)
    {
        lock (_gate)
        {
            _open++;
            if (isRetry)
                _retries++;
        }
        return new(this, clock);
    }

    /// <summary>What is known now.</summary>
    public ModelView Look()
    {
        lock (_gate)
            return new(model, _open, _calls, _failed, _retries, _lastSuccessAt, _fault?.Code, _faultAt,
                _faultAt is { } at && _fault?.RetryAfter is { } wait ? at + wait : null)
            {
                IsFailing = _calls == 0 ? null : _endedInFault,
            };
    }

    void End(ModelFault? fault, Timestamp at)
    {
        lock (_gate)
        {
            _open--;
            _calls++;
            _endedInFault = fault is not null && !IsOfTheQuestion(fault);
            if (fault is null)
                _lastSuccessAt = at;
            else
                (_failed, _fault, _faultAt) = (_failed + 1, fault, at);
        }
    }

    // A provider that refuses a question for what it holds is as well as one that answers it.
    static bool IsOfTheQuestion(ModelFault fault) => fault == ModelFault.Filtered
        || fault == ModelFault.ContextTooLong || fault == ModelFault.UnsupportedMedia || fault == ModelFault.Refused;

    void Cancel()
    {
        lock (_gate)
            _open--;
    }

    /// <summary>One call.</summary>
    public sealed class Call(ModelWatch watch, Clock clock) : IDisposable
    {
        bool _hasEnded;

        /// <summary>It has come to its end.</summary>
        public void End(ModelFault? fault)
        {
            if (_hasEnded)
                return;
            _hasEnded = true;
            watch.End(fault, clock.Now);
        }

        public void Dispose()
        {
            if (_hasEnded)
                return;
            _hasEnded = true;
            watch.Cancel();
        }
    }
}
