using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>One call of a model for the gateway, which may be tried again while nothing was answered.</summary>
abstract class GatewayCall
{
    /// <summary>Makes the call, and answers the client as it goes; the fault where it fails.</summary>
    /// <param name="most">The most tokens of output that a budget allows; null where none applies.</param>
    /// <param name="ct">Ends it.</param>
    public abstract Task<(ModelFault? Fault, Exception? Error)> TryAsync(long? most, CancellationToken ct);

    /// <summary>Whether a refusal was about something of the gateway's own, which the next try leaves out.</summary>
    public virtual bool Learn(Exception? error) => false;
}
