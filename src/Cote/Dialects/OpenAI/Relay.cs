using System.Collections.Concurrent;
using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>What models refuse of what the gateway adds to a body, as it was learnt since the start.</summary>
sealed class RelayedFields
{
    readonly ConcurrentDictionary<(string Model, string Field), bool> _refused = [];

    public bool IsRefused(string model, string field) => _refused.ContainsKey((model, field));

    public bool Refuse(string model, string field) => _refused.TryAdd((model, field), true);
}

/// <summary>
/// A call whose body goes to a provider as it was sent, and whose answer goes to the client as it comes: only the name
/// of the model is another on each side.
/// </summary>
sealed class Relay(
    GatewayRequest request, GatewayOutput output, CallMeter meter, ModelCallLimits limits, RelayedFields fields,
    Clock clock) : GatewayCall
{
    const string UsageWish = "stream_options";
    const int MostBytes = 28 * 1_048_576;

    // As long as the official clients wait for an answer that is no stream.
    static readonly TimeSpan WholeWithin = TimeSpan.FromMinutes(10);

    readonly byte[] _asked = JsonSerializer.SerializeToUtf8Bytes(request.Asked, OpenAIJson.Default.String);
    string? _addedLimit;

    public override async Task<(ModelFault? Fault, Exception? Error)> TryAsync(long? most, CancellationToken ct)
    {
        var answer = RelayedAnswer.Of(request);
        meter.Begin();
        var (fault, error) = await TryAsync(answer, BodyFor(most), ct);
        meter.End(fault, error);
        if (fault is null && request.IsStream)
            await output.EndAsync(answer.SaysDone, ct);
        return (fault, error);
    }

    public override bool Learn(Exception? error)
    {
        if (error is not UpstreamErrorException { Status: 400 or 404 or 422 } refusal)
            return false;
        foreach (var field in (string?[])[UsageWish, _addedLimit])
            if (field is not null && (refusal.Error.Field == field || refusal.Error.Says(field)))
                return (field != UsageWish || AddsUsageWish) && fields.Refuse(request.ModelId, field);
        return false;
    }

    bool AddsUsageWish => request is { IsStream: true, WantsUsage: false } && request.Route == GatewayRoute.Chat
        && request.Body.Member(UsageWish) is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Object }
        && !fields.IsRefused(request.ModelId, UsageWish);

    byte[] BodyFor(long? most)
    {
        var members = new List<(string, byte[])>
        {
            ("model", JsonSerializer.SerializeToUtf8Bytes(request.Model, OpenAIJson.Default.String)),
        };
        if (AddsUsageWish)
            members.Add((UsageWish, JsonSplice.Set(
                request.Body.Member(UsageWish) is { ValueKind: JsonValueKind.Object }
                    ? JsonSplice.Get(request.Bytes, UsageWish) : "{}"u8,
                ("include_usage", "true"u8.ToArray()))));
        if (most is { } total && request.Route.HasOutput)
        {
            var each = Math.Max(1, total / request.Copies);
            if (request.Limit is not var (name, tokens))
                members.Add((_addedLimit = LimitName(), Number(each)));
            else if (each < tokens)
                members.Add((name, Number(each)));
        }
        return JsonSplice.Set(request.Bytes, [.. members]);
    }

    // OpenAI's newer models refuse the older name; most other servers know nothing else.
    string LimitName()
    {
        var names = request.Provider.OpenAI!.IsOpenAIItself ? request.Route.Limits : request.Route.Limits.Reverse();
        return names.FirstOrDefault(x => !fields.IsRefused(request.ModelId, x)) ?? request.Route.Limits[0];
    }

    static byte[] Number(long value) => JsonSerializer.SerializeToUtf8Bytes(value, OpenAIJson.Default.Int64);

    async Task<(ModelFault? Fault, Exception? Error)> TryAsync(RelayedAnswer answer, byte[] body, CancellationToken ct)
    {
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, ct);
        try
        {
            silence.CancelAfter(request.IsStream ? limits.FirstToken : WholeWithin);
            using var response = await request.Provider.OpenAI!.PostAsync(request.Route.Path, body, either.Token);
            if (request.IsStream)
                await StreamAsync(response, answer, silence, either.Token, ct);
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
        HttpResponseMessage response, RelayedAnswer answer, CancellationTokenSource silence, CancellationToken heard,
        CancellationToken ct)
    {
        await using var body = await ContentCoding.OpenAsync(response.Content, heard);
        var events = new EventReader(body);
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
            if (answer.Take(json, meter))
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
        var json = Parse(bytes, isError: false);
        if (!answer.TakeWhole(json, meter))
            throw new ModelFaultException(ModelFault.Unreadable);
        await output.WriteAsync(Renamed(json, bytes), 200, ct);
    }

    /// <summary>Reads an answer whole, up to a bound.</summary>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken ct)
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
