using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// A call that goes to a provider as it was sent, and whose answer goes to the client as it comes: only the name of the
/// model is another on each side.
/// </summary>
abstract class Relay(
    GatewayRequest request, GatewayOutput output, CallMeter meter, ModelCallLimits limits, Clock clock) : GatewayCall
{
    const int MostBytes = 28 * 1_048_576;

    // As long as the official clients wait for an answer that is no stream.
    static readonly TimeSpan WholeWithin = TimeSpan.FromMinutes(10);

    readonly byte[] _asked = JsonSerializer.SerializeToUtf8Bytes(request.Asked, OpenAIJson.Default.String);

    /// <summary>Sends the request; the answer as soon as its headers are here.</summary>
    protected abstract Task<HttpResponseMessage> PostAsync(long? most, CancellationToken ct);

    public sealed override async Task<(ModelFault? Fault, Exception? Error)> TryAsync(long? most, CancellationToken ct)
    {
        var answer = RelayedAnswer.Of(request);
        meter.Begin();
        using var seen = request.Provider.WatchOf(request.Model).Begin(clock);
        using var measured = MeasuredCall.Begin(
            request.Route.Operation, request.Provider, request.Model, meter, clock);
        var (fault, error) = await TryAsync(answer, measured, most, ct);
        meter.End(fault, error);
        seen.End(fault);
        measured.End(fault);
        if (fault is null && request.IsStream)
            await output.EndAsync(answer.SaysDone, ct);
        return (fault, error);
    }

    async Task<(ModelFault? Fault, Exception? Error)> TryAsync(
        RelayedAnswer answer, MeasuredCall measured, long? most, CancellationToken ct)
    {
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, ct);
        try
        {
            silence.CancelAfter(request.IsStream ? limits.FirstToken : WholeWithin);
            using var response = await PostAsync(most, either.Token);
            if (request.IsStream)
                await StreamAsync(response, answer, measured, silence, either.Token, ct);
            else
                await WholeAsync(response, answer, either.Token, ct);
            return (answer.IsComplete ? null : ModelFault.Truncated, null);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested)
        {
            return (answer.IsComplete ? null : answer.HasContent ? ModelFault.Stalled : ModelFault.NoFirstToken, null);
        }
#pragma warning disable CA1031 // What a provider does in whatever way is a fault of the model.
        catch (Exception error)
#pragma warning restore CA1031
        {
            ct.ThrowIfCancellationRequested();
            return answer.IsComplete && output.HasBegun ? (null, null) : (ModelFault.Of(error), error);
        }
    }

    async Task StreamAsync(
        HttpResponseMessage response, RelayedAnswer answer, MeasuredCall measured, CancellationTokenSource silence,
        CancellationToken heard, CancellationToken ct)
    {
        await using var body = await ContentCoding.OpenAsync(response.Content, heard);
        using var events = new EventReader(body);
        var began = clock.Ticks;
        while (await events.ReadAsync(heard))
        {
            var (type, data) = (events.Current.Type, events.Current.Data);
            if (data.Span.Trim(" \t"u8).SequenceEqual("[DONE]"u8))
                return;
            if (data.IsEmpty)
                continue;
            var json = Parse(data, type == "error");
            if (events.Current.IsBare)
                throw new ModelFaultException(ModelFault.Unreadable); // One body, though a stream was asked for.
            // A client that reads slowly is not the silence of the model.
            silence.CancelAfter(Timeout.InfiniteTimeSpan);
            var isShown = answer.Take(json, meter);
            if (answer.HasContent)
                measured.OnContent();
            if (isShown)
                await output.WriteEventAsync(type, Renamed(json, data), ct);
            silence.CancelAfter(answer.IsComplete ? limits.Usage : answer.HasContent ? limits.Stall
                : limits.FirstToken - clock.Since(began) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
        if (!answer.IsComplete && events.Break is not null)
            throw new ModelFaultException(ModelFault.Truncated);
    }

    async Task WholeAsync(
        HttpResponseMessage response, RelayedAnswer answer, CancellationToken heard, CancellationToken ct)
    {
        var bytes = await ReadAsync(response, heard);
        if (answer.TakesText && response.Content.Headers.ContentType?.MediaType is not "application/json")
        {
            answer.TakeText(bytes, meter);
            await output.WriteAsync(bytes, "text/plain; charset=utf-8", 200, ct);
            return;
        }
        var json = Parse(bytes, isError: false);
        if (!answer.TakeWhole(json, meter))
            throw new ModelFaultException(ModelFault.Unreadable);
        await output.WriteAsync(Renamed(json, bytes), 200, ct);
    }

    static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var body = await ContentCoding.OpenAsync(response.Content, ct);
        using var whole = new MemoryStream();
        var piece = new byte[16 * 1024];
        while (await body.ReadAsync(piece, ct) is var count and > 0)
        {
            if (whole.Length + count > MostBytes)
                throw new ModelFaultException(ModelFault.Unreadable);
            whole.Write(piece, 0, count);
        }
        return whole.ToArray();
    }

    // An error is thrown, and never handed on: its text may hold keys, addresses or a person's text.
    static JsonElement Parse(ReadOnlyMemory<byte> data, bool isError)
    {
        JsonElement json;
        try
        {
            json = JsonElement.Parse(data.Span);
        }
        catch (JsonException)
        {
            throw new ModelFaultException(ModelFault.Unreadable);
        }
        if (UpstreamError.Find(json, isError) is { } error)
            throw new UpstreamErrorException(error, null, error.ToFault());
        return json.ValueKind == JsonValueKind.Object ? json : throw new ModelFaultException(ModelFault.Unreadable);
    }

    // The model has on this side the name that the client gave it.
    ReadOnlyMemory<byte> Renamed(JsonElement json, ReadOnlyMemory<byte> data)
    {
        if (json.Member("model") is not null)
            data = JsonSplice.Set(data.Span, ("model", _asked));
        return json.Member("response")?.Member("model") is null ? data : JsonSplice.Set(
            data.Span, ("response", JsonSplice.Set(JsonSplice.Get(data.Span, "response"), ("model", _asked))));
    }
}
