using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>Idempotency-Key</c>: the first request with a key makes the call, to its end whoever leaves; the others wait for
/// it, on any node, and get the same answer.
/// </summary>
sealed class RepeatedRequests(RepeatedCalls calls, Clock clock, ILogger<RepeatedRequests> log)
{
    const string Header = "Idempotency-Key";

    static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Answers a request, by its key where it has one.</summary>
    /// <param name="http">The request.</param>
    /// <param name="user">The user.</param>
    /// <param name="route">The route.</param>
    /// <param name="body">What the key stands for.</param>
    /// <param name="make">Makes the call.</param>
    public Task AnswerAsync(
        HttpContext http, CurrentUser user, GatewayRoute route, ReadOnlySpan<byte> body,
        Func<GatewayOutput, Task> make) =>
        !http.Request.Headers.TryGetValue(Header, out var given) ? make(new GatewayOutput(http, isKept: false))
        : !RepeatedCall.IsKey(given.ToString())
            ? OpenAIError.Wrong(null, $"{Header} has 1 to 255 characters.").WriteAsync(http)
        : AnswerAsync(http, RepeatedCall.Of(user.Id, route.Path, given.ToString(), body, clock.NewId()), make);

    async Task AnswerAsync(HttpContext http, RepeatedCall call, Func<GatewayOutput, Task> make)
    {
        while (true)
        {
            var kept = await calls.ClaimAsync(call);
            if (kept.IsOwn)
            {
                await MakeAsync(call, new GatewayOutput(http, isKept: true), make);
                return;
            }
            if (!kept.IsSame || !kept.IsRunning)
            {
                await ReplayAsync(http, kept);
                return;
            }
            do
                await Task.Delay(AskEvery, clock.Provider, http.RequestAborted);
            while (await calls.FindAsync(call, http.RequestAborted) is { IsRunning: true });
        }
    }

    async Task MakeAsync(RepeatedCall call, GatewayOutput output, Func<GatewayOutput, Task> make)
    {
        using var made = new CancellationTokenSource();
        var renewal = RenewAsync(call, made.Token);
        try
        {
            await make(output);
        }
        finally
        {
            await made.CancelAsync();
            await renewal;
            await KeepAsync(call, output);
        }
    }

    async Task KeepAsync(RepeatedCall call, GatewayOutput output)
    {
        try
        {
            if (!output.MayHaveRun)
                await calls.ReleaseAsync(call);
            else if (output.HasEnded)
                await calls.KeepAsync(call, output.Status, output.ContentType, output.Kept);
            else
                await calls.KeepAsync(call, null, null, null);
        }
        catch (ProblemException error)
        {
            log.AnswerNotKept(error.Problem.Code); // The lease lapses, and the key says that the answer is lost.
        }
    }

    async Task RenewAsync(RepeatedCall call, CancellationToken ct)
    {
        while (true)
            try
            {
                await Task.Delay(RepeatedCalls.RenewEvery, clock.Provider, ct);
                await calls.RenewAsync(call);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ProblemException error)
            {
                log.AnswerNotKept(error.Problem.Code);
            }
    }

    static Task ReplayAsync(HttpContext http, KeptCall kept) => kept switch
    {
        { IsSame: false } => Conflict("idempotency_conflict",
            "This Idempotency-Key was sent with another body; a retry must repeat the first request exactly.", http),
        { Status: { } status, Answer: { } answer } =>
            GatewayOutput.ReplayAsync(http, (int)status, kept.ContentType!, answer),
        { Status: not null } => Conflict("answer_not_kept",
            "The call under this Idempotency-Key was made and billed; its answer was too long to be kept.", http),
        _ => Conflict("answer_lost",
            "The call under this Idempotency-Key was begun, and may be billed; its server went away before its end. "
            + "Another key makes the call again.", http),
    };

    static Task Conflict(string code, string message, HttpContext http) =>
        (new OpenAIError(409, OpenAIError.Invalid, code, message) { MayRetry = false }).WriteAsync(http);
}
