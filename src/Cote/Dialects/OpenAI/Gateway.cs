using System.Text.Json;
using Cote.Models;
using Cote.Primitives;
using Cote.Usage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Dialects.OpenAI;

/// <summary>Counts the calls that the gateway makes for each user.</summary>
sealed class GatewaySlots() : UserLimit(Most)
{
    const int Most = 64;
}

/// <summary>
/// Requests without a handle: one call of a model each, with everything that the body says. Nothing is stored but a row
/// of the ledger.
/// </summary>
sealed class Gateway(
    ModelCatalogue models, TranscriptionModel transcription, CallStore calls, GatewaySlots slots,
    RepeatedRequests repeated, RunningRequests running, RelayedFields fields,
    AssistantsOptions options, IHostApplicationLifetime lifetime, Clock clock, ILogger<Gateway> log)
{
    // The most tokens of an answer under a budget, where nothing else limits it.
    const long UsualOutput = 4_096;

    // A call that was not settled is, so long after its end.
    static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    ModelCallLimits Limits => options.CallLimits with { Retries = 0 };

    /// <summary>Answers a request whose body is JSON.</summary>
    public async Task AnswerAsync(HttpContext http, CurrentUser user, GatewayRoute route, JsonElement body)
    {
        await models.RefreshAsync(http.RequestAborted);
        var (request, error) = GatewayRequest.Of(route, body, models);
        if (request is null)
        {
            await error!.WriteAsync(http);
            return;
        }
        ChatPrompt? prompt = null;
        if (request.Provider.OpenAI is null)
            (prompt, error) = ChatPrompt.Of(request);
        using var end = running.Begin(http, user);
        if (error is not null)
            await error.WriteAsync(http);
        else
            await repeated.AnswerAsync(
                http, user, route, request.Bytes, output => MakeAsync(
                    http, user, request, InputEstimate.Of(body), output, meter =>
                    prompt is null ? new JsonRelay(request, output, meter, Limits, fields, clock)
                        : new TranslatedCall(request, prompt, output, meter, Limits, clock)));
    }

    /// <summary>Answers a request whose body is a form with a recording.</summary>
    /// <param name="http">The request.</param>
    /// <param name="user">The user.</param>
    /// <param name="fields">Its fields as JSON.</param>
    /// <param name="form">Its fields as they were sent.</param>
    /// <param name="file">The recording.</param>
    /// <param name="hash">What a repetition has in common with it.</param>
    public async Task TranscribeAsync(
        HttpContext http, CurrentUser user, JsonElement fields, IFormCollection form, IFormFile file, byte[] hash)
    {
        await models.RefreshAsync(http.RequestAborted);
        using var end = running.Begin(http, user);
        var (request, error) = GatewayRequest.Of(GatewayRoute.Transcriptions, fields, models, transcription.Id);
        if (request is null)
            await error!.WriteAsync(http);
        else if (request.Provider.OpenAI is null)
            await OpenAIError.Unsupported("model", $"The provider of `{request.Asked}` does not transcribe.")
                .WriteAsync(http);
        else
            await repeated.AnswerAsync(http, user, GatewayRoute.Transcriptions, hash, output => MakeAsync(
                http, user, request, InputEstimate.OfSound(file.Length), output,
                meter => new TranscriptionRelay(request, form, file, output, meter, Limits, clock)));
    }

    async Task MakeAsync(
        HttpContext http, CurrentUser user, GatewayRequest request, long input, GatewayOutput output,
        Func<CallMeter, GatewayCall> callOf)
    {
        // With a key it is made whoever leaves: the key stands for it.
        var ct = output.IsKept ? CancellationToken.None : http.RequestAborted;
        if (!slots.TryBegin(user.Id))
        {
            var wait = Problems.TooManyRequests with { RetryAfter = TimeSpan.FromSeconds(1) };
            await output.FailAsync(OpenAIError.Of(wait), null, ct);
            return;
        }
        try
        {
            var within = TimeSpan.FromSeconds(options.MaxReplySeconds);
            var key = new CallKey(user.Id, clock.NewId(), Purposes.Gateway, Attempt: 0);
            var (refused, most) = await calls.BeginAsync(CallOf(request, key, input, within + Grace), ct);
            if (refused is not null)
            {
                await output.FailAsync(ErrorOf(refused, request), null, ct);
                return;
            }
            var meter = new CallMeter(input);
            try
            {
                await RunAsync(http, request, output, callOf(meter), most, within, ct);
            }
            finally
            {
                output.MayHaveRun = meter.Read() is { Input: > 0 };
                await SettleAsync(key, request, meter.Read());
            }
        }
        finally
        {
            slots.End(user.Id);
        }
    }

    static NewCall CallOf(GatewayRequest request, CallKey key, long input, TimeSpan within)
    {
        var each = request.Route.HasOutput
            ? request.MostOutput ?? request.Provider.MaxTokensOf(request.Model) ?? UsualOutput
            : request.Route == GatewayRoute.Transcriptions ? input : 1;
        return new(key, null, request.ModelId, input, each * request.Copies,
            Math.Min(each, Budget.LeastOutput) * request.Copies, within)
        {
            IsPriced = request.Unpriced is null,
        };
    }

    static OpenAIError ErrorOf(Problem refused, GatewayRequest request) =>
        refused.Code == Problems.PriceUnknown.Code && request.Unpriced is { } param
            ? OpenAIError.Unsupported(
                param, $"`{param}` has no price on this server, and cannot be used under a budget.")
            : OpenAIError.Of(refused);

    async Task RunAsync(
        HttpContext http, GatewayRequest request, GatewayOutput output, GatewayCall call, long? most, TimeSpan within,
        CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(within, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            limit.Token, lifetime.ApplicationStopping, ct);
        try
        {
            var (fault, error) = await TryAsync(output, call, most, either.Token);
            if (fault is null)
                return;
            log.GatewayCallFailed(request.ModelId, fault.Code);
            await output.FailAsync(ErrorOf(fault, error, request), request.Route.ErrorEvent, either.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            if (output.HasBegun)
                http.Abort(); // Half an answer must not look like a whole one.
            else
                await output.FailAsync(
                    OpenAIError.Of(Problems.ShuttingDown) with { MayRetry = false }, null, http.RequestAborted);
            output.Forget();
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            await output.FailAsync(OpenAIError.Of(ModelFault.TooLong), request.Route.ErrorEvent, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left, and the call of the model with it.
        }
    }

    // A refusal costs nothing: the call is made again where that can help, in the same row.
    async Task<(ModelFault? Fault, Exception? Error)> TryAsync(
        GatewayOutput output, GatewayCall call, long? most, CancellationToken ct)
    {
        var began = clock.Ticks;
        for (var retries = 0; ; retries++)
        {
            var (fault, error) = await call.TryAsync(most, ct);
            if (fault is null || output.HasBegun)
                return (fault, error);
            if (call.Learn(error))
                continue;
            if (!fault.Retryable || !CallMeter.IsRefusal(fault, error) || retries >= options.CallLimits.Retries)
                return (fault, error);
            var wait = fault.WaitBefore(retries);
            if (clock.Since(began) + wait > options.CallLimits.RetryWithin)
                return (fault, error);
            await Task.Delay(wait, clock.Provider, ct);
        }
    }

    // The name of a field is the client's own word where its body has it; all else of an error is the provider's.
    static OpenAIError ErrorOf(ModelFault fault, Exception? error, GatewayRequest request)
    {
        var answer = OpenAIError.Of(fault);
        return error is not UpstreamErrorException { Error.Field: { } field } || request.Body.Member(field) is null
            ? answer : answer with { Param = field };
    }

    async Task SettleAsync(CallKey key, GatewayRequest request, CallUsage? usage)
    {
        try
        {
            await calls.SettleAsync(key, usage);
        }
        catch (ProblemException error)
        {
            log.GatewayCallNotSettled(request.ModelId, error.Problem.Code);
        }
    }
}
